"""What happens in a run as plain dicts, and those who take them: files, curves, the console.

Kinds of events: ``start``, ``resume``, ``train``, ``val``, ``test``, ``checkpoint``, ``end``.
Every event has ``kind`` and ``iter``; the rest depends on the kind. Training code only emits;
a consumer is any object with ``take(event)`` and ``close()``.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol, TextIO

from mmseg_deeplab.utils.errors import ConfigError, TrainingError
from mmseg_deeplab.utils.files import write_bytes

Event = dict[str, Any]


class Consumer(Protocol):
    """Takes events."""

    def take(self, event: Event) -> None:
        """Take one event; it must not be changed."""

    def close(self) -> None:
        """The run is over; may be called twice."""


class EventStream:
    """Passes events on to all consumers, in order."""

    def __init__(self) -> None:
        self._consumers: list[Consumer] = []

    def add(self, consumer: Consumer) -> None:
        """Let a consumer take all events from now on."""
        self._consumers.append(consumer)

    def emit(self, kind: str, **fields: Any) -> None:
        """Tell all consumers.

        Args:
            kind: See the module's list.
            fields: Numbers, text, None, or lists of these.
        """
        event = {'kind': kind, **{key: _json_value(value) for key, value in fields.items()}}
        for consumer in self._consumers:
            consumer.take(event)

    def close(self) -> None:
        """Close the consumers and forget them."""
        consumers, self._consumers = self._consumers, []
        for consumer in consumers:
            consumer.close()


class JsonLines:
    """Appends one line of JSON per event to a file, readable while the run goes on.

    Args:
        path: The file.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: TextIO | None = None

    def take(self, event: Event) -> None:
        """Write a line; the operating system has it before this returns."""
        try:
            if self._file is None:
                self._file = self._path.open('a', encoding='utf-8')
            self._file.write(json.dumps(event) + '\n')
            self._file.flush()
        except OSError as error:
            raise TrainingError(
                f'{self._path}: cannot be written ({error.strerror or error}); make room, then '
                'go on with --resume'
            ) from error

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            with suppress(OSError):  # a full disk may refuse even this
                self._file.close()
        self._file = None


class TensorBoard:
    """Writes curves for TensorBoard.

    Args:
        folder: Where its files go.
        from_iter: Curves that an earlier, killed run drew beyond this iteration are hidden.

    Raises:
        ConfigError: TensorBoard is not installed.
    """

    def __init__(self, folder: Path, from_iter: int = 0) -> None:
        try:
            from torch.utils.tensorboard import SummaryWriter
        except ImportError as error:
            raise ConfigError(
                'LoggerHook.tensorboard=True needs TensorBoard; pip install tensorboard, or '
                'remove the option'
            ) from error
        purge = from_iter + 1 if from_iter else None
        self._writer = SummaryWriter(str(folder), purge_step=purge)

    def take(self, event: Event) -> None:
        """Draw the event's numbers."""
        kind = event['kind']
        if kind not in ('train', 'val', 'test'):
            return
        for key, value in event.items():
            if isinstance(value, (int, float)) and key not in ('iter', 'epoch', 'max_iters'):
                self._writer.add_scalar(f'{kind}/{key}', value, event['iter'])

    def close(self) -> None:
        """Write what is waiting."""
        self._writer.close()


def cut_log(path: Path, keep: Callable[[Event], bool]) -> None:
    """Remove events from a log file, such as those after the checkpoint that is resumed.

    A line that a crash left incomplete is removed as well.

    Args:
        path: The file of :class:`JsonLines`; it may be missing.
        keep: Says of an event whether it stays.
    """
    if not path.is_file():
        return
    kept = []
    for line in path.read_bytes().splitlines():
        try:
            event = json.loads(line)
        except ValueError:
            continue
        if isinstance(event, dict) and keep(event):
            kept.append(line + b'\n')
    write_bytes(path, b''.join(kept))


def set_aside(path: Path) -> Path | None:
    """Rename an earlier run's log, so that a new run begins an empty one.

    Args:
        path: The file; it may be missing.

    Returns:
        Its new name, with the time of its last change; None if there was no file.
    """
    if not path.is_file():
        return None
    stamp = datetime.fromtimestamp(path.stat().st_mtime).strftime('%Y%m%d_%H%M%S')
    aside = path.with_name(f'{path.stem}_{stamp}{path.suffix}')
    count = 1
    while aside.exists():
        count += 1
        aside = path.with_name(f'{path.stem}_{stamp}_{count}{path.suffix}')
    return path.rename(aside)


def _json_value(value: Any) -> Any:
    if isinstance(value, (list, tuple)):
        return [_json_value(item) for item in value]
    if hasattr(value, 'item') and getattr(value, 'size', 1) != 0:  # NumPy's and PyTorch's
        count = value.numel() if hasattr(value, 'numel') else value.size
        value = value.item() if count == 1 else value.tolist()
    if isinstance(value, float) and not math.isfinite(value):
        return None  # JSON has no NaN
    if value is None or isinstance(value, (bool, int, float, str, list)):
        return value
    return str(value)
