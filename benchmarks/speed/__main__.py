"""Measure both sides, keep the figures, write the page.

Usage: python -m benchmarks.speed --peer PYTHON [--quick] [--only REGEX] [--pairs N] [--resume]

PYTHON is the interpreter of an environment with MMSegmentation 1.2.2 (`make bench` makes one).
Each row is kept as soon as it is measured, in benchmarks/results and in docs/performance.md.
"""

from __future__ import annotations

import argparse
import re
import sys
import time
import traceback
from pathlib import Path

from benchmarks.speed import results
from benchmarks.speed.cases import Case, row_name, selected
from benchmarks.speed.driver import Setting, measure_case
from benchmarks.speed.inputs import INPUTS
from benchmarks.speed.machine import Probe, describe, line
from benchmarks.speed.page import write_page
from benchmarks.speed.processes import ROOT
from benchmarks.speed.table import table
from benchmarks.speed.table_of_gpu import GPU_CASES, dry
from benchmarks.speed.table_of_work import CASES


def parser() -> argparse.ArgumentParser:
    """The command's options."""
    made = argparse.ArgumentParser(prog='python -m benchmarks.speed', description=__doc__)
    made.formatter_class = argparse.RawDescriptionHelpFormatter
    made.add_argument(
        '--peer',
        default=str(ROOT / '.venv-peer' / 'bin' / 'python'),
        help='interpreter with MMSegmentation 1.2.2 (default: .venv-peer)',
    )
    made.add_argument('--quick', action='store_true', help='fewer runs, without the long rows')
    made.add_argument('--only', default='', help='rows whose name matches this expression')
    made.add_argument('--pairs', type=int, help='so many pairs of each row')
    made.add_argument('--threads', type=int, default=2, help='of both sides (default: 2)')
    made.add_argument('--results', type=Path, help='file of results (default: machine and day)')
    made.add_argument('--resume', action='store_true', help='leave out rows that are in the file')
    made.add_argument('--page', action='store_true', help='measure nothing, write the page')
    made.add_argument('--no-page', action='store_true', help='leave docs/performance.md alone')
    made.add_argument('--list', action='store_true', help='print the names of the rows')
    made.add_argument('--gpu', action='store_true', help='the rows that need a GPU, only those')
    made.add_argument('--gpu-dry-run', action='store_true', help='those rows, small, on a CPU')
    return made


def main() -> int:
    """Measure and write; returns the exit code."""
    options = parser().parse_args()
    if options.page:
        write_page()
        return 0
    re.compile(options.only)
    cases = list(_cases(options))
    if options.list or not cases:
        print('\n'.join(row_name(case, variant) for case in cases for variant in case.variants))
        return 0 if cases else 1
    if not Path(options.peer).is_file():
        print(f'error: {options.peer}: there is no such interpreter; `make bench` makes one')
        return 2
    INPUTS.mkdir(parents=True, exist_ok=True)
    machine = describe(options.threads)
    print(line(machine), flush=True)
    kept = results.Results(options.results or results.default_path(machine), machine)
    kept.content['versions'] = {
        'MMSegmentation': results.versions(options.peer),
        'this project': results.versions(sys.executable),
    }
    setting = Setting(
        pythons=(options.peer, sys.executable),
        folder=INPUTS,
        threads=options.threads,
        probe=Probe(),
        machine=machine,
        quick=options.quick or options.gpu_dry_run,
        pairs=options.pairs,
        say=lambda words: print(words, flush=True),
    )
    begun = time.monotonic()
    try:
        failed = _measure(cases, setting, kept, options)
    except KeyboardInterrupt:
        print(f'\nstopped; {kept.path} has what was measured, --resume goes on')
        failed = 130
    if options.gpu_dry_run:
        return failed
    print(f'\n{line(machine)}\n\n{table(cases, kept.content)}\n')
    print(f'{time.monotonic() - begun:.0f} s; {kept.path}')
    if not options.no_page:
        write_page()
    return failed


def _cases(options: argparse.Namespace) -> list[Case]:
    if options.gpu or options.gpu_dry_run:
        chosen = list(selected(GPU_CASES, options.only, quick=False))
        return [dry(case) for case in chosen] if options.gpu_dry_run else chosen
    return list(selected(CASES, options.only, quick=options.quick))


def _measure(
    cases: list[Case], setting: Setting, kept: results.Results, options: argparse.Namespace
) -> int:
    form, failed = 'quick' if setting.quick else 'full', 0
    for case in cases:
        names = [row_name(case, variant) for variant in case.variants]
        if options.resume and all(kept.done(name, form) for name in names):
            continue
        print(f'{case.title}: {", ".join(variant.name for variant in case.variants)}', flush=True)
        try:
            rows = measure_case(case, setting)
        except Exception:  # one row must not cost the others
            rows = {name: {'fault': traceback.format_exc()} for name in names}
        for name, row in rows.items():
            if 'fault' in row:
                print(f'{name} failed:\n{row["fault"]}', file=sys.stderr)
                failed = 1
            else:
                row.setdefault('form', form)  # what cannot be measured here is done as well
        if options.gpu_dry_run:
            for name, row in rows.items():
                word = 'ran on both sides' if 'pairs' in row else 'did not run'
                print(f'dry run on a CPU, not a measurement: {name} {word}', flush=True)
        else:
            kept.add('rows', rows)
            print(table([case], kept.content).split('\n', 2)[2], flush=True)
    return failed


if __name__ == '__main__':
    sys.exit(main())
