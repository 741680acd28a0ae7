"""Logging helpers."""

from __future__ import annotations

import logging

_SAID: set[str] = set()


def get_logger() -> logging.Logger:
    """The package's logger; inside a run, the runner's (MMEngine's current one)."""
    from mmengine.logging import MMLogger

    return MMLogger.get_current_instance()


def warn_once(message: str) -> None:
    """Log a warning the first time this process meets its text; stay silent afterwards."""
    if message not in _SAID:
        _SAID.add(message)
        get_logger().warning(message)
