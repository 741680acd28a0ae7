"""Crops that overlap: which part of each belongs to it alone when whole images are scored."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

from mmseg_deeplab.utils.log import get_logger

Span = tuple[int, int]
_NAME = re.compile(r'(.+)_(-?\d+)_(-?\d+)_(-?\d+)_(-?\d+)')
# where the four numbers of a name hold the first and last row and column
_PLACES = {'yyxx': ((0, 1), (2, 3)), 'xyxy': ((1, 3), (0, 2))}


def add_own_parts(records: list[dict], order: str) -> list[dict]:
    """Give each crop the part of it that no other crop of the same image has.

    Neighbours share their overlap: each takes the half that is further from its own edge, where
    its prediction knows more of the surroundings. So every pixel of the whole image belongs to
    exactly one crop, and its crops can be predicted and counted in any order and process.

    Args:
        records: Of a data set, each with ``img_path``; the names end in four numbers, where the
            crop begins and ends. Changed and returned.
        order: ``'yyxx'``: first row, last, first column, last; ``'xyxy'``: first column, first
            row, last column, last row; "last" is one more than the last.

    Returns:
        The records, each with ``own_part``: a dict of ``rows`` and ``columns``, from and to, and
        ``shape``, height and width, all within the crop. Nothing is added if a name is not of
        that form or crops of an image are missing.
    """
    windows = [_window(record['img_path'], order) for record in records]
    if None in windows:
        return records
    grids: dict[str, set[tuple[Span, Span]]] = {}
    for image, rows, columns in windows:
        grids.setdefault(image, set()).add((rows, columns))
    shares = {image: _share_grid(grid) for image, grid in grids.items()}
    missing = [image for image, shared in shares.items() if shared is None]
    if missing:
        get_logger().info(
            'crops are missing of %d whole images (%s, ...): only crops will be scored',
            len(missing),
            missing[0],
        )
        return records
    for record, (image, rows, columns) in zip(records, windows, strict=True):
        row_shares, column_shares = shares[image]
        record['own_part'] = {
            'rows': _within(row_shares[rows], rows),
            'columns': _within(column_shares[columns], columns),
            'shape': (rows[1] - rows[0], columns[1] - columns[0]),
        }
    return records


def _window(path: str, order: str) -> tuple[str, Span, Span] | None:
    """The whole image's path without suffix, and the rows and columns of the crop in it."""
    match = _NAME.fullmatch(Path(path).stem)
    if match is None:
        return None
    numbers = [int(number) for number in match.groups()[1:]]
    rows, columns = ((numbers[a], numbers[b]) for a, b in _PLACES[order])
    return str(Path(path).parent / match[1]), rows, columns


def _share_grid(grid: set[tuple[Span, Span]]) -> tuple[dict, dict] | None:
    """The shares of all rows and columns; None unless the crops cover a rectangle from 0, 0."""
    rows = share_out(sorted({rows for rows, _ in grid}))
    columns = share_out(sorted({columns for _, columns in grid}))
    if rows is None or columns is None or len(grid) != len(rows) * len(columns):
        return None
    return rows, columns


def share_out(spans: Sequence[Span]) -> dict[Span, Span] | None:
    """Cut a line that overlapping spans cover into one piece for each.

    Args:
        spans: From and to, sorted.

    Returns:
        The piece of each span; None if they do not cover the line from 0 on.
    """
    if spans[0][0] != 0 or any(start >= stop for start, stop in spans):
        return None
    if any(
        after[0] > before[1] or after[0] == before[0] or after[1] <= before[1]
        for before, after in pairwise(spans)
    ):
        return None
    cuts = [(after[0] + before[1]) // 2 for before, after in pairwise(spans)]
    pieces = zip([0, *cuts], [*cuts, spans[-1][1]], strict=True)
    return dict(zip(spans, pieces, strict=True))


def _within(piece: Span, span: Span) -> Span:
    return piece[0] - span[0], piece[1] - span[0]
