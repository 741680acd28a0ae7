"""Pixels without data: which they are, and what stands in for them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mmseg_deeplab.utils.errors import DataError

NoData = float | Sequence[float | None] | None


def invalid_pixels(array: np.ndarray, nodata: NoData, path: str | None) -> np.ndarray | None:
    """Where an image has no data.

    Args:
        array: (H, W, C).
        nodata: A number: no data where all bands hold it. A sequence, one entry for each band:
            no data where any band holds its own entry (None: never). None: nothing declared.
            NaN and infinity in any band are never data.
        path: Named in errors.

    Returns:
        (H, W) bool, or None if nothing can be invalid.

    Raises:
        DataError: The sequence is not as long as there are bands.
    """
    found = []
    if array.dtype.kind == 'f':
        found.append(~np.isfinite(array).all(axis=2))
    if isinstance(nodata, Sequence):
        if len(nodata) != array.shape[2]:
            raise DataError(
                f'{path}: nodata must be one number or one for each of {array.shape[2]} bands, '
                f'got {list(nodata)}'
            )
        pairs = enumerate(nodata)
        found += [array[:, :, band] == value for band, value in pairs if value is not None]
    elif nodata is not None:
        found.append((array == nodata).all(axis=2))
    return np.logical_or.reduce(found) if found else None


def fill_invalid(
    array: np.ndarray, invalid: np.ndarray | None
) -> tuple[np.ndarray, np.ndarray | None]:
    """Put each band's mean over the valid pixels where there is no data.

    A network then sees an average pixel there, not an extreme one.

    Args:
        array: (H, W, C); it is not changed.
        invalid: (H, W) bool, or None.

    Returns:
        The filled image and the (H, W) bool mask of valid pixels; ``array`` itself and None if
        all pixels are valid. Without a valid pixel the fill is 0.
    """
    if invalid is None or not invalid.any():
        return array, None
    valid = ~invalid
    filled = array.copy()
    if valid.any():
        mean = array[valid].mean(axis=0, dtype=np.float64)
        filled[invalid] = mean if array.dtype.kind == 'f' else np.rint(mean)
    else:
        filled[...] = 0
    return filled, valid
