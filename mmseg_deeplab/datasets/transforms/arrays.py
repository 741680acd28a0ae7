"""OpenCV's geometry for arrays of any number of bands and any type that the reader gives."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np

from mmseg_deeplab.utils.errors import ConfigError, DataError

INTERPOLATIONS = {
    'nearest': cv2.INTER_NEAREST,
    'nearest_exact': cv2.INTER_NEAREST_EXACT,  # of the new pixel's centre, as Pillow
    'bilinear': cv2.INTER_LINEAR,
    'bicubic': cv2.INTER_CUBIC,
    'area': cv2.INTER_AREA,
    'lanczos': cv2.INTER_LANCZOS4,
}
BACKENDS = ('cv2', 'pillow')
_PILLOW_NAMES = {'area': 'BOX', 'nearest_exact': 'NEAREST'}  # the rest are called alike
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


def checked_backend(name: str) -> str:
    """A library's name.

    Raises:
        ConfigError: It is none of :data:`BACKENDS`.
    """
    if name not in BACKENDS:
        raise ConfigError(f'backend must be one of {", ".join(BACKENDS)}, got {name!r}')
    return name


def resize(
    array: np.ndarray, size: tuple[int, int], interpolation: str, backend: str = 'cv2'
) -> np.ndarray:
    """Resample an image or a label.

    Args:
        array: (H, W) or (H, W, C).
        size: New (width, height) in pixels, each at least 1.
        interpolation: A key of :data:`INTERPOLATIONS`; ``'nearest'`` for labels.
        backend: ``'cv2'``, or ``'pillow'``, which smooths an image that it makes smaller; that
            takes (H, W) or (H, W, 3) uint8.

    Returns:
        (height, width) or (height, width, C), of the same type.

    Raises:
        DataError: Pillow does not take an array of that type.
    """
    code = interpolation_code(interpolation)
    if backend == 'pillow':
        return _by_pillow(array, size, interpolation)
    return _in_groups(lambda part: cv2.resize(part, size, interpolation=code), array)


def _by_pillow(array: np.ndarray, size: tuple[int, int], interpolation: str) -> np.ndarray:
    from PIL import Image

    if array.dtype != np.uint8 or array.shape[2:] not in ((), (3,)):
        raise DataError(
            "backend='pillow' resizes arrays (H, W) and (H, W, 3) of uint8, got "
            f"{array.shape} of {array.dtype}; use backend='cv2'"
        )
    how = Image.Resampling[_PILLOW_NAMES.get(interpolation, interpolation.upper())]
    return np.array(Image.fromarray(array).resize(size, how))


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
