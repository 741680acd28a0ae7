"""Test-time augmentation: the views of an image, and the mean of their probabilities."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from mmseg_deeplab.utils.errors import DataError
from mmseg_deeplab.utils.precision import at_least_float32

# the "ms+flip" columns of the published tables
DEFAULT_RATIOS = (0.5, 0.75, 1.0, 1.25, 1.5, 1.75)


class View(NamedTuple):
    """One way to look at an image: scaled by ``ratio``, mirrored left to right or not."""

    ratio: float
    flip: bool


def tta_views(ratios: Sequence[float] = DEFAULT_RATIOS, *, flip: bool = True) -> list[View]:
    """The views of multi-scale and flip testing; each ratio without, then with the flip.

    Args:
        ratios: Scale factors, above 0.
        flip: Whether each ratio comes mirrored as well.

    Raises:
        ValueError: No ratio, or one that is not above 0.
    """
    if not ratios or min(ratios) <= 0:
        raise ValueError(f'ratios must be scale factors above 0, got {tuple(ratios)}')
    return [View(ratio, mirrored) for ratio in ratios for mirrored in ((False, True)[: 1 + flip])]


class ProbabilityMean:
    """Running mean of class probabilities, with memory for one map however many views."""

    def __init__(self) -> None:
        self._sum: Tensor | None = None
        self._views = 0

    def add(self, probabilities: Tensor) -> None:
        """Add one view.

        Args:
            probabilities: (K, H, W) or (N, K, H, W), un-flipped and at the image's own size;
                left as they are.

        Raises:
            DataError: Its shape differs from that of the views before.
        """
        if self._sum is not None and self._sum.shape != probabilities.shape:
            raise DataError(
                f'all views must have one shape, got {tuple(probabilities.shape)} after '
                f'{tuple(self._sum.shape)}; resize each view to the image before merging'
            )
        if self._sum is None:
            self._sum = probabilities.clone()
        else:
            self._sum += probabilities
        self._views += 1

    def mean(self) -> Tensor:
        """Mean probability, of the views' shape.

        Raises:
            ValueError: No view was added.
        """
        if self._sum is None:
            raise ValueError('there is no view to average; add at least one')
        return self._sum / self._views


def merge_probabilities(views: Iterable[Tensor]) -> Tensor:
    """Mean over views of the softmax of their logits, one view in memory at a time.

    Args:
        views: Logits (K, H, W) of each view, un-flipped and at the image's own size; a
            generator is read lazily.

    Returns:
        (K, H, W) float32, each pixel's classes summing to one (unless K is 1: sigmoid).

    Raises:
        ValueError: No view.
        DataError: Views of different shapes.
    """
    mean = ProbabilityMean()
    for logits in views:
        mean.add(probabilities(logits))
    return mean.mean()


def log_probabilities(probabilities: Tensor) -> Tensor:
    """The inverse of :func:`probabilities`: logits that give these.

    Args:
        probabilities: (K, H, W) or (N, K, H, W); where K is above 1 they sum to one.

    Returns:
        A new tensor of the same shape, finite everywhere.
    """
    limits = torch.finfo(probabilities.dtype)
    if probabilities.shape[-3] == 1:
        return torch.logit(probabilities, eps=limits.eps)
    return probabilities.clamp_min(limits.tiny).log()


def probabilities(logits: Tensor) -> Tensor:
    """Class probabilities: a sigmoid for one channel, else a softmax over the classes.

    Args:
        logits: (K, H, W) or (N, K, H, W).

    Returns:
        A new tensor of the same shape, float32 (float64 of float64).
    """
    logits = at_least_float32(logits)
    if logits.shape[-3] == 1:
        return torch.sigmoid(logits)
    return torch.softmax(logits, dim=-3)
