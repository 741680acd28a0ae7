"""Counting pairs of values where every value fits a byte, as class ids nearly always do."""

from __future__ import annotations

import cv2
import numpy as np
from torch import Tensor

_CACHED = 1 << 15  # values narrowed at a time: 256 KiB of int64 are read from memory only once
_EXACT = 1 << 23  # pixels counted at a time: OpenCV hands counts out as float32


def as_bytes(values: np.ndarray | Tensor) -> np.ndarray | None:
    """Values as one byte each, if nothing is lost by it.

    Args:
        values: Any shape.

    Returns:
        (N,) uint8, a view where the values are uint8 already; None where the values are not
        whole numbers from 0 to 255 in the computer's own memory.
    """
    if isinstance(values, Tensor):
        if values.device.type != 'cpu':
            return None
        values = values.numpy()
    if values.dtype.kind not in 'biu' or not values.dtype.isnative:
        return None
    # of the same bits without a sign: negative numbers become large ones, and one maximum tells
    flat = values.reshape(-1).view(f'u{values.dtype.itemsize}')
    if values.dtype in (np.uint8, np.bool_):
        return flat
    highest = 127 if values.dtype == np.int8 else 255
    narrow = np.empty(flat.size, dtype=np.uint8)
    for start in range(0, flat.size, _CACHED):
        part = flat[start : start + _CACHED]
        if part.max() > highest:
            return None
        narrow[start : start + _CACHED] = part
    return narrow


def count_pairs(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """How often each value stands beside each other value.

    Args:
        first: (N,) uint8.
        second: (N,) uint8.

    Returns:
        int64 (256, 256); entry ``[i, j]`` is the number of places where ``first`` is i and
        ``second`` is j.
    """
    table = np.zeros((256, 256), dtype=np.int64)
    for start in range(0, first.size, _EXACT):
        pair = [values[None, start : start + _EXACT] for values in (first, second)]
        counts = cv2.calcHist(pair, [0, 1], None, [256, 256], [0, 256, 0, 256])
        table += counts.astype(np.int64)
    return table
