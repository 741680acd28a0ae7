"""Curves of several runs, and a summary of each."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean, pstdev
from typing import Any

import numpy as np

from mmseg_deeplab.utils.errors import ConfigError
from mmseg_deeplab.visualization.curves import Event, Series, series

# background and grid of the styles that MMSegmentation's users name
STYLES = {
    'dark': ('#eaeaf2', False),
    'darkgrid': ('#eaeaf2', True),
    'white': ('white', False),
    'whitegrid': ('white', True),
    'ticks': ('white', False),
}
_SCORES = ('mIoU', 'aAcc', 'mAcc', 'mDice', 'mFscore', 'mPrecision', 'mRecall')
_NO_CURVE = ('iter', 'epoch', 'step', 'max_iters', 'max_epochs', 'window', 'batch', 'batches')


@dataclass(frozen=True)
class RunSummary:
    """A run in a few numbers; None where the log does not tell.

    Attributes:
        name: Of the log.
        iters: The last training iteration that was logged.
        last_loss: Logged there.
        best_score: The best validation score, percent.
        score_name: Its name, mIoU where there is one.
        best_iter: Where it was reached.
        iter_time: Mean seconds of a training iteration.
        iter_time_std: Their standard deviation over the logged intervals.
        slowest: Seconds and iteration of the slowest interval.
        data_share: Part of the time that was spent waiting for data, 0 to 1.
        memory: The most memory that was logged, MB.
    """

    name: str
    iters: int | None
    last_loss: float | None
    best_score: float | None
    score_name: str
    best_iter: int | None
    iter_time: float | None
    iter_time_std: float | None
    slowest: tuple[float, int] | None
    data_share: float | None
    memory: float | None

    def lines(self) -> list[str]:
        """The numbers as a text for people."""
        found = [f'{self.name}: {self.iters or 0} iterations']
        if self.last_loss is not None:
            found.append(f'  last loss   {self.last_loss:.4f}')
        if self.best_score is not None:
            best = f'{self.best_score:.2f} % at iteration {self.best_iter}'
            found.append(f'  best {self.score_name:<6} {best}')
        if self.iter_time is not None:
            found.append(
                f'  iteration   {self.iter_time:.4f} s, standard deviation '
                f'{self.iter_time_std:.4f} s, slowest {self.slowest[0]:.4f} s at iteration '
                f'{self.slowest[1]}'
            )
        if self.data_share is not None:
            found.append(f'  data        {100 * self.data_share:.1f} % of the time')
        if self.memory is not None:
            found.append(f'  memory      {self.memory:.0f} MB at most')
        return found


def summarize(events: Sequence[Event], name: str) -> RunSummary:
    """A run in a few numbers.

    Args:
        events: Of the run, as :func:`~mmseg_deeplab.visualization.run_logs.read_log` has them.
        name: Of the log.
    """
    loss, times = series(events, 'train', 'loss'), series(events, 'train', 'time')
    seconds = [value for _, value in times]
    data = [value for _, value in series(events, 'train', 'data_time')]
    score_name = next((key for key in _SCORES if series(events, 'val', key)), 'mIoU')
    scores = series(events, 'val', score_name)
    best = max(scores, key=lambda point: point[1], default=None)
    memory = [value for _, value in series(events, 'train', 'memory')]
    slowest = max(times, key=lambda point: point[1], default=None)
    return RunSummary(
        name=name,
        iters=loss[-1][0] if loss else None,
        last_loss=loss[-1][1] if loss else None,
        best_score=None if best is None else best[1],
        score_name=score_name,
        best_iter=None if best is None else best[0],
        iter_time=fmean(seconds) if seconds else None,
        iter_time_std=pstdev(seconds) if seconds else None,
        slowest=None if slowest is None else (slowest[1], slowest[0]),
        data_share=fmean(data) / fmean(seconds) if data and any(seconds) else None,
        memory=max(memory, default=None),
    )


def curve(events: Sequence[Event], key: str) -> Series:
    """One number over the iterations: a score from the validations, others from training.

    Args:
        events: Of a run.
        key: ``'mIoU'``, ``'loss'``, ``'lr'``, ``'decode.acc_seg'``, ...
    """
    training = [] if key in _SCORES else series(events, 'train', key)
    return training or series(events, 'val', key)


def curve_names(events: Sequence[Event]) -> list[str]:
    """All keys that :func:`curve` has points for, sorted."""
    known = {
        key
        for event in events
        if event.get('kind') in ('train', 'val')
        for key, value in event.items()
        if isinstance(value, (int, float)) and key not in _NO_CURVE
    }
    return sorted(known)


def draw_curves(
    curves: Sequence[tuple[str, Sequence[tuple[str, Series]]]],
    *,
    title: str | None = None,
    style: str = 'dark',
    file_format: str = 'png',
) -> bytes:
    """Draw curves, one plot beside the other for each key.

    Args:
        curves: Of each key its name and the labelled curves of all runs.
        title: Above the plots.
        style: ``'dark'``, ``'darkgrid'``, ``'white'``, ``'whitegrid'`` or ``'ticks'``.
        file_format: ``'png'``, ``'svg'``, ``'pdf'``, ``'jpg'``.

    Returns:
        A file of that format.

    Raises:
        ConfigError: Unknown style or format.
    """
    # a Figure of its own, not pyplot: no global state and no display
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    if style not in STYLES:
        raise ConfigError(f'style must be one of {", ".join(STYLES)}, got {style!r}')
    figure = Figure(figsize=(6.4 * len(curves), 4.4), dpi=110, layout='constrained')
    canvas = FigureCanvasAgg(figure)
    if file_format not in canvas.get_supported_filetypes():
        raise ConfigError(f'a picture cannot be written as {file_format!r}; use .png, .svg or .pdf')
    for axes, (key, runs) in zip(figure.subplots(1, len(curves), squeeze=False)[0], curves,
                                 strict=True):  # fmt: skip
        _draw_one(axes, key, runs, style)
    if title is not None:
        figure.suptitle(title)
    buffer = io.BytesIO()
    figure.savefig(buffer, format=file_format)
    return buffer.getvalue()


def _draw_one(axes: Any, key: str, runs: Sequence[tuple[str, Series]], style: str) -> None:
    background, grid = STYLES[style]
    for label, points in runs:
        iterations, values = np.array(points, dtype=np.float64).T
        few = {'marker': 'o', 'markersize': 4} if len(points) <= 40 else {}
        axes.plot(iterations, values, label=label, linewidth=1, **few)
    axes.set(xlabel='iteration', ylabel=key)
    axes.set_facecolor(background)
    if grid:
        axes.grid(color='white' if background != 'white' else '#cccccc')
    axes.spines[['top', 'right']].set_visible(style in ('white', 'whitegrid'))
    axes.legend(frameon=False, fontsize='small')
