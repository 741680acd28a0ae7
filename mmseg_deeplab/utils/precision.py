"""How precisely logits are added, averaged and compared."""

from __future__ import annotations

import torch
from torch import Tensor


def at_least_float32(maps: Tensor) -> Tensor:
    """The tensor in float32, or as it is if it is float64.

    Args:
        maps: Any shape; of autocast often float16 or bfloat16, whose 8 or 11 bits cannot hold
            a sum over a million pixels.
    """
    return maps if maps.dtype == torch.float64 else maps.float()
