"""Logging helpers."""

from __future__ import annotations

import logging
import sys

_SAID: set[str] = set()
_open_line = False  # whether a progress bar stands in the terminal's last line


def get_logger() -> logging.Logger:
    """The package's logger; inside a run, the runner's (MMEngine's current one)."""
    from mmengine.logging import MMLogger

    return MMLogger.get_current_instance()


def note_open_line(is_open: bool) -> None:
    """Note that standard error now ends, or no longer ends, within a line."""
    global _open_line
    _open_line = is_open


def end_open_line() -> None:
    """End the line of a progress bar that was broken off, so that a message gets its own."""
    if _open_line:
        print(file=sys.stderr)
        note_open_line(False)


def warn_once(message: str) -> None:
    """Log a warning the first time this process meets its text; stay silent afterwards."""
    if message not in _SAID:
        _SAID.add(message)
        get_logger().warning(message)
