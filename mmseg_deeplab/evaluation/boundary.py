"""Boundary IoU: IoU of what lies near the outlines, to which the inside of large things is blind.

Legend of shapes: H, W image, K classes.
"""

from __future__ import annotations

import cv2
import numpy as np

from mmseg_deeplab.evaluation.confusion import count_confusion

RATIO = 0.02  # width of the boundary as a share of the image's diagonal (arXiv:2103.16562)
_KERNEL = np.ones((3, 3), np.uint8)


def boundary_width(shape: tuple[int, int], ratio: float = RATIO) -> int:
    """Pixels that a boundary is wide, at least 1.

    Args:
        shape: (H, W) of the image.
        ratio: Share of the diagonal.
    """
    return max(1, round(ratio * float(np.hypot(*shape))))


def eroded(ids: np.ndarray, width: int) -> np.ndarray:
    """The lowest value within ``width`` pixels of each, 0 beyond the image's edge.

    Args:
        ids: (H, W) uint8; a mask of 0 and 1, or a map of numbers.
        width: Pixels, in steps to all eight neighbours.

    Returns:
        (H, W) uint8.
    """
    framed = cv2.copyMakeBorder(ids, 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=0)
    return cv2.erode(framed, _KERNEL, iterations=width)[1:-1, 1:-1]


def count_boundaries(
    pred: np.ndarray, label: np.ndarray, num_classes: int, ignore_index: int = 255
) -> np.ndarray:
    """Pixels of the classes' boundaries in common and in all (arXiv:2103.16562, equation 2).

    Args:
        pred: (H, W) class ids.
        label: (H, W) class ids or ``ignore_index``; such pixels belong to no class in either map.
        num_classes: K.
        ignore_index: Label of pixels that do not count.

    Returns:
        int64 (2, K): of the boundaries of prediction and label, the pixels in both and in any.
    """
    width = boundary_width(label.shape)
    counts = np.zeros((2, num_classes), np.int64)
    ignored = label == ignore_index
    for index in range(num_classes):
        masks = [(ids == index) & ~ignored for ids in (pred, label)]
        if not any(mask.any() for mask in masks):
            continue
        inner = [eroded(mask.astype(np.uint8), width).astype(bool) for mask in masks]
        first, second = (mask & ~inside for mask, inside in zip(masks, inner, strict=True))
        counts[:, index] = (first & second).sum(), (first | second).sum()
    return counts


def count_label_map_boundaries(
    pred: np.ndarray, label: np.ndarray, num_classes: int, ignore_index: int = 255
) -> np.ndarray:
    """The same counts as Detectron2 makes them, whose values depend on how classes are numbered.

    It erodes the map of class numbers at once, takes the difference of the numbers for a class,
    and counts pixels that are ignored as class K.

    Args:
        pred: (H, W) class ids.
        label: (H, W) class ids or ``ignore_index``.
        num_classes: K, at most 254.
        ignore_index: Label of pixels that do not count.

    Returns:
        As :func:`count_boundaries`.
    """
    width = boundary_width(label.shape)
    maps = [np.where(label == ignore_index, num_classes, label), pred]
    differences = [ids - eroded(ids, width) for ids in (m.astype(np.uint8) for m in maps)]
    table = count_confusion(differences[1], differences[0], num_classes + 1, ignore_index=-1)
    table = table[:num_classes, :num_classes]
    both = table.diagonal()
    return np.stack([both, table.sum(axis=0) + table.sum(axis=1) - both])
