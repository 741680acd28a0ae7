"""What a transfer shows on standard error: a bar with the time left, or one line."""

from __future__ import annotations

import sys
from types import TracebackType
from typing import Any


class Progress:
    """Tells of one file's transfer; a bar on a terminal, a line elsewhere.

    Args:
        name: Of the file.
        show: False says nothing at all.
    """

    def __init__(self, name: str, show: bool) -> None:
        self._name = name
        self._show = show
        self._bar: Any = None
        self._task: Any = None

    def say(self, text: str) -> None:
        """Print a line."""
        if self._show:
            print(f'{self._name}: {text}', file=sys.stderr, flush=True)

    def start(self, source: str, done: int, total: int | None) -> None:
        """A transfer begins, or goes on.

        Args:
            source: Where it comes from.
            done: Bytes that are here already.
            total: Bytes of the whole file, if known.
        """
        self.stop()
        resumed = f', from {mebibytes(done)} on' if done else ''
        self.say(f'{mebibytes(total)} from {source}{resumed}')
        if self._show and sys.stderr.isatty():
            self._bar = _bar()
            self._task = self._bar.add_task('', total=total, completed=done)
            self._bar.start()

    def advance(self, count: int) -> None:
        """So many bytes more are here."""
        if self._bar is not None:
            self._bar.advance(self._task, count)

    def stop(self) -> None:
        """Take the bar away."""
        if self._bar is not None:
            self._bar.stop()
            self._bar = None

    def __enter__(self) -> Progress:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()


def mebibytes(count: int | None) -> str:
    """A number of bytes for people."""
    if count is None:
        return 'unknown length'
    return f'{count / 2**20:.1f} MiB' if count >= 2**20 else f'{count} bytes'


def _bar() -> Any:
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        DownloadColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
        TransferSpeedColumn,
    )

    return Progress(
        BarColumn(),
        DownloadColumn(binary_units=True),
        TransferSpeedColumn(),
        TextColumn('left'),
        TimeRemainingColumn(compact=True),
        console=Console(stderr=True),
    )
