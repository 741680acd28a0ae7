"""Compare this project's numbers with MMSegmentation's and write the table of docs/parity.md.

Usage: python benchmarks/parity/run.py --peer PYTHON [--only WORD] [--write]

PYTHON is the interpreter of an environment with MMSegmentation 1.2.2 (mmcv-lite is enough).
Both sides load the same weights, see the same input and are measured by the same code; the
figure is the norm of the difference over the norm of the reference. The exit code is 1 if a
figure is above its bound.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import torch
from cases import MODELS
from other_parts import GROUPS
from report import Row, page, table
from sides import OURS, PEER
from worker import MARK

HERE = Path(__file__).resolve().parent
PAGE = HERE.parents[1] / 'docs' / 'parity.md'


class Worker:
    """A process that measures one side.

    Args:
        python: Its interpreter.
        package: The side.
        folder: Where it writes.
    """

    def __init__(self, python: str, package: str, folder: str) -> None:
        command = [python, str(HERE / 'worker.py'), package, folder]
        self.package = package
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=HERE
        )

    def ask(self, request: dict) -> None:
        """Send a request; its answer is read later."""
        self._process.stdin.write(json.dumps(request) + '\n')
        self._process.stdin.flush()

    def answer(self) -> dict:
        """Wait for the answer to the oldest request.

        Raises:
            RuntimeError: The worker ended, or its measurement failed.
        """
        for line in self._process.stdout:
            if line.startswith(MARK):
                reply = json.loads(line.removeprefix(MARK))
                if 'error' in reply:
                    raise RuntimeError(f'{self.package}:\n{reply["error"]}')
                return reply
        raise RuntimeError(f'the process of {self.package} ended, see its output above')

    def close(self) -> None:
        """End the process."""
        self._process.stdin.close()
        self._process.wait()


def relative_difference(found: dict, reference: dict) -> float:
    """Norm of the difference over norm of the reference, over all tensors together.

    Args:
        found: Our numbers by name.
        reference: The peer's.

    Raises:
        RuntimeError: The names or shapes differ.
    """
    if found.keys() != reference.keys():
        differing = sorted(found.keys() ^ reference.keys())
        raise RuntimeError(f'names differ: {differing[:8]} ({len(differing)} in all)')
    difference = norm = 0.0
    for name, value in reference.items():
        ours, value = found[name].squeeze().double(), value.squeeze().double()
        if ours.shape != value.shape:
            raise RuntimeError(f'{name}: {tuple(ours.shape)} is not {tuple(value.shape)}')
        difference += (ours - value).square().sum().item()
        norm += value.square().sum().item()
    return difference**0.5 / norm**0.5 if norm else difference**0.5


def compare(group: str, workers: list[Worker], request: dict, title: str = '') -> list[Row]:
    """The rows of one request, measured on both sides at the same time."""
    for worker in workers:
        worker.ask(request)
    ours, peers = (torch.load(worker.answer()['file'], mmap=True) for worker in workers)
    rows = []
    for part in peers:
        figures = {
            dtype: relative_difference(ours[part][dtype], reference)
            for dtype, reference in peers[part].items()
        }
        rows.append(Row(group, title, part, figures, len(next(iter(peers[part].values())))))
    return rows


def measure_all(workers: list[Worker], only: str) -> list[Row]:
    """All rows whose name holds ``only``, printed as they come."""
    rows: list[Row] = []
    work = [('models', {'model': index}, case.name) for index, case in enumerate(MODELS)]
    work += [(group, {'group': group}, '') for group in GROUPS]
    for group, request, title in work:
        if only not in (title or group):
            continue
        try:
            found = compare(group, workers, request, title)
        except RuntimeError as error:
            print(error, file=sys.stderr)
            found = [Row(group, title or group, 'failed, see above', {'float64': float('inf')}, 0)]
        print(table(found), flush=True)
        rows += found
    return rows


def main() -> int:
    """Compare, print, write; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--peer', required=True, help='interpreter with MMSegmentation')
    parser.add_argument('--only', default='', help='rows whose name holds this')
    parser.add_argument('--write', action='store_true', help='write docs/parity.md')
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        workers = [Worker(sys.executable, OURS, folder), Worker(arguments.peer, PEER, folder)]
        try:
            versions: dict[str, str] = {}
            for worker in workers:
                worker.ask({'versions': True})
                versions |= worker.answer()
            workers[1].ask({'configs': True})
            workers[1].answer()
            rows = measure_all(workers, arguments.only)
        finally:
            for worker in workers:
                worker.close()
    wrong = [row for row in rows if not row.within_bounds]
    print(f'{len(rows)} rows, {len(wrong)} above their bound')
    if arguments.write:
        PAGE.write_text(page(rows, versions), encoding='utf-8')
    return 1 if wrong or not rows else 0


if __name__ == '__main__':
    sys.exit(main())
