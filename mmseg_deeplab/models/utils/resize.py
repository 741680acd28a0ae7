"""The one place that interpolates maps."""

from __future__ import annotations

from collections.abc import Sequence

import torch.nn.functional as F
from torch import Tensor


def resize(maps: Tensor, size: Sequence[int], *, align_corners: bool) -> Tensor:
    """Bilinear resize of a batch of maps.

    Args:
        maps: (N, C, h, w) float.
        size: Height and width wanted, pixels.
        align_corners: True puts the corner pixels' centres on each other; False, the zoo's
            value, their outer corners. It has no default because the two differ by up to
            half a cell of ``maps``.

    Returns:
        (N, C, H, W); ``maps`` itself where it has that size already.
    """
    height, width = size
    if maps.shape[-2] == height and maps.shape[-1] == width:
        return maps
    return F.interpolate(maps, size=(height, width), mode='bilinear', align_corners=align_corners)
