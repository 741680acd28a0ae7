"""Weights, reductions and cross entropies with MMSegmentation's names and call forms.

For losses that users wrote for it; this project's own losses use ``functional``.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

from torch import Tensor

from mmseg_deeplab.models.losses import functional
from mmseg_deeplab.models.losses.base import check_reduction
from mmseg_deeplab.models.losses.class_weight import class_weight_tensor


def get_class_weight(class_weight: Sequence[float] | str | None) -> list[float] | None:
    """Class weights as a list.

    Args:
        class_weight: A number for each class, or a file as for
            :func:`~mmseg_deeplab.models.losses.class_weight.class_weight_tensor`.
    """
    weights = class_weight_tensor(class_weight)
    return None if weights is None else weights.tolist()


def reduce_loss(loss: Tensor, reduction: str) -> Tensor:
    """A loss reduced as a loss class does it.

    Args:
        loss: Any shape.
        reduction: ``'none'``, ``'mean'`` or ``'sum'``.

    Raises:
        ConfigError: Another ``reduction``.
    """
    return functional.reduce_loss(loss, reduction=check_reduction(reduction))


def weight_reduce_loss(
    loss: Tensor,
    weight: Tensor | None = None,
    reduction: str = 'mean',
    avg_factor: Tensor | float | None = None,
) -> Tensor:
    """Weigh the elements of a loss and reduce them.

    Args:
        loss: Any shape.
        weight: Factor of each element, of a shape that broadcasts to the loss.
        reduction: ``'none'``, ``'mean'`` or ``'sum'``.
        avg_factor: What ``'mean'`` divides the sum by; None is the number of elements.

    Raises:
        ValueError: ``avg_factor`` together with ``'sum'``.
    """
    return functional.reduce_loss(
        loss, weight=weight, reduction=check_reduction(reduction), avg_factor=avg_factor
    )


def weighted_loss(loss_func: Callable[..., Tensor]) -> Callable[..., Tensor]:
    """Give a function of prediction and target the arguments of :func:`weight_reduce_loss`.

    Args:
        loss_func: ``loss_func(pred, target, ...)`` returns a value for each element.

    Returns:
        ``f(pred, target, weight=None, reduction='mean', avg_factor=None, ...)``.
    """

    @functools.wraps(loss_func)
    def reduced(
        pred: Tensor,
        target: Tensor,
        weight: Tensor | None = None,
        reduction: str = 'mean',
        avg_factor: Tensor | float | None = None,
        **more: Any,
    ) -> Tensor:
        loss = loss_func(pred, target, **more)
        return weight_reduce_loss(loss, weight, reduction, avg_factor)

    return reduced


def cross_entropy(
    pred: Tensor,
    label: Tensor,
    weight: Tensor | None = None,
    class_weight: Sequence[float] | Tensor | None = None,
    reduction: str = 'mean',
    avg_factor: Tensor | float | None = None,
    ignore_index: int = -100,
    avg_non_ignore: bool = False,
) -> Tensor:
    """Cross entropy of each pixel's softmax; see :func:`.functional.softmax_cross_entropy`.

    Args:
        pred: (N, K, H, W) logits.
        label: (N, H, W) int64 in 0..K-1 or ``ignore_index``.
        weight: (N, H, W) factor of each pixel.
        class_weight: K factors, one of each class.
        reduction: ``'none'``, ``'mean'`` or ``'sum'``.
        avg_factor: Overrides what the mean divides by.
        ignore_index: Label whose pixels cost nothing.
        avg_non_ignore: Do not count ignored pixels in the mean.

    Raises:
        ConfigError: Another ``reduction``.
    """
    return functional.softmax_cross_entropy(
        pred,
        label,
        weight=weight,
        class_weight=_weights(class_weight, pred),
        reduction=check_reduction(reduction),
        avg_factor=avg_factor,
        ignore_index=ignore_index,
        avg_non_ignore=avg_non_ignore,
    )


def binary_cross_entropy(
    pred: Tensor,
    label: Tensor,
    weight: Tensor | None = None,
    reduction: str = 'mean',
    avg_factor: Tensor | float | None = None,
    class_weight: Sequence[float] | Tensor | None = None,
    ignore_index: int = -100,
    avg_non_ignore: bool = False,
) -> Tensor:
    """Binary cross entropy of each class; see :func:`.functional.sigmoid_cross_entropy`.

    Args:
        pred: (N, K, H, W) logits; with K = 1 the labels are 0 and 1.
        label: (N, H, W) int64 or ``ignore_index``.
        weight: (N, H, W) factor of each pixel.
        reduction: ``'none'``, ``'mean'`` or ``'sum'``.
        avg_factor: Overrides what the mean divides by.
        class_weight: K factors, one of each class's positive pixels.
        ignore_index: Label whose pixels cost nothing.
        avg_non_ignore: Do not count ignored pixels in the mean.

    Raises:
        ConfigError: Another ``reduction``.
    """
    return functional.sigmoid_cross_entropy(
        pred,
        label,
        weight=weight,
        class_weight=_weights(class_weight, pred),
        reduction=check_reduction(reduction),
        avg_factor=avg_factor,
        ignore_index=ignore_index,
        avg_non_ignore=avg_non_ignore,
    )


def _weights(class_weight: Sequence[float] | Tensor | None, like: Tensor) -> Tensor | None:
    if class_weight is None or isinstance(class_weight, Tensor):
        return class_weight
    return like.new_tensor(class_weight)
