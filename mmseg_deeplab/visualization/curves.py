"""Pictures of a training run: its loss and its scores over the iterations."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from mmseg_deeplab.utils.errors import DataError
from mmseg_deeplab.utils.files import write_bytes

Event = Mapping[str, Any]
Series = list[tuple[int, float]]


def read_events(path: str | Path) -> list[dict[str, Any]]:
    """The events of a run from its ``log.jsonl``.

    Args:
        path: One JSON object a line. A last line that was cut off (the run was killed while
            writing it) is left out.

    Raises:
        DataError: There is no such file, or a line before the last is not JSON.
    """
    path = Path(path)
    if not path.is_file():
        raise DataError(f'{path}: there is no such log; give the log.jsonl of a work folder')
    lines = path.read_text(encoding='utf-8').splitlines()
    events = []
    for number, line in enumerate(lines, start=1):
        try:
            events.append(json.loads(line))
        except json.JSONDecodeError as error:
            if number < len(lines):
                raise DataError(f'{path}: line {number} is not JSON ({error.msg})') from error
    return events


def series(events: Iterable[Event], kind: str, name: str) -> Series:
    """One number over the iterations.

    Args:
        events: Of a run, in order.
        kind: ``'train'`` or ``'val'``.
        name: A key of such events, ``'loss'``, ``'mIoU'``, ``'lr'``.

    Returns:
        Pairs of iteration and value; events without the key are passed over, and of several
        events of one iteration (a resumed run) the last counts.
    """
    found = {
        int(event['iter']): float(event[name])
        for event in events
        if event.get('kind') == kind and event.get(name) is not None and 'iter' in event
    }
    return sorted(found.items())


def write_curves(log: str | Path | Iterable[Event], path: str | Path) -> Path:
    """Draw the training loss and the validation scores of a run into one picture.

    Args:
        log: A ``log.jsonl``, or its events.
        path: The picture to write, ``.png``.

    Returns:
        The path.

    Raises:
        DataError: The log is missing or broken, holds no losses, or the picture cannot be
            written.
    """
    events = read_events(log) if isinstance(log, str | Path) else list(log)
    loss = series(events, 'train', 'loss')
    if not loss:
        raise DataError(f'{log}: the log holds no training losses; nothing can be drawn')
    scores = {name: series(events, 'val', name) for name in ('mIoU', 'mAcc', 'aAcc')}
    return write_bytes(path, _draw(loss, {k: v for k, v in scores.items() if v}))


def smoothed(values: np.ndarray, window: int) -> np.ndarray:
    """Mean of each value and up to ``window`` - 1 values before it.

    Args:
        values: (n,).
        window: At least 1.

    Returns:
        (n,) float64.
    """
    total = np.concatenate([[0.0], np.cumsum(values, dtype=np.float64)])
    ends = np.arange(1, len(values) + 1)
    starts = np.maximum(ends - window, 0)
    return (total[ends] - total[starts]) / (ends - starts)


def _draw(loss: Series, scores: dict[str, Series]) -> bytes:
    import io

    # a Figure of its own, not pyplot: no global state and no display
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    columns = 2 if scores else 1
    figure = Figure(figsize=(5.6 * columns, 4), dpi=110, layout='constrained')
    FigureCanvasAgg(figure)
    axes = figure.subplots(1, columns, squeeze=False)[0]
    _draw_loss(axes[0], loss)
    if scores:
        _draw_scores(axes[1], scores)
    for one in axes:
        one.set_xlabel('iteration')
        one.grid(alpha=0.3)
        one.spines[['top', 'right']].set_visible(False)
    buffer = io.BytesIO()
    figure.savefig(buffer, format='png')
    return buffer.getvalue()


def _draw_loss(axes: Any, loss: Series) -> None:
    iterations, values = np.array(loss, dtype=np.float64).T
    window = max(1, len(values) // 20)
    axes.plot(iterations, values, color='#9db7d5', linewidth=1, label='logged')
    if window > 1:
        mean = smoothed(values, window)
        axes.plot(iterations, mean, color='#1f4e8c', linewidth=2, label=f'mean of {window}')
        axes.legend(frameon=False)
    axes.set(title='Training loss', ylabel='loss')
    axes.set_ylim(bottom=0)


def _draw_scores(axes: Any, scores: dict[str, Series]) -> None:
    colours = {'mIoU': '#b3401f', 'mAcc': '#3f8f5b', 'aAcc': '#7a7a7a'}
    for name, points in scores.items():
        iterations, values = np.array(points, dtype=np.float64).T
        axes.plot(iterations, values, marker='o', markersize=4, color=colours[name], label=name)
    axes.set(title='Validation', ylabel='%', ylim=(0, 100))
    axes.legend(frameon=False)
