"""Where a large tile is cut."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from mmseg_deeplab.utils.errors import ConfigError, ConfigTypeError


class Window(NamedTuple):
    """A rectangle of pixels; the ends are exclusive."""

    y0: int
    y1: int
    x0: int
    x1: int

    def cut(self, array: np.ndarray) -> np.ndarray:
        """That part of (H, W) or (H, W, C)."""
        return array[self.y0 : self.y1, self.x0 : self.x1]


def starts(length: int, crop: int, step: int) -> list[int]:
    """Where windows begin along one axis.

    Args:
        length: Of the axis in pixels.
        crop: Of a window.
        step: From one window to the next; the last one is moved back to end at the edge.

    Returns:
        Rising starts, never negative; 0 alone where the tile is not larger than the window.
    """
    if length <= crop:
        return [0]
    return [*range(0, length - crop, step), length - crop]


def windows(height: int, width: int, crop: tuple[int, int], step: tuple[int, int]) -> list[Window]:
    """The windows of a tile, row by row.

    Args:
        height: Of the tile.
        width: Of the tile.
        crop: Height and width of a window; a smaller tile must be padded to it.
        step: Rows and columns from one window to the next.
    """
    return [
        Window(y, y + crop[0], x, x + crop[1])
        for y in starts(height, crop[0], step[0])
        for x in starts(width, crop[1], step[1])
    ]


def padded(array: np.ndarray, crop: tuple[int, int], value: int) -> np.ndarray:
    """A tile that is at least as large as a window, filled at the bottom and on the right.

    Args:
        array: (H, W) or (H, W, C).
        crop: Height and width of a window.
        value: Of the pixels that are added.
    """
    rows = max(0, crop[0] - array.shape[0])
    columns = max(0, crop[1] - array.shape[1])
    if not rows and not columns:
        return array
    margins = [(0, rows), (0, columns), (0, 0)][: array.ndim]
    return np.pad(array, margins, constant_values=value)


def check_whole(**numbers: int) -> None:
    """Refuse settings that are no whole numbers.

    Args:
        numbers: Settings by name.

    Raises:
        ConfigTypeError: Naming the first that is none.
    """
    for name, number in numbers.items():
        if not isinstance(number, int) or isinstance(number, bool):
            raise ConfigTypeError(f'{name} must be a whole number, got {number!r}')


def check_crop(name: str, crop: int, step_name: str, step: int) -> None:
    """Refuse a window or a step that is not positive.

    Args:
        name: Of the setting that gives ``crop``, for the message.
        crop: Side of a window in pixels.
        step_name: Of the setting that gives ``step``, for the message.
        step: From one window to the next, in pixels.

    Raises:
        ConfigError: Naming the argument.
    """
    if crop < 1:
        raise ConfigError(f'{name} must be 1 or more, got {crop}')
    if step < 1:
        raise ConfigError(f'{step_name} leaves a step of {step} pixels, it must be 1 or more')
