"""Our numbers against the reference outputs of the original systems: the worst of each file.

Usage: python -m benchmarks.systems.golden_table [SYSTEM ...] [--details] [--write FILE]

The outputs lie in $MMSEG_DEEPLAB_GOLDEN, a folder for each system. A system's comparisons are
`rows()` of the module of its name: file, what is compared, worst difference, bound. Exit code 1:
a difference is above its bound, or a file is compared with nothing. All take some ten minutes.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import redirect_stdout
from importlib import import_module
from importlib.util import find_spec
from inspect import signature
from pathlib import Path
from typing import NamedTuple

FOLDER = Path(
    os.environ.get('MMSEG_DEEPLAB_GOLDEN', Path(__file__).parents[3] / 'shared' / 'golden')
)
# folder of reference outputs -> the modules that compare with them
SYSTEMS = {
    'detectron2': ('detectron2',),
    'composer': ('composer',),
    'mindcv': ('mindcv',),
    'deeplab_pytorch': ('deeplab_pytorch', 'crf'),
}
# what belongs to another file: its expected values, its index, its start
_COMPANIONS = {
    'tiny.npz': 'tiny.ckpt',
    'mindrecord.npz': 'sample.mindrecord',
    'sample.mindrecord.db': 'sample.mindrecord',
    'keys_small_train.txt': 'small_train.npz',
    'zoo_expected.npz': 'zoo_tiny.pkl',
    'caffe_expected.npz': 'caffe_small.caffemodel',
}


class Row(NamedTuple):
    """One comparison.

    Attributes:
        file: Of the reference outputs.
        what: Is compared.
        worst: Largest difference; in which measure ``what`` says.
        bound: That it must not exceed.
    """

    file: str
    what: str
    worst: float
    bound: float

    @property
    def holds(self) -> bool:
        """Whether the difference is a number within its bound."""
        return self.worst <= self.bound  # False for NaN


def rows_of(system: str) -> Iterator[Row]:
    """The comparisons of a system, as its modules make them.

    Args:
        system: Name of a folder of reference outputs.
    """
    for name in SYSTEMS[system]:
        place = f'benchmarks.systems.{name}'
        if find_spec(place) is None:
            continue
        with redirect_stdout(sys.stderr):  # MMEngine logs to standard output
            rows = import_module(place).rows
            needed = [p for p in signature(rows).parameters.values() if p.default is p.empty]
            yield from [Row(*row) for row in rows(*([FOLDER] if needed else []))]


def files_of(rows: Iterable[Row]) -> dict[str, list[Row]]:
    """The comparisons by file, in the files' order."""
    found: dict[str, list[Row]] = {}
    for row in rows:
        found.setdefault(Path(row.file).name, []).append(row)
    return dict(sorted(found.items()))


def untouched(system: str, files: Iterable[str]) -> list[str]:
    """The reference files that nothing was compared with."""
    touched = {'README.md', *files}
    touched |= {file for file, main in _COMPANIONS.items() if main in touched}
    return sorted({path.name for path in (FOLDER / system).iterdir()} - touched)


def table(files: dict[str, list[Row]], details: bool) -> list[str]:
    """Lines of a Markdown table.

    Args:
        files: Comparisons by file.
        details: A line for each comparison; else the worst of each file, by share of its bound.
    """
    lines = [
        '| file | compared | worst difference | bound | |',
        '| --- | --- | ---: | ---: | --- |',
    ]
    for file, rows in files.items():
        worst = max(rows, key=_share)
        for row in rows if details else [worst]:
            count = '' if details or len(rows) == 1 else f' (the worst of {len(rows)})'
            verdict = 'holds' if row.holds else '**differs**'
            lines.append(
                f'| {file} | {row.what}{count} | {_number(row.worst)} | {_number(row.bound)} '
                f'| {verdict} |'
            )
    return lines


def _share(row: Row) -> float:
    if not row.holds:
        return float('inf')
    return row.worst / row.bound if row.bound else 0.0


def _number(value: float) -> str:
    return '0' if value == 0 else f'{value:.2g}'


def report(systems: Iterable[str], details: bool) -> tuple[list[str], bool]:
    """The tables of some systems, and whether all holds.

    Args:
        systems: Their names.
        details: As for :func:`table`.
    """
    lines, good = ['# Against the outputs of the original systems'], True
    for system in systems:
        start = time.monotonic()
        files = files_of(rows_of(system))
        every = [row for rows in files.values() for row in rows]
        bad = [row for row in every if not row.holds]
        missing = untouched(system, files)
        good = good and bool(every) and not bad and not missing
        lines += ['', f'## {system}', '']
        lines += [f'{len(every)} comparisons with {len(files)} files; {len(bad)} differ.', '']
        lines += table(files, details)
        if missing:
            lines += ['', f'Compared with nothing: {", ".join(missing)}.']
        print(f'{system}: {time.monotonic() - start:.0f} s', file=sys.stderr)
    return lines, good


def main() -> int:
    """Compare, print, and write; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('systems', nargs='*', metavar='SYSTEM', help=', '.join(SYSTEMS))
    parser.add_argument('--details', action='store_true', help='a line for each comparison')
    parser.add_argument('--write', type=Path, metavar='FILE', help='write the page as well')
    arguments = parser.parse_args()
    unknown = set(arguments.systems) - set(SYSTEMS)
    if unknown or not FOLDER.is_dir():
        parser.error(
            f'no system {", ".join(sorted(unknown))}' if unknown else f'{FOLDER} is no folder'
        )
    lines, good = report(arguments.systems or SYSTEMS, arguments.details)
    text = '\n'.join(lines) + '\n'
    print(text, end='')
    if arguments.write:
        arguments.write.write_text(text, encoding='utf-8')
    return 0 if good else 1


if __name__ == '__main__':
    sys.exit(main())
