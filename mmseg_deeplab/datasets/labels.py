"""From stored label values to train ids: the one ignore rule, reduce_zero_label, label_map.

After this step 255 means ignored, to the loss and to the metric alike, and every other value
is a class id.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

import cv2
import numpy as np

from mmseg_deeplab.utils.errors import DataError

IGNORE = 255


def to_train_ids(
    stored: np.ndarray,
    *,
    reduce_zero_label: bool = False,
    label_map: Mapping[int, int] | None = None,
    ignore_index: int = IGNORE,
) -> np.ndarray:
    """Translate stored label values.

    Args:
        stored: (H, W) uint8.
        reduce_zero_label: 0 becomes 255, every other value one less, and 254 (255 before)
            becomes 255.
        label_map: Applied afterwards: old class id to new id, or to 255 for a class left out.
        ignore_index: A stored value that means ignored; 255 always does.

    Returns:
        (H, W) uint8, a new array.
    """
    if reduce_zero_label and label_map is None and ignore_index == IGNORE:
        # the table below in three vector operations: 0 wraps around to 255, 255 to 254 and back
        ids = stored - np.uint8(1)
        return np.bitwise_or(ids, (ids == IGNORE - 1).view(np.uint8), out=ids)
    pairs = None if label_map is None else tuple(sorted(label_map.items()))
    table = _translation(bool(reduce_zero_label), pairs, int(ignore_index))
    return cv2.LUT(np.ascontiguousarray(stored), table)


def check_train_ids(
    ids: np.ndarray, num_classes: int, stored: np.ndarray, path: str | None
) -> None:
    """Refuse labels outside the classes.

    Args:
        ids: (H, W) uint8, train ids.
        num_classes: Ids must be below this, or 255.
        stored: (H, W) uint8, the values that the file holds, for the message.
        path: Of the file, for the message.

    Raises:
        DataError: Naming the file, the stored values and their pixel counts.
    """
    # 255 + 1 wraps to 0, so that one maximum tells; counting is for the message
    if ids.size == 0 or int((ids + np.uint8(1)).max()) <= num_classes:
        return
    outside = (ids >= num_classes) & (ids != IGNORE)
    values, counts = np.unique(stored[outside], return_counts=True)
    shown = ', '.join(f'{v} ({n} pixels)' for v, n in zip(values[:8], counts[:8], strict=True))
    more = f' and {len(values) - 8} more' if len(values) > 8 else ''
    raise DataError(
        f'{path}: label values outside the {num_classes} classes: {shown}{more}; check classes, '
        'reduce_zero_label and the file; 255 is the value that is ignored'
    )


@lru_cache(maxsize=16)
def _translation(
    reduce_zero_label: bool, label_map: tuple[tuple[int, int], ...] | None, ignore_index: int
) -> np.ndarray:
    """The 256 answers."""
    value = np.arange(256, dtype=np.int64)
    table = value.copy()
    if reduce_zero_label:
        table = np.where(value == 0, IGNORE, value - 1)
        table[table == 254] = IGNORE
    if label_map is not None:
        new_id = dict(label_map)
        table = np.array([new_id.get(int(old), int(old)) for old in table])
    table[ignore_index] = IGNORE
    return table.astype(np.uint8)
