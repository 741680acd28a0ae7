"""The strongest classifier that sees one pixel's colour and nothing else.

A joint histogram of 32x32x32 colours is the Bayes classifier of such a pixel, but for the noise
of rare colours, which smoothing takes out. How much to smooth and how much to favour rare
classes is chosen on the held-out scenes themselves, in the classifier's favour.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

BINS = 32
SMOOTHING = (0.0, 0.7, 1.0, 1.5, 2.5)  # standard deviation of a Gaussian, in bins
BALANCE = (0.0, 0.5, 1.0)  # 0: classes as frequent as they are; 1: all alike

Scene = tuple[np.ndarray, np.ndarray]


def best_mean_iou(
    train: Iterable[Scene], held_out: Iterable[Scene], num_classes: int, *, level: bool = False
) -> float:
    """Fit on some scenes and score on others.

    Args:
        train: Images (H, W, 3) uint8 and class ids (H, W), 255 = ignored.
        held_out: The same, of other scenes.
        num_classes: K.
        level: Divide each image by its mean colour first, which undoes colour casts.

    Returns:
        mIoU, 0 to 1, of the best setting.
    """
    counts = joint_counts(train, num_classes, level)
    asked = joint_counts(held_out, num_classes, level).reshape(num_classes, -1)
    return max(
        mean_iou(asked, choose(counts, smoothing, balance))
        for smoothing in SMOOTHING
        for balance in BALANCE
    )


def joint_counts(scenes: Iterable[Scene], num_classes: int, level: bool) -> np.ndarray:
    """How often each colour occurs in each class, (K, 32, 32, 32)."""
    counts = np.zeros(num_classes * BINS**3)
    for image, ids in scenes:
        known = ids != 255
        pixels = image[known].astype(np.float32)
        if level:
            pixels = np.clip(pixels / pixels.mean(axis=0) * 100, 0, 255)
        colour = (pixels * (BINS / 256)).astype(int) @ (BINS**2, BINS, 1)
        index = ids[known].astype(int) * BINS**3 + colour
        counts += np.bincount(index, minlength=len(counts))
    return counts.reshape(num_classes, BINS, BINS, BINS)


def choose(counts: np.ndarray, smoothing: float, balance: float) -> np.ndarray:
    """The class of each colour, (32768,)."""
    smooth = counts
    for axis in (1, 2, 3) if smoothing else ():
        smooth = sum(weight * shifted(smooth, step, axis) for step, weight in gaussian(smoothing))
    weighted = smooth / smooth.sum(axis=(1, 2, 3), keepdims=True) ** balance
    return weighted.reshape(len(counts), -1).argmax(axis=0)


def gaussian(deviation: float) -> Iterator[tuple[int, float]]:
    """Steps and weights of a Gaussian."""
    reach = int(np.ceil(3 * deviation))
    for step in range(-reach, reach + 1):
        yield step, float(np.exp(-0.5 * (step / deviation) ** 2))


def shifted(array: np.ndarray, step: int, axis: int) -> np.ndarray:
    """An array moved along an axis, zeros coming in."""
    moved = np.roll(array, step, axis)
    edge = [slice(None)] * array.ndim
    edge[axis] = slice(0, step) if step >= 0 else slice(step, None)
    if step:
        moved[tuple(edge)] = 0
    return moved


def mean_iou(asked: np.ndarray, chosen: np.ndarray) -> float:
    """mIoU of giving each colour one class.

    Args:
        asked: (K, colours) pixels of each class and colour.
        chosen: (colours,) the class given.
    """
    confusion = np.stack([asked[:, chosen == k].sum(axis=1) for k in range(len(asked))], axis=1)
    hit = np.diag(confusion)
    return float(np.mean(hit / (confusion.sum(0) + confusion.sum(1) - hit)))
