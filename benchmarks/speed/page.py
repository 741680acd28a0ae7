"""The generated parts of docs/performance.md, between marks that a reader does not see."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from benchmarks.speed import floor, plots, results
from benchmarks.speed.machine import line
from benchmarks.speed.processes import ROOT
from benchmarks.speed.table import table
from benchmarks.speed.table_of_gpu import COMMANDS, GPU_CASES
from benchmarks.speed.table_of_work import CASES

PAGE = ROOT / 'docs' / 'performance.md'
FIGURES = ROOT / 'docs' / 'figures' / 'performance'
NONE_YET = 'No figures are recorded yet: `make bench` writes them here.'


def write_page(page: Path = PAGE, figures: Path = FIGURES) -> None:
    """Fill the page from the newest results of each kind of machine.

    Args:
        page: The Markdown file with its marks.
        figures: Folder for the plots.
    """
    paths = results.newest(results.FOLDER.glob('*.json'))
    content = {path.stem: results.read(path) for path in paths}
    text = page.read_text(encoding='utf-8')
    for name, made in {
        'tables': tables(content),
        'floor': floors(content),
        'growth': growth(content, figures),
        'gpu': gpu(content),
    }.items():
        text = put_between(text, name, made)
    for name, one in content.items():
        plots.ratios(CASES, one, figures / f'{name}-ratios.png')
    page.write_text(text, encoding='utf-8')


def put_between(text: str, name: str, made: str) -> str:
    """Replace what stands between the marks of a name.

    Args:
        text: Of the page.
        name: Of the marks ``[//]: # (begin NAME)`` and ``[//]: # (end NAME)``.
        made: What shall stand there.

    Raises:
        ValueError: The page lacks the marks.
    """
    begin, end = (f'[//]: # ({word} {name})' for word in ('begin', 'end'))
    pattern = re.compile(f'{re.escape(begin)}\n.*?{re.escape(end)}', flags=re.S)
    if not pattern.search(text):
        raise ValueError(f'the page must have the marks {begin} and {end}')
    return pattern.sub(lambda match: f'{begin}\n\n{made.strip()}\n\n{end}', text)


def tables(content: dict[str, dict[str, Any]]) -> str:
    """A heading, the machine, its versions, the table and the plot for each machine."""
    parts = []
    for name, one in content.items():
        parts += [
            f'### {one["machine"]["processor"]}, {one["date"]}',
            f'Machine: {line(one["machine"])}.',
            versions_line(one),
            table(CASES, one),
            f'![Ratios on this machine](figures/performance/{name}-ratios.png)',
        ]
    return '\n\n'.join(parts) or NONE_YET


def versions_line(one: dict[str, Any]) -> str:
    """The versions of both environments, and the commits that the rows were measured with.

    Args:
        one: Content of a file of results.
    """
    sides = [
        f'{side}: ' + ', '.join(f'{name} {version}' for name, version in found.items())
        for side, found in one.get('versions', {}).items()
    ]
    commits = sorted({row['commit'] for row in one['rows'].values() if 'commit' in row})
    measured = f' Commits measured: {", ".join(commits)}.' if commits else ''
    return f'Versions: {"; ".join(sides)}.{measured}'


def floors(content: dict[str, dict[str, Any]]) -> str:
    """For each machine what its measured rates allow, beside what was measured."""
    parts = []
    for one in content.values():
        parts += [f'{one["machine"]["processor"]}, {one["date"]}:', floor.table(CASES, one)]
    return '\n\n'.join(parts) or NONE_YET


def growth(content: dict[str, dict[str, Any]], figures: Path) -> str:
    """The growth plots of each machine that has them, with the powers of x they follow."""
    parts: list[str] = []
    for name, one in content.items():
        grown = one.get('growth', {})
        for key, path in plots.growth(grown, figures, name):
            parts.append(f'![{grown[key]["title"]}](figures/performance/{path.name})')
            parts.append(powers(grown[key]))
    return '\n\n'.join(parts) or NONE_YET


def powers(question: dict[str, Any]) -> str:
    """With which power of x each line grows at its upper end, and which points were left out.

    Args:
        question: One entry of ``growth`` of a file of results.
    """
    words = []
    for line_name, found in question['exponents'].items():
        shown = [
            f'{what} with the power {found[key]:.2f}'
            for key, what in (('seconds', 'time'), ('peak_mb', 'peak memory'))
            if found.get(key) is not None
        ]
        if shown:
            words.append(f'{line_name}: {", ".join(shown)}')
    text = f'Growth with "{question["x"]}" over the last three points: {"; ".join(words)}.'
    left_out = question['left_out']
    return text + (f' Left out: {"; ".join(left_out)}.' if left_out else '')


def gpu(content: dict[str, dict[str, Any]]) -> str:
    """The GPU rows: measured ones, or that they were not run; and the commands."""
    measured = [
        f'{one["machine"]["gpu"]}, {one["date"]}:\n\n{table(GPU_CASES, one)}'
        for one in content.values()
        if any(name.startswith('gpu-') for name in one['rows'])
    ]
    lines = ['| work | state |', '| --- | --- |']
    lines += [f'| {case.title} | not run: no GPU was at hand |' for case in GPU_CASES]
    shown = '\n\n'.join(measured) or '\n'.join(lines)
    return shown + '\n\n```bash not-run: needs a GPU\n' + '\n'.join(COMMANDS) + '\n```'
