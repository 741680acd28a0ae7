"""The project's 2D convolution: PyTorch's, which may compute 3x3 ones by Winograd's way."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from mmseg_deeplab.utils.winograd import TILES, tiles_of, winograd_conv2d

_LEAST_PRODUCTS = 256 * 128  # of channels in and out; below it the plain way was as fast
_LEAST_TILES = 192  # with fewer, what is done to the weights outweighs what is saved
_LEAST_FILLED = 0.75  # of the tiles


class Conv2d(nn.Conv2d):
    """``nn.Conv2d`` with a second way to compute, the same up to rounding.

    Attributes:
        winograd: Compute by :func:`winograd_conv2d` where that is the same convolution and can be
            faster: 3x3 with stride 1 on many channels, in float32 on a CPU. False, as a new layer
            has it, is the plain way.
    """

    winograd: bool = False

    def forward(self, maps: Tensor) -> Tensor:
        """Convolved map.

        Shape:
            - maps: (N, in_channels, h, w)
            - returned: (N, out_channels, h', w')
        """
        return self.convolve(maps, self.weight)

    def convolve(self, maps: Tensor, weight: Tensor) -> Tensor:
        """Convolve with another weight, such as that of some of the channels.

        Args:
            maps: (N, C, h, w).
            weight: (out_channels, C, kernel height, kernel width).
        """
        tile = self._tile(maps, weight) if self.winograd else 0
        if not tile:
            return self._conv_forward(maps, weight, self.bias)
        found = winograd_conv2d(maps, weight, dilation=self.dilation[0], tile=tile)
        return found if self.bias is None else found + self.bias.view(1, -1, 1, 1)

    def _tile(self, maps: Tensor, weight: Tensor) -> int:
        """The side of the tiles to compute with; 0 is the plain way."""
        # an exported or compiled network and autocast have ways of their own
        if torch.jit.is_tracing() or torch.compiler.is_compiling():
            return 0
        if torch.is_autocast_enabled('cpu'):
            return 0
        if not (
            self.kernel_size == (3, 3)
            and self.stride == (1, 1)
            and self.padding == self.dilation
            and self.dilation[0] == self.dilation[1]
            and self.groups == 1
            and self.padding_mode == 'zeros'
            and weight.shape[0] * weight.shape[1] >= _LEAST_PRODUCTS
            and maps.dtype == weight.dtype == torch.float32
            and maps.device.type == 'cpu'
        ):
            return 0
        images, _, height, width = maps.shape
        for tile in sorted(TILES, reverse=True):
            count, filled = tiles_of(height, width, dilation=self.dilation[0], tile=tile)
            if images * count >= _LEAST_TILES and filled >= _LEAST_FILLED:
                return tile
        return 0
