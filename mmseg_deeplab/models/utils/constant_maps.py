"""Convolution of maps some of whose channels are the same everywhere.

Legend of shapes: N batch, C channels, h, w feature map.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mmseg_deeplab.utils.conv import FastConv2d, convolve

_ABSENT = 3  # of five cells in a row; so 0, 1, 2 are a first, an inner, a last one, 4 stands alone


def convolve_with_constant(conv: nn.Module, constant: Tensor, maps: list[Tensor]) -> Tensor:
    """``conv(cat([constant everywhere, *maps]))``, without convolving the constant channels.

    A 3x3 convolution of a constant has nine different values, whatever the size of the map: one
    inside, one at each edge and one in each corner, where some taps meet the padding; a 1x1 one
    has a single value. They come from a map of a few cells and are added to the convolution of
    the other channels. Image pooling is a fifth of the channels that ASPP joins.

    Args:
        conv: Takes the channels of ``constant``, then those of ``maps``. Anything but a plain 3x3
            or 1x1 convolution that keeps the size of the map is computed as it stands.
        constant: (N, C0, 1, 1).
        maps: (N, C_i, h, w) each.

    Returns:
        (N, out_channels, h, w), equal up to the order of the sum.
    """
    if not _is_plain(conv):
        height, width = maps[0].shape[2:]
        return conv(torch.cat([constant.expand(-1, -1, height, width), *maps], dim=1))
    split = constant.shape[1]
    joined = torch.cat(maps, dim=1)
    varying = convolve(conv, joined, conv.weight[:, split:])
    weight = conv.weight[:, :split]
    if conv.kernel_size == (1, 1):
        return varying + F.conv2d(constant, weight)
    present = torch.arange(5, device=constant.device) != _ABSENT
    cells = F.conv2d(constant * torch.outer(present, present), weight, padding=1)
    rows, columns = (_cell_of_each(size, cells.device) for size in varying.shape[2:])
    return varying + cells[:, :, rows][:, :, :, columns]


def _is_plain(conv: nn.Module) -> bool:
    return (
        type(conv) in (nn.Conv2d, FastConv2d)
        and (conv.kernel_size, conv.padding) in (((3, 3), (1, 1)), ((1, 1), (0, 0)))
        and conv.stride == conv.dilation == (1, 1)
        and conv.groups == 1
        and conv.padding_mode == 'zeros'
        and not (conv._forward_hooks or conv._forward_pre_hooks or conv._backward_hooks)
    )


def _cell_of_each(size: int, device: torch.device) -> Tensor:
    """The cell that each row is like: 0, 1, 1, ..., 1, 2; or 4 for a single row.

    Arithmetic without a branch, so that an exported network is right for every size.
    """
    place = torch.arange(size, device=device)
    first, last = place == 0, place == size - 1
    return (~first).long() + last.long() + 3 * (first & last).long()
