"""Convolution, norm and activation, together and depthwise separable.

Legend of shapes: N batch, C channels, h, w feature map.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mmseg_deeplab.models.utils.build_layers import (
    RELU,
    build_activation,
    build_conv,
    build_norm,
    init_conv,
    norm_name,
)
from mmseg_deeplab.models.utils.constant_maps import convolve_with_constant


class ConvNormAct(nn.Module):
    """Convolution, then norm, then activation; state-dict names ``conv`` and ``bn``.

    A convolution followed by a norm has no bias.

    Args:
        in_channels: Channels of the input.
        out_channels: Channels of the output.
        kernel_size: Side of the kernel, pixels.
        stride: Step, pixels.
        padding: Zeros on each side, pixels.
        dilation: Distance of kernel taps, pixels.
        groups: Groups of channels that do not mix.
        conv_cfg: See :func:`build_conv`.
        norm_cfg: See :func:`build_norm`; None is no norm, and a bias.
        act_cfg: See :func:`build_activation`; None is no activation.

    Shape:
        - maps: (N, in_channels, h, w)
        - returned: (N, out_channels, h', w')

    Raises:
        ConfigError: Unknown layer type or arguments.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int,
        *,
        stride: int = 1,
        padding: int = 0,
        dilation: int = 1,
        groups: int = 1,
        conv_cfg: dict | None = None,
        norm_cfg: dict | None = None,
        act_cfg: dict | None = RELU,
    ) -> None:
        super().__init__()
        self.conv = build_conv(
            conv_cfg,
            in_channels,
            out_channels,
            kernel_size,
            stride=stride,
            padding=padding,
            dilation=dilation,
            groups=groups,
            bias=norm_cfg is None,
        )
        init_conv(self.conv)
        self._norm_name = None
        if norm_cfg is not None:
            norm = build_norm(norm_cfg, out_channels)
            self._norm_name = norm_name(norm)
            self.add_module(self._norm_name, norm)
        self.activate = None if act_cfg is None else build_activation(act_cfg)

    @property
    def norm(self) -> nn.Module | None:
        """The norm layer, whatever its name in the state dict."""
        return None if self._norm_name is None else getattr(self, self._norm_name)

    def forward(self, maps: Tensor, *more: Tensor, constant: Tensor | None = None) -> Tensor:
        """Convolved, normalised, activated map.

        Args:
            maps: (N, C, h, w).
            more: Further maps (N, C_i, h, w), whose channels follow.
            constant: (N, C0, 1, 1), channels before those of ``maps`` that are the same
                everywhere; they cost next to nothing.
        """
        if constant is not None:
            maps = convolve_with_constant(self.conv, constant, [maps, *more])
        else:
            maps = self.conv(torch.cat([maps, *more], dim=1) if more else maps)
        if self._norm_name is not None:
            maps = self.norm(maps)
        return maps if self.activate is None else self.activate(maps)


class DepthwiseSeparableConvNormAct(nn.Module):
    """A convolution per channel, then a 1x1 one over channels, each with norm and activation.

    As in the zoo, a head's ``conv_cfg`` does not reach these two (Xception, arXiv:1610.02357;
    DeepLabV3+, arXiv:1802.02611, section 3.2).

    Args:
        in_channels: Channels of the input.
        out_channels: Channels of the output.
        kernel_size: Side of the depthwise kernel, pixels.
        padding: Zeros on each side of the input, pixels.
        dilation: Distance of the depthwise kernel's taps, pixels.
        norm_cfg: See :func:`build_norm`.
        act_cfg: See :func:`build_activation`.

    Shape:
        - maps: (N, in_channels, h, w)
        - returned: (N, out_channels, h', w')
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int,
        *,
        padding: int = 0,
        dilation: int = 1,
        norm_cfg: dict | None = None,
        act_cfg: dict | None = RELU,
    ) -> None:
        super().__init__()
        self.depthwise_conv = ConvNormAct(
            in_channels,
            in_channels,
            kernel_size,
            padding=padding,
            dilation=dilation,
            groups=in_channels,
            norm_cfg=norm_cfg,
            act_cfg=act_cfg,
        )
        self.pointwise_conv = ConvNormAct(
            in_channels, out_channels, 1, norm_cfg=norm_cfg, act_cfg=act_cfg
        )

    def forward(self, maps: Tensor) -> Tensor:
        """Map of ``out_channels`` channels."""
        return self.pointwise_conv(self.depthwise_conv(maps))


class GlobalMeanPool(nn.Module):
    """Mean over height and width; unlike adaptive pooling, every exporter knows it."""

    def forward(self, maps: Tensor) -> Tensor:
        """Mean of each channel, (N, C, h, w) -> (N, C, 1, 1)."""
        return torch.mean(maps, dim=(2, 3), keepdim=True)


class WindowMeanPool(nn.Module):
    """Mean over a sliding window, moved by one cell; no padding.

    Args:
        window: Height and width, cells; cut to the map where that is smaller.
    """

    def __init__(self, window: Sequence[int]) -> None:
        super().__init__()
        self.window = tuple(window)

    def forward(self, maps: Tensor) -> Tensor:
        """Means, (N, C, h, w) -> (N, C, h - window height + 1, w - window width + 1)."""
        if torch.jit.is_tracing():
            return self.by_sums(maps)
        pairs = zip(self.window, maps.shape[2:], strict=True)
        return F.avg_pool2d(maps, [min(side, room) for side, room in pairs], stride=1)

    def by_sums(self, maps: Tensor) -> Tensor:
        """The same means by running sums, for exporters, whose windows cannot depend on the map.

        Shape:
            - maps: (N, C, h, w)
            - returned: (N, C, h - window height + 1, w - window width + 1)
        """
        for axis, side in zip((2, 3), self.window, strict=True):
            room = torch.as_tensor(maps.shape[axis])
            side = room.clamp(max=side)
            zeros = torch.zeros_like(maps.narrow(axis, 0, 1))
            sums = torch.cat([zeros, maps.cumsum(axis)], dim=axis)
            ends = torch.arange(side, room + 1, device=maps.device)
            maps = (sums.index_select(axis, ends) - sums.index_select(axis, ends - side)) / side
        return maps

    def extra_repr(self) -> str:
        """Shown by ``print(model)``."""
        return f'window={self.window}'
