"""Plots of the report, drawn as the project's other curves are: a figure of its own, no display."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.speed.cases import Case, row_name
from benchmarks.speed.machine import SET_NAMES
from benchmarks.speed.pairing import ratio

_OURS, _PEER, _GOAL = '#1f4e8c', '#b3401f', '#3f8f5b'


def ratios(cases: Sequence[Case], results: dict[str, Any], path: Path) -> Path | None:
    """One bar a row: the peer's time over ours with its spread, and the goal.

    Args:
        cases: In the order of the table.
        results: Content of a file of results.
        path: The picture to write, ``.png``.

    Returns:
        The path; None where no row has a ratio.
    """
    kind = results['machine']['instruction_set']
    rows = []
    for case in cases:
        for variant in case.variants:
            row = results['rows'].get(row_name(case, variant), {})
            found = ratio(row['pairs'], row['usual_probe']) if 'pairs' in row else None
            if found is not None:
                goal = variant.goals.get('any', variant.goals.get(kind))
                rows.append((row_name(case, variant), found, goal))
    if not rows:
        return None
    figure, axes = _figure(7.5, 1 + 0.26 * len(rows))
    places = range(len(rows))
    medians = [found.median for _, found, _ in rows]
    spread = [
        [found.median - found.least for _, found, _ in rows],
        [found.greatest - found.median for _, found, _ in rows],
    ]
    axes.barh(places, medians, xerr=spread, color=_OURS, ecolor='#7a7a7a', height=0.6)
    marked = [(place, goal) for place, (_, _, goal) in zip(places, rows, strict=True) if goal]
    if marked:
        axes.plot(
            [goal for _, goal in marked], [place for place, _ in marked], '|',
            color=_GOAL, markersize=11, markeredgewidth=2, label='goal',
        )  # fmt: skip
        axes.legend(frameon=False, loc='lower right')
    axes.axvline(1, color=_PEER, linewidth=1)
    axes.set_yticks(places, [name for name, _, _ in rows], fontsize=8)
    axes.invert_yaxis()
    axes.set_xscale('log')
    axes.set_xlabel(f"MMSegmentation's time / this project's ({SET_NAMES[kind]})")
    return _save(figure, path)


def growth(content: dict[str, Any], folder: Path, name: str) -> list[tuple[str, Path]]:
    """Plots of how cost grows, one a question.

    Args:
        content: ``growth`` of a file of results: for each question ``title``, ``x``, and
            ``points`` (each ``x``, ``side`` and any of ``seconds``, ``peak_mb``).
        folder: Where to.
        name: The pictures' names begin so.

    Returns:
        Questions and paths.
    """
    return [
        (key, _grown(question, folder / f'{name}-{key}.png'))
        for key, question in content.items()
        if any('seconds' in point for point in question['points'])
    ]


def _grown(question: dict[str, Any], path: Path) -> Path:
    figure, axes = _figure(9, 3.4, columns=2)
    labels = {'seconds': question.get('y', 'seconds'), 'peak_mb': 'peak memory, MiB'}
    for axis, (key, label) in zip(axes, labels.items(), strict=True):
        for side in sorted({point['side'] for point in question['points']}):
            points = [p for p in question['points'] if p['side'] == side and p.get(key)]
            axis.plot(
                [p['x'] for p in points], [p[key] for p in points],
                marker='o', markersize=4, label=side,
                linestyle='--' if side.startswith('MMSeg') else '-',
            )  # fmt: skip
        axis.set(xlabel=question['x'], ylabel=label)
        if question.get('log'):
            axis.set(xscale='log', yscale='log')
        else:
            axis.set_ylim(bottom=0)
        axis.grid(alpha=0.3)
    axes[0].legend(frameon=False, fontsize=8)
    figure.suptitle(question['title'], fontsize=10)
    return _save(figure, path)


def _figure(width: float, height: float, columns: int = 1) -> tuple[Any, Any]:
    # a Figure of its own, not pyplot: no global state and no display
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), dpi=110, layout='constrained')
    FigureCanvasAgg(figure)
    axes = figure.subplots(1, columns, squeeze=False)[0]
    for one in axes:
        one.spines[['top', 'right']].set_visible(False)
    return figure, axes[0] if columns == 1 else axes


def _save(figure: Any, path: Path) -> Path:
    buffer = io.BytesIO()
    figure.savefig(buffer, format='png')
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(buffer.getvalue())
    return path
