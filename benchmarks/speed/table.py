"""From results to the table of the report."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from benchmarks.speed import agreement
from benchmarks.speed.cases import Case, Variant, row_name
from benchmarks.speed.machine import SET_NAMES
from benchmarks.speed.pairing import Ratio, counted, middle, ratio
from benchmarks.speed.reasons import REASONS

HEAD = (
    '| work | ours | MMSegmentation | this project | ratio | goal | results | peak memory, MiB | '
    'remarks |\n| --- | --- | --- | --- | --- | --- | --- | --- | --- |'
)


def table(cases: Sequence[Case], results: dict[str, Any]) -> str:
    """All rows that were asked for, as a Markdown table.

    Args:
        cases: Those to show; a row without a result is shown as not measured.
        results: Content of a file of results.
    """
    kind = results['machine']['instruction_set']
    lines = [HEAD]
    for case in cases:
        for variant in case.variants:
            row = results['rows'].get(row_name(case, variant))
            lines.append('| ' + ' | '.join(cells(case, variant, row, kind)) + ' |')
    return '\n'.join(lines)


def cells(case: Case, variant: Variant, row: dict[str, Any] | None, kind: str) -> list[str]:
    """The cells of one row.

    Args:
        case: The work.
        variant: Our way.
        row: Its result, None where there is none.
        kind: The machine's instruction set.
    """
    goal = variant.goals.get('any', variant.goals.get(kind))
    begin, goal_text = [case.title, f'`{variant.name}`'], goal_words(variant, kind)
    if row is None:
        return [*begin, '', '', 'not measured', goal_text, '', '', '']
    if 'pairs' not in row:
        lacking = row.get('not_available')
        word = 'not available' if lacking else 'failed'
        return [*begin, '', '', word, goal_text, '', '', one_line(lacking or row['fault'])]
    usual = row['usual_probe']
    found = ratio(row['pairs'], usual)
    pairs = counted(row['pairs'], usual) or row['pairs']
    peer, ours = (middle(pairs, side, 'seconds') for side in ('peer', 'ours'))
    peaks = tuple(middle(pairs, side, 'peak_mb') for side in ('peer', 'ours'))
    bases = tuple(middle(pairs, side, 'base_mb') for side in ('peer', 'ours'))
    missed = goal is not None and found is not None and found.median < goal
    too_large = variant.peak is not None and _share(peaks, bases, variant.peak) > variant.peak
    return [
        *begin,
        duration(peer),
        duration(ours),
        ratio_words(found, row['pairs']),
        goal_text + (' **missed**' if missed or too_large else ''),
        _agreement(case, row),
        memory_words(peaks, bases),
        remark(row_name(case, variant), row, missed=missed or too_large),
    ]


def goal_words(variant: Variant, kind: str) -> str:
    """The goal on this instruction set; where none is stated, those that are."""
    parts = []
    if 'any' in variant.goals:
        parts.append(f'{variant.goals["any"]:g}x')
    elif kind in variant.goals:
        parts.append(f'{variant.goals[kind]:g}x')
    elif variant.goals:
        others = ', '.join(f'{SET_NAMES[k]} {goal:g}x' for k, goal in variant.goals.items())
        parts.append(f'none here ({others})')
    if variant.peak is not None:
        parts.append('memory not above' if variant.peak == 1 else f'memory {variant.peak:g}x')
    return ', '.join(parts)


def ratio_words(found: Ratio | None, pairs: Sequence[dict[str, Any]]) -> str:
    """The ratio with its spread, and how many pairs count."""
    if found is None:
        slow = ratio(pairs, usual=float('inf'))
        return f'none: all {slow.pairs} pairs fell in slow spells ({slow.median:.1f} in them)'
    dropped = f', {found.dropped} dropped' if found.dropped else ''
    return (
        f'**{found.median:.2f}** ({found.least:.2f} to {found.greatest:.2f}; '
        f'n={found.pairs}{dropped})'
    )


def duration(seconds: float | None) -> str:
    """Seconds in a fitting unit, three digits."""
    if seconds is None:
        return ''
    if seconds >= 10:
        return f'{seconds:.1f} s'
    return f'{seconds:.2f} s' if seconds >= 1 else f'{seconds * 1000:.3g} ms'


def memory_words(peaks: Sequence[float | None], bases: Sequence[float | None]) -> str:
    """Peak of the peer and ours, and in brackets what lies above the loaded model."""
    if None in peaks:
        return ''
    above = [
        '' if base is None else f' (+{max(0.0, peak - base):.0f})'
        for peak, base in zip(peaks, bases, strict=True)
    ]
    return f'{peaks[0]:.0f}{above[0]} / {peaks[1]:.0f}{above[1]}'


def remark(name: str, row: dict[str, Any], *, missed: bool) -> str:
    """Form of the measurement, and for a missed goal what stands in the way."""
    parts = [] if row['form'] == 'full' else ['quick']
    if missed:
        reason = REASONS.get(name) or REASONS.get(name.split('/')[0])
        parts.append(reason or 'what stands in the way is not yet known')
    return '; '.join(parts)


def one_line(text: str, most: int = 160) -> str:
    """The last line that says something, fit for a table."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return (lines[-1] if lines else '').replace('|', '/')[:most]


def _agreement(case: Case, row: dict[str, Any]) -> str:
    if 'agreement_fault' in row:
        return f'**{one_line(row["agreement_fault"])}**'
    return agreement.words(case.agree, row.get('agreement', {}))


def _share(peaks: Sequence[float | None], bases: Sequence[float | None], goal: float) -> float:
    """Ours over the peer's: of the whole process, or, where less is wanted, above the model."""
    if None in peaks:
        return 0.0
    if goal < 1 and None not in bases:
        return (peaks[1] - bases[1]) / max(peaks[0] - bases[0], 1.0)
    return peaks[1] / (peaks[0] * 1.02)  # one in fifty is the noise of the peak
