"""OpenCV's geometry for arrays of any number of bands and any type that the reader gives."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np

from mmseg_deeplab.utils.errors import ConfigError

INTERPOLATIONS = {
    'nearest': cv2.INTER_NEAREST,
    'bilinear': cv2.INTER_LINEAR,
    'bicubic': cv2.INTER_CUBIC,
    'area': cv2.INTER_AREA,
    'lanczos': cv2.INTER_LANCZOS4,
}
_MOST_CHANNELS = 4  # more fail in some of OpenCV's functions, depending on its version


def interpolation_code(name: str) -> int:
    """OpenCV's code of an interpolation.

    Raises:
        ConfigError: The name is unknown.
    """
    if name not in INTERPOLATIONS:
        known = ', '.join(INTERPOLATIONS)
        raise ConfigError(f'interpolation must be one of {known}, got {name!r}')
    return INTERPOLATIONS[name]


def resize(array: np.ndarray, size: tuple[int, int], interpolation: str) -> np.ndarray:
    """Resample an image or a label.

    Args:
        array: (H, W) or (H, W, C).
        size: New (width, height) in pixels, each at least 1.
        interpolation: A key of :data:`INTERPOLATIONS`; ``'nearest'`` for labels.

    Returns:
        (height, width) or (height, width, C), of the same type.
    """
    code = interpolation_code(interpolation)
    return _in_groups(lambda part: cv2.resize(part, size, interpolation=code), array)


def warp(
    array: np.ndarray, matrix: np.ndarray, size: tuple[int, int], interpolation: str, fill: float
) -> np.ndarray:
    """Apply an affine map.

    Args:
        array: (H, W) or (H, W, C).
        matrix: (2, 3), from old to new (x, y).
        size: (width, height) of the result.
        interpolation: A key of :data:`INTERPOLATIONS`.
        fill: Value of every band where the old image does not reach.

    Returns:
        (height, width) or (height, width, C), of the same type.
    """
    code = interpolation_code(interpolation)

    def apply(part: np.ndarray) -> np.ndarray:
        return cv2.warpAffine(
            part, matrix, size, flags=code, borderMode=cv2.BORDER_CONSTANT, borderValue=[fill] * 4
        )

    return _in_groups(apply, array)


def _in_groups(function: Callable[[np.ndarray], np.ndarray], array: np.ndarray) -> np.ndarray:
    """Apply to at most four bands at a time; keep the last axis, which OpenCV drops if it is 1."""
    if array.ndim == 2:
        return function(array)
    channels = array.shape[2]
    parts = []
    for start in range(0, channels, _MOST_CHANNELS):
        part = function(array[:, :, start : start + _MOST_CHANNELS])
        parts.append(part if part.ndim == 3 else part[:, :, None])
    return parts[0] if len(parts) == 1 else np.concatenate(parts, axis=2)
