"""Logs of runs, this project's and MMSegmentation's, as the same events."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from mmseg_deeplab.utils.errors import DataError
from mmseg_deeplab.visualization.curves import read_events

# what a work folder may hold, the best source first; of several the newest counts
_LOGS = ('log.jsonl', '*/vis_data/scalars.json', '*.log.json')
_OLD_SCORES = ('aAcc', 'mIoU', 'mAcc', 'mDice', 'mFscore', 'mPrecision', 'mRecall')


def find_log(path: str | Path) -> Path:
    """The log that a path means.

    Args:
        path: A log, or a work folder: its ``log.jsonl``, else the newest
            ``*/vis_data/scalars.json`` (MMSegmentation 1.x) or ``*.log.json`` (0.x).

    Raises:
        DataError: There is none.
    """
    path = Path(path)
    if not path.is_dir():
        return path
    for pattern in _LOGS:
        found = sorted(path.glob(pattern), key=lambda log: log.stat().st_mtime)
        if found:
            return found[-1]
    raise DataError(f'{path}: the folder holds no log ({", ".join(_LOGS)}); name the file')


def read_log(path: str | Path) -> list[dict[str, Any]]:
    """The events of a run.

    Args:
        path: A file or work folder, see :func:`find_log`. What it was written by is told by
            its content.

    Returns:
        Dicts with ``kind`` (``'train'``, ``'val'`` or another), ``iter`` and numbers by name;
        scores in percent.

    Raises:
        DataError: There is no such file, or it is no log.
    """
    path = find_log(path)
    entries = read_events(path)
    if not entries or not all(isinstance(entry, dict) for entry in entries):
        raise DataError(f'{path}: no log of a run; it should hold one JSON object a line')
    if any('kind' in entry for entry in entries):
        return entries
    if any('mode' in entry for entry in entries):
        return _of_0x(entries)
    if any('step' in entry for entry in entries):
        return _of_1x(entries)
    raise DataError(
        f'{path}: not a log of this project (log.jsonl), of MMSegmentation 1.x '
        '(vis_data/scalars.json) or 0.x (*.log.json)'
    )


def _of_1x(entries: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """MMEngine writes a test's scores at step 0; those of a validation have no loss."""
    events, last = [], 0
    for entry in entries:
        if 'loss' in entry:
            last = int(entry.get('iter', entry['step']))
            events.append({**entry, 'kind': 'train', 'iter': last})
        elif entry.get('step'):
            events.append({**entry, 'kind': 'val', 'iter': int(entry['step'])})
        elif 'step' in entry:
            events.append({**entry, 'kind': 'test', 'iter': last})
    by_epoch = any(entry.get('epoch') for entry in entries)
    return _at_iterations(events) if by_epoch else events


def _at_iterations(events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Where training goes by epochs, a validation's step is the epoch: put the iteration."""
    last, placed = 0, []
    for event in events:
        last = event['iter'] if event['kind'] == 'train' else last
        placed.append({**event, 'iter': last})
    return placed


def _of_0x(entries: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """A validation's ``iter`` counts its batches, and its scores are fractions of 1."""
    events, last = [], 0
    for entry in entries:
        if entry.get('mode') == 'train':
            last = int(entry['iter'])
            events.append({**entry, 'kind': 'train'})
        elif entry.get('mode') == 'val':
            percent = {
                name: 100 * value
                for name, value in entry.items()
                if name in _OLD_SCORES or name.startswith(('IoU.', 'Acc.'))
            }
            events.append({**entry, **percent, 'kind': 'val', 'iter': last})
    return events
