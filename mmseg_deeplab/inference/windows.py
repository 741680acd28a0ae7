"""Where the windows of a sliding prediction lie.

Legend: ``H, W`` size of the whole image in pixels; ``h, w`` size of one window.
"""

from __future__ import annotations

from collections.abc import Sequence
from numbers import Integral
from typing import NamedTuple

from mmseg_deeplab.utils.errors import ConfigError


class Window(NamedTuple):
    """A rectangle of pixels, rows ``y0`` to ``y1`` and columns ``x0`` to ``x1``, ends excluded."""

    y0: int
    y1: int
    x0: int
    x1: int

    @property
    def height(self) -> int:
        """Rows of the window."""
        return self.y1 - self.y0

    @property
    def width(self) -> int:
        """Columns of the window."""
        return self.x1 - self.x0


def check_slide(crop_size: tuple[int, int], stride: tuple[int, int]) -> None:
    """Refuse a window and stride that would leave pixels without a prediction.

    Args:
        crop_size: Window height and width, pixels, at least 1.
        stride: Step down and to the right, pixels, at least 1 and at most the window.

    Raises:
        ConfigError: A value is below 1, or a stride is larger than the window.
    """
    for name, pair in (('crop_size', crop_size), ('stride', stride)):
        if not _is_size(pair):
            raise ConfigError(
                f'{name} must be two whole numbers >= 1 (height, width), got {pair!r}; '
                f'set it in test_cfg, for example {name}=(512, 512)'
            )
    if stride[0] > crop_size[0] or stride[1] > crop_size[1]:
        raise ConfigError(
            f'stride must not be larger than crop_size, got stride={tuple(stride)} and '
            f'crop_size={tuple(crop_size)}; pixels between the windows would get no prediction, '
            'make stride smaller (two thirds of crop_size is usual)'
        )


def grid_windows(
    height: int, width: int, crop_size: tuple[int, int], stride: tuple[int, int]
) -> list[Window]:
    """The windows that cover an image, row by row, as MMSegmentation's slide mode places them.

    Windows start at multiples of the stride; the last of a row or column is moved back until
    it ends at the image's edge. All are of one size: the crop's, or the image's where that is
    smaller.

    Args:
        height: Rows of the image, at least 1.
        width: Columns of the image, at least 1.
        crop_size: Window height and width, pixels.
        stride: Step down and to the right, pixels, at most ``crop_size``.

    Returns:
        Windows in row-major order.

    Raises:
        ConfigError: See :func:`check_slide`.
        ValueError: The image has no pixels.
    """
    check_slide(crop_size, stride)
    if height < 1 or width < 1:
        raise ValueError(f'an image must have at least one pixel, got {height} x {width}')
    rows = _spans(height, crop_size[0], stride[0])
    columns = _spans(width, crop_size[1], stride[1])
    return [Window(*row, *column) for row in rows for column in columns]


def _is_size(pair: object) -> bool:
    if not isinstance(pair, Sequence) or len(pair) != 2:
        return False
    return all(isinstance(size, Integral) and size >= 1 for size in pair)


def _spans(size: int, crop: int, stride: int) -> list[tuple[int, int]]:
    """First and last-plus-one pixel of each window along one axis."""
    count = max(size - crop + stride - 1, 0) // stride + 1
    ends = [min(index * stride + crop, size) for index in range(count)]
    return [(max(end - crop, 0), end) for end in ends]
