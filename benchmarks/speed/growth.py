"""How time and peak memory grow with the image, classes, data set, workers and processes.

Usage: python -m benchmarks.speed.growth [--quick] [--only REGEX] [--peer PYTHON]

Every point has a process of its own. Points that would not fit into the memory, going by those
before them, are left out and named. Figures are merged into the machine's file of results.
"""

from __future__ import annotations

import argparse
import math
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.speed import results
from benchmarks.speed.inputs import INPUTS
from benchmarks.speed.machine import available_mb, describe, line
from benchmarks.speed.page import write_page
from benchmarks.speed.processes import Worker, WorkerFailed
from benchmarks.speed.side import OURS, PEER, NotAvailable


@dataclass(frozen=True)
class Question:
    """Cost against one number.

    Attributes:
        title: Of the plot.
        x: What is turned up.
        work: ``module.function`` that does it.
        key: The worker's parameter that is turned up.
        values: Quick, and in full.
        params: The worker's other parameters.
        lines: Name of each line to its own parameters.
        with_peer: Up to which value the peer is measured too; 0 never.
        y: The time's label.
        power: Of the number that the memory is expected to grow with.
    """

    title: str
    x: str
    work: str
    key: str
    values: tuple[tuple[int, ...], tuple[int, ...]]
    params: dict[str, Any]
    lines: dict[str, dict[str, Any]]
    with_peer: int = 0
    y: str = 'seconds'
    power: int = 1
    log: bool = True


_OURS, _PEER = 'this project', 'MMSegmentation'
QUESTIONS = {
    'image-side': Question(
        'Slide inference with next to no network, 7 classes',
        "image's side, pixels",
        'growing.slide',
        'side',
        ((512, 1024, 2048, 4096), (512, 1024, 2048, 4096, 8000, 12000, 16000, 20000)),
        {'classes': 7},
        {_OURS: {}, f'{_OURS}, classes only': {'classes_only': True}},
        with_peer=4096,
        power=2,
    ),
    'classes': Question(
        'Slide inference with next to no network, 1024x1024',
        'classes',
        'growing.slide',
        'classes',
        ((2, 7, 59, 182), (2, 4, 7, 19, 59, 150, 182)),
        {'side': 1024},
        {_OURS: {}},
        with_peer=182,
        log=False,
    ),
    'samples': Question(
        'Waits for a data set of many samples',
        'samples',
        'growing.dataset',
        'samples',
        ((10, 100, 1000, 10_000), (10, 100, 1000, 10_000, 100_000)),
        {},
        {
            'start-up': {'wait': 'start'},
            'shuffle': {'wait': 'shuffle'},
            'resume at the end': {'wait': 'resume'},
        },
    ),
    'workers': Question(
        'LoveDA training pipeline',
        'loader workers',
        'growing.loading',
        'workers',
        ((0, 1, 2), (0, 1, 2, 3, 4, 8)),
        {'batches': 8},
        {_OURS: {}},
        y='seconds per image',
        log=False,
    ),
    'processes': Question(
        'Training steps of R-18, two crops of 64 in each process, one thread each',
        'processes',
        'growing.processes',
        'processes',
        ((1, 2), (1, 2, 3, 4)),
        {'steps': 12},
        {_OURS: {}},
        y='seconds per step',
        log=False,
    ),
}


def exponent(points: Sequence[dict[str, Any]], key: str = 'seconds') -> float | None:
    """The power of x with which a figure grows at the upper end.

    Args:
        points: With ``x`` above 0 and the figure.
        key: The figure.

    Returns:
        Slope of the logarithms over the last three points; None with fewer than two.
    """
    last = [point for point in points if point.get(key) and point['x'] > 0][-3:]
    if len(last) < 2 or last[0]['x'] == last[-1]['x']:
        return None
    rise = math.log(last[-1][key] / last[0][key])
    return rise / math.log(last[-1]['x'] / last[0]['x'])


def expected_mb(points: Sequence[dict[str, Any]], x: int, power: int) -> float:
    """The peak memory to expect of a point, going by the last one before it.

    Args:
        points: Before it, with ``x``, ``peak_mb`` and ``base_mb`` (before the work begins).
        x: Of the point.
        power: What lies above the base grows with this power of x at most.
    """
    if not points:
        return 0.0
    last = points[-1]
    above = max(0.0, last['peak_mb'] - last['base_mb'])
    return last['base_mb'] + above * (x / max(last['x'], 1)) ** power


def measure(question: Question, form: int, pythons: dict[str, str]) -> dict[str, Any]:
    """The points of one question.

    Args:
        question: What is turned up.
        form: 0 quick, 1 full.
        pythons: Interpreters by package; without the peer's it is left out.
    """
    lines = [(name, OURS, own) for name, own in question.lines.items()]
    if question.with_peer and PEER in pythons:
        lines.append((_PEER, PEER, {}))
    points: list[dict[str, Any]] = []
    left_out: list[str] = []
    for name, package, own in lines:
        there: list[dict[str, Any]] = []
        for value in question.values[form]:
            if package == PEER and value > question.with_peer:
                continue
            needed = expected_mb(there, value, question.power)
            if needed > 0.8 * available_mb():
                left_out.append(f'{name} at {value}: about {needed / 1024:.0f} GiB')
                continue
            params = {**question.params, **own, question.key: value}
            found = _point(question.work, params, package, pythons[package])
            if 'fault' in found:
                left_out.append(f'{name} at {value}: {found["fault"]}')
                break
            there.append({'x': value, 'side': name, **found})
            print(f'  {name} {value}: {found}', flush=True)
        points += there
    exponents = {
        name: {
            key: exponent([p for p in points if p['side'] == name], key)
            for key in ('seconds', 'peak_mb')
        }
        for name, _, _ in lines
    }
    facts = {'title': question.title, 'x': question.x, 'y': question.y, 'log': question.log}
    return {**facts, 'points': points, 'exponents': exponents, 'left_out': left_out}


def _point(work: str, params: dict[str, Any], package: str, python: str) -> dict[str, Any]:
    worker = Worker(python, package, INPUTS, threads=2)
    try:
        worker.ask({'work': work, 'params': params, 'warm': 0})
        worker.answer()
        worker.ask({'runs': 1})
        first = worker.answer()
        if first['seconds'] < 2:  # the first one also warms up
            worker.ask({'runs': 3})
            first = worker.answer()
        return {key: first[key] for key in ('seconds', 'peak_mb', 'base_mb')}
    except (NotAvailable, WorkerFailed) as error:
        said = str(error).strip().splitlines()
        # torchrun ends with a summary that names no reason
        telling = [line for line in said if 'rror:' in line] or said
        return {'fault': telling[-1][:200]}
    finally:
        worker.close()


def main() -> int:
    """Measure and write; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--quick', action='store_true', help='smaller greatest values')
    parser.add_argument('--only', default='', help='questions whose name matches')
    parser.add_argument('--peer', help='interpreter with MMSegmentation')
    parser.add_argument('--results', type=Path, help='file of results')
    parser.add_argument('--no-page', action='store_true', help='leave the page alone')
    options = parser.parse_args()
    INPUTS.mkdir(parents=True, exist_ok=True)
    machine = describe(threads=2)
    print(line(machine), flush=True)
    kept = results.Results(options.results or results.default_path(machine), machine)
    pythons = {OURS: sys.executable, **({PEER: options.peer} if options.peer else {})}
    try:
        for name, question in QUESTIONS.items():
            if re.search(options.only, name):
                print(question.title, flush=True)
                form = 0 if options.quick else 1
                kept.add('growth', {name: measure(question, form, pythons)})
    except KeyboardInterrupt:
        print(f'\nstopped; {kept.path} has what was measured')
        return 130
    if not options.no_page:
        write_page()
    return 0


if __name__ == '__main__':
    sys.exit(main())
