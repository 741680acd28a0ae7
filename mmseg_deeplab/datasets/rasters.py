"""Rasters of any number of bands, as stored; NumPy files; windows."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from mmseg_deeplab.utils.errors import DataError

WindowLike = tuple[int, int, int, int]  # y0, y1, x0, x1


class Raster(NamedTuple):
    """A raster, or a window of it, as stored.

    Attributes:
        array: (H, W, C), bands in stored order.
        nodata: The value that the file declares as no-data, or None.
        alpha: Index of the band that is transparency, or None.
        palette: (N, 3) uint8 RGB where the one band holds indices into it, or None.
    """

    array: np.ndarray
    nodata: float | None = None
    alpha: int | None = None
    palette: np.ndarray | None = None

    def colors(self) -> np.ndarray:
        """Palette, grey and RGBA as RGB, (H, W, 3); other rasters as they are."""
        array = self.array
        if self.palette is not None:
            return self.palette[array[:, :, 0]]
        if self.alpha is not None and array.shape[2] in (2, 4):
            array = np.delete(array, self.alpha, axis=2)
        return np.repeat(array, 3, axis=2) if array.shape[2] == 1 else array

    def select(
        self, bands: Sequence[int] | None, color_type: str, path: str
    ) -> tuple[np.ndarray, np.ndarray | None]:
        """Take the bands that are wanted.

        Args:
            bands: Their indices, or None to go by ``color_type``.
            color_type: As in :func:`mmseg_deeplab.datasets.reading.read_image`.
            path: Named in errors.

        Returns:
            (H, W, C) in stored order or that of ``bands``, and the (H, W) bool mask of fully
            transparent pixels where a declared alpha band was dropped, else None.

        Raises:
            DataError: A band is not there, or the raster cannot be made grey.
        """
        array = self.array
        if bands is not None:
            if len(bands) == 0 or not all(0 <= band < array.shape[2] for band in bands):
                raise DataError(
                    f'{path}: bands must be indices below {array.shape[2]}, got {list(bands)}'
                )
            return array[:, :, list(bands)], None
        if color_type == 'unchanged' or (array.dtype != np.uint8 and color_type != 'grayscale'):
            return array, None
        colors = self.colors()
        if color_type == 'grayscale':
            import cv2

            if colors.dtype != np.uint8 or colors.shape[2] != 3:
                raise DataError(f'{path}: {array.shape[2]} bands of {array.dtype} are not grey')
            return cv2.cvtColor(np.ascontiguousarray(colors), cv2.COLOR_RGB2GRAY)[..., None], None
        transparent = None
        if self.alpha is not None and array.shape[2] != colors.shape[2]:
            alpha = array[:, :, self.alpha]
            transparent = alpha == 0 if alpha.any() else None
        return colors, transparent


def read_npy(path: str, content: bytes | None, window: WindowLike | None) -> Raster:
    """Read a NumPy file of (H, W) or (H, W, C); from a path only the window is read.

    Args:
        path: Read from there if ``content`` is None; named in errors.
        content: All bytes of the file.
        window: ``(y0, y1, x0, x1)`` in pixels, or None for all.

    Raises:
        DataError: The file is truncated, holds objects, or has another number of axes.
    """
    try:
        if content is None:
            array = np.load(path, mmap_mode='r', allow_pickle=False)
        else:
            array = np.load(io.BytesIO(content), allow_pickle=False)
    except (ValueError, EOFError, OSError) as error:
        raise DataError(f'{path}: not a whole NumPy array of numbers ({error})') from error
    if array.ndim == 2:
        array = array[:, :, None]
    if array.ndim != 3:
        raise DataError(f'{path}: must be (height, width, bands), got shape {array.shape}')
    if array.shape[0] <= 16 < min(array.shape[1:]):
        raise DataError(
            f'{path}: must be (height, width, bands), got shape {array.shape}; '
            'save np.moveaxis(array, 0, -1)'
        )
    return Raster(np.array(cut(array, window, path)))


def cut(array: np.ndarray, window: WindowLike | None, path: str) -> np.ndarray:
    """The part of (H, W, C) that a window names.

    Raises:
        DataError: The window reaches outside the image or is empty.
    """
    if window is None:
        return array
    y0, y1, x0, x1 = window
    height, width = array.shape[:2]
    if not (0 <= y0 < y1 <= height and 0 <= x0 < x1 <= width):
        raise DataError(
            f'{path}: window (y0, y1, x0, x1) must lie inside {height}x{width}, got {tuple(window)}'
        )
    return array[y0:y1, x0:x1]


def kept_type(dtype: np.dtype, path: str | None) -> np.dtype:
    """The type in which images are handed on, one that OpenCV can resize.

    Args:
        dtype: Of the file.
        path: Named in errors.

    Returns:
        uint8 (bool too), uint16, int16 (int8 too), or float32 for all else.

    Raises:
        DataError: The pixels are not real numbers.
    """
    if dtype.kind not in 'buif':
        raise DataError(f'{path}: pixels must be real numbers, got {dtype}')
    kept = {'b1': 'u1', 'u1': 'u1', 'i1': 'i2', 'i2': 'i2', 'u2': 'u2'}
    return np.dtype(kept.get(f'{dtype.kind}{dtype.itemsize}', 'f4'))
