"""How many pixels are right, for the training log."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from mmseg_deeplab.utils.errors import ConfigError, ConfigTypeError

_EPS = torch.finfo(torch.float32).eps


def accuracy(
    pred: Tensor,
    target: Tensor,
    topk: int | Sequence[int] = 1,
    thresh: float | None = None,
    ignore_index: int | None = None,
) -> Tensor | list[Tensor]:
    """Share of the pixels that count whose class is right.

    Args:
        pred: (N, K, ...) scores; or class ids of the target's shape.
        target: (N, ...) int64 or ``ignore_index``.
        topk: A pixel is right if its class is among so many highest scores; several numbers
            give several results. Class ids allow 1 only.
        thresh: Scores up to this are never right; needs scores.
        ignore_index: Label that does not count; None counts every pixel.

    Returns:
        Percent, a scalar, or one for each number in ``topk``; 100 when no pixel counts, as
        MMSegmentation logs it.

    Raises:
        ConfigError: The shapes do not fit, or ``topk`` is more than there are classes.
        ConfigTypeError: ``topk`` is neither a number nor some.
    """
    some = isinstance(topk, Sequence) and len(topk) > 0
    if not isinstance(topk, int) and not (some and all(isinstance(one, int) for one in topk)):
        raise ConfigTypeError(f'topk must be a whole number or several, got {topk!r}')
    counts = [topk] if isinstance(topk, int) else list(topk)
    right = _right(pred, target, max(counts), thresh)
    valid = torch.ones_like(target, dtype=torch.bool)
    if ignore_index is not None:
        valid = target != ignore_index
    found = [
        100.0 * ((right[:, :count] & valid.unsqueeze(1)).sum() + _EPS) / (valid.sum() + _EPS)
        for count in counts
    ]
    return found[0] if isinstance(topk, int) else found


class Accuracy(nn.Module):
    """:func:`accuracy` as a module; its arguments are the function's."""

    def __init__(
        self,
        topk: int | Sequence[int] = (1,),
        thresh: float | None = None,
        ignore_index: int | None = None,
    ) -> None:
        super().__init__()
        self.topk = topk
        self.thresh = thresh
        self.ignore_index = ignore_index

    def forward(self, pred: Tensor, target: Tensor) -> Tensor | list[Tensor]:
        """Percent of right pixels of ``pred`` (N, K, ...) and ``target`` (N, ...)."""
        return accuracy(pred, target, self.topk, self.thresh, self.ignore_index)


def _right(pred: Tensor, target: Tensor, most: int, thresh: float | None) -> Tensor:
    """(N, most, ...) bool: whether the class of that rank is the pixel's."""
    if pred.shape == target.shape and most == 1 and thresh is None:
        return (pred == target).unsqueeze(1)
    if pred.dim() != target.dim() + 1 or pred.shape[0] != target.shape[0]:
        raise ConfigError(
            'pred must be (N, K, ...) scores for a target of (N, ...), got '
            f'{tuple(pred.shape)} and {tuple(target.shape)}'
        )
    if most > pred.shape[1]:
        raise ConfigError(f'topk must be at most {pred.shape[1]}, the classes, got {most}')
    scores, classes = pred.topk(most, dim=1)
    right = classes == target.unsqueeze(1)
    return right if thresh is None else right & (scores > thresh)
