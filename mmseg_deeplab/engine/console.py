"""What a run shows on the terminal: one line per log interval, and a bar with the time left."""

from __future__ import annotations

import datetime
import logging
import sys
import time
from typing import Any

from mmseg_deeplab.engine.events import Event

_REFRESH = 0.25  # seconds between two drawings of the bar
_SHOWN = ('loss', 'lr', 'time', 'data_time', 'eta', 'memory', 'mIoU', 'images_per_second')
_NOT_SHOWN = ('kind', 'iter', 'epoch', 'max_iters', 'max_epochs', 'window', 'batch', 'batches')


def train_line(event: Event) -> str:
    """A training event as a line of text.

    Args:
        event: Of kind ``train``.
    """
    if event.get('batch') is not None:
        place = f'Epoch(train) [{event["epoch"]}/{event["max_epochs"]}]'
        place += f'[{event["batch"]}/{event["batches"]}]'
    else:
        width = len(str(event['max_iters']))
        place = f'Iter(train) [{event["iter"]:>{width}}/{event["max_iters"]}]'
    score = event.get('mIoU')
    parts = [
        place,
        f'loss: {_number(event.get("loss"))} (mean of {event["window"]})',
        f'mIoU: {"not yet" if score is None else f"{score:.2f}"}',
        f'lr: {event["lr"]:.4e}' if event.get('lr') is not None else '',
        f'eta: {_duration(event.get("eta"))}',
        f'memory: {event["memory"]} MB' if event.get('memory') is not None else '',
        f'time: {_number(event.get("time"))}',
        f'data_time: {_number(event.get("data_time"))}',
        f'images/s: {_number(event.get("images_per_second"), 2)}',
    ]
    rest = (key for key in event if key not in _SHOWN and key not in _NOT_SHOWN)
    parts += [f'{key}: {_number(event[key])}' for key in rest]
    return '  '.join(part for part in parts if part)


def score_line(event: Event) -> str:
    """A validation's or a test's event as a line of text.

    Args:
        event: Of kind ``val`` or ``test``.
    """
    scores = [
        f'{key}: {_number(value, 2 if key not in ("time", "data_time") else 4)}'
        for key, value in event.items()
        if key not in _NOT_SHOWN and isinstance(value, (int, float))
    ]
    return '  '.join([f'Iter({event["kind"]}) [{event["iter"]}]', *scores])


class ProgressBar:
    """A bar with the time left, on a terminal only.

    It has no thread of its own, since loader workers are forked while it is shown.

    Args:
        logger: Its lines to the terminal are printed above the bar.
        console: A rich console; None makes one for stderr.
    """

    def __init__(self, logger: logging.Logger, console: Any = None) -> None:
        from rich.console import Console
        from rich.progress import (
            BarColumn,
            MofNCompleteColumn,
            Progress,
            TextColumn,
            TimeElapsedColumn,
            TimeRemainingColumn,
        )

        self._progress = Progress(
            TextColumn('{task.description}'),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn('left'),
            TimeRemainingColumn(compact=True),
            TextColumn('{task.fields[note]}'),
            console=console or Console(stderr=True),
            auto_refresh=False,
            redirect_stdout=sys.stdout.isatty(),
        )
        self._tasks: dict[str, Any] = {}
        self._drawn = 0.0
        self._streams = [
            (handler, handler.stream)
            for handler in logger.handlers
            if type(handler) is logging.StreamHandler and handler.stream is sys.stdout
        ]
        self._progress.start()
        for handler, _ in self._streams:
            handler.setStream(sys.stdout)  # now rich's, which keeps the bar below

    def update(self, name: str, done: int, total: int, note: str | None = None) -> None:
        """Show how far something is.

        Args:
            name: ``'train'``, ``'val'`` or ``'test'``.
            done: Steps done.
            total: All steps.
            note: A few words behind the bar; None leaves them as they are.
        """
        if name not in self._tasks:
            # A resumed run's first steps took no time in this process.
            self._tasks[name] = self._progress.add_task(name, total=total, note='')
            self._progress.update(self._tasks[name], completed=max(done - 1, 0))
            self._progress.reset(self._tasks[name], completed=max(done - 1, 0))
        fields = {} if note is None else {'note': note}
        self._progress.update(self._tasks[name], completed=done, total=total, **fields)
        now = time.monotonic()
        if now - self._drawn > _REFRESH or done == total:
            self._drawn = now
            self._progress.refresh()
        if done == total and name != 'train':
            self._progress.remove_task(self._tasks.pop(name))

    def close(self) -> None:
        """Leave the terminal as it was."""
        self._progress.stop()
        for handler, stream in self._streams:
            handler.setStream(stream)


def peak_memory() -> int | None:
    """The most main memory that this process has held, in MB; None where that is not known."""
    try:
        import resource
    except ImportError:  # Windows
        return None
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return round(peak / (2**20 if sys.platform == 'darwin' else 2**10))


def _number(value: Any, digits: int = 4) -> str:
    if isinstance(value, float):
        return f'{value:.{digits}f}'
    return 'nan' if value is None else str(value)


def _duration(seconds: float | None) -> str:
    return 'not known' if seconds is None else str(datetime.timedelta(seconds=int(seconds)))
