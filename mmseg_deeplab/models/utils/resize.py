"""The one place that interpolates maps."""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor


def resize(
    input: Tensor,
    size: Sequence[int] | None = None,
    scale_factor: float | Sequence[float] | None = None,
    mode: str = 'nearest',
    align_corners: bool | None = None,
    warning: bool = True,
) -> Tensor:
    """Resize a batch of maps; arguments and defaults are those of MMSegmentation's function.

    Args:
        input: (N, C, h, w) float.
        size: Height and width wanted, pixels; or give ``scale_factor``.
        scale_factor: How many times larger the result is.
        mode: ``'nearest'``, ``'bilinear'``, ...: what ``F.interpolate`` takes.
        align_corners: For the smooth modes. True puts the corner pixels' centres on each
            other; False, the zoo's value, their outer corners: up to half a cell apart.
        warning: Has no effect, nothing is warned about.

    Returns:
        (N, C, H, W); ``input`` itself where it has that size already.
    """
    if size is not None:
        height, width = size
        # a traced network must resize at every size, also where the example's size is right
        same = input.shape[-2] == height and input.shape[-1] == width
        if same and not torch.jit.is_tracing():
            return input
        size = (height, width)
    return F.interpolate(input, size, scale_factor, mode, align_corners)


def nearest_aligned(maps: Tensor, size: Sequence[int]) -> Tensor:
    """Resize by the nearest cell when corner cells lie on each other; halves go up.

    Args:
        maps: (N, C, h, w).
        size: Height and width wanted, cells.

    Returns:
        (N, C, H, W).
    """
    for axis, wanted in zip((2, 3), size, strict=True):
        # a tensor: as a number it would be a constant in a traced network
        steps = torch.as_tensor(wanted - 1).clamp(min=1)
        # floor(i * (side - 1) / steps + 1/2) in whole numbers: exact at the halves
        places = torch.arange(wanted, device=maps.device) * (2 * (maps.shape[axis] - 1)) + steps
        maps = maps.index_select(axis, places // (2 * steps))
    return maps
