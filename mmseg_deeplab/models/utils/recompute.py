"""Less memory for more time: maps that are computed again in the backward pass."""

from __future__ import annotations

from collections.abc import Callable

import torch.utils.checkpoint
from torch import Tensor


def run_block(block: Callable[[Tensor], Tensor], maps: Tensor, with_cp: bool) -> Tensor:
    """``block(maps)``, whose inner maps are not kept with ``with_cp``.

    Args:
        block: Maps (N, C, h, w) to (N, C', h', w').
        maps: Its input; without a gradient there is nothing to save.
        with_cp: Compute the inner maps again in the backward pass.
    """
    if with_cp and maps.requires_grad:
        return torch.utils.checkpoint.checkpoint(block, maps, use_reentrant=False)
    return block(maps)
