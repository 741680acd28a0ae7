"""A convolution layer that computes 3x3 ones by Winograd's way where that is faster."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from mmseg_deeplab.utils.winograd import TILES, tiles_of, winograd_conv2d

_LEAST_PRODUCTS = 256 * 128  # of channels in and out; below it the plain way was as fast
_LEAST_TILES = 192  # with fewer, what is done to the weights outweighs what is saved
_LEAST_FILLED = 0.75  # of the tiles


class FastConv2d(nn.Conv2d):
    """``nn.Conv2d`` with a second way to compute, the same up to rounding for finite numbers.

    It is taken where it is the same convolution and can be faster: 3x3 with stride 1 on many
    channels and large enough maps, in float32 on a CPU.
    """

    def forward(self, input: Tensor) -> Tensor:
        """Convolved map, as ``nn.Conv2d`` has it."""
        return convolve(self, input, self.weight)


def hasten(model: nn.Module, *, fast: bool = True) -> None:
    """Make a model's plain convolutions :class:`FastConv2d` in place, or plain again.

    Their weights, names and hooks stay. Layers of other classes, also derived ones, are left
    alone.

    Args:
        model: With layers of ``nn.Conv2d``.
        fast: False turns them back.
    """
    old, new = (nn.Conv2d, FastConv2d) if fast else (FastConv2d, nn.Conv2d)
    for layer in model.modules():
        if type(layer) is old:
            layer.__class__ = new


def convolve(layer: nn.Conv2d, maps: Tensor, weight: Tensor) -> Tensor:
    """Convolve as a layer does, with another weight, such as that of some of its channels.

    Args:
        layer: Its other settings and its bias are used.
        maps: (N, C, h, w).
        weight: (out_channels, C, kernel height, kernel width).

    Returns:
        (N, out_channels, h', w').
    """
    tile = _tile(layer, maps, weight) if isinstance(layer, FastConv2d) else 0
    if not tile:
        return layer._conv_forward(maps, weight, layer.bias)
    found = winograd_conv2d(maps, weight, dilation=layer.dilation[0], tile=tile)
    return found if layer.bias is None else found + layer.bias.view(1, -1, 1, 1)


def _tile(layer: nn.Conv2d, maps: Tensor, weight: Tensor) -> int:
    """The side of the tiles to compute with; 0 is the plain way."""
    # an exported or compiled network and autocast have ways of their own
    if torch.jit.is_tracing() or torch.compiler.is_compiling():
        return 0
    if torch.is_autocast_enabled('cpu'):
        return 0
    if not (
        layer.kernel_size == (3, 3)
        and layer.stride == (1, 1)
        and layer.padding == layer.dilation
        and layer.dilation[0] == layer.dilation[1]
        and layer.groups == 1
        and layer.padding_mode == 'zeros'
        and weight.shape[0] * weight.shape[1] >= _LEAST_PRODUCTS
        and maps.dtype == weight.dtype == torch.float32
        and maps.device.type == 'cpu'
        and maps.dim() == 4
        and maps.numel() > 0
    ):
        return 0
    images, _, height, width = maps.shape
    for tile in sorted(TILES, reverse=True):
        count, filled = tiles_of(height, width, dilation=layer.dilation[0], tile=tile)
        if images * count >= _LEAST_TILES and filled >= _LEAST_FILLED:
            return tile
    return 0
