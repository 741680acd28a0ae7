"""How many pixels are right, for the training log."""

from __future__ import annotations

import torch
from torch import Tensor

_EPS = torch.finfo(torch.float32).eps


def accuracy(predicted: Tensor, labels: Tensor, *, ignore_index: int = 255) -> Tensor:
    """Share of the pixels that count whose class is right.

    Args:
        predicted: (N, H, W) class ids.
        labels: (N, H, W) int64 or ``ignore_index``.
        ignore_index: Label that does not count.

    Returns:
        Percent, a scalar; 100 when no pixel counts, as MMSegmentation logs it.
    """
    valid = labels != ignore_index
    right = ((predicted == labels) & valid).sum()
    return 100.0 * (right + _EPS) / (valid.sum() + _EPS)
