"""Blocks of a UNet: convolutions in a row, and what doubles a map.

Legend of shapes: N batch, C channels, h, w feature map.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch.nn.functional as F
from torch import Tensor, nn

from mmseg_deeplab.models.utils.build_layers import (
    BATCH_NORM,
    RELU,
    build_activation,
    build_norm,
    construct_layer,
)
from mmseg_deeplab.models.utils.layers import ConvNormAct
from mmseg_deeplab.models.utils.recompute import run_block
from mmseg_deeplab.models.utils.resize import resize
from mmseg_deeplab.registry import MODELS
from mmseg_deeplab.utils.errors import ConfigError

_BILINEAR = {'scale_factor': 2, 'mode': 'bilinear', 'align_corners': False}


class BasicConvBlock(nn.Module):
    """3x3 convolutions in a row; the first may stride, the others may dilate.

    Args:
        in_channels: Channels of the input.
        out_channels: Channels of the output.
        num_convs: How many.
        stride: Step of the first, pixels.
        dilation: Dilation of all but the first, pixels.
        with_cp: Recompute the block in the backward pass.
        conv_cfg: Convolutions, see :func:`build_conv`.
        norm_cfg: Norm layers; None is batch norm.
        act_cfg: Activations; None is ReLU.

    Shape:
        - maps: (N, in_channels, h, w)
        - returned: (N, out_channels, h / stride, w / stride)
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        num_convs: int = 2,
        stride: int = 1,
        dilation: int = 1,
        with_cp: bool = False,
        conv_cfg: dict | None = None,
        norm_cfg: dict | None = None,
        act_cfg: dict | None = None,
    ) -> None:
        super().__init__()
        self.with_cp = with_cp
        self.convs = nn.Sequential(
            *(
                ConvNormAct(
                    out_channels if index else in_channels,
                    out_channels,
                    3,
                    stride=1 if index else stride,
                    padding=dilation if index else 1,
                    dilation=dilation if index else 1,
                    conv_cfg=conv_cfg,
                    norm_cfg=BATCH_NORM if norm_cfg is None else norm_cfg,
                    act_cfg=RELU if act_cfg is None else act_cfg,
                )
                for index in range(num_convs)
            )
        )

    def forward(self, maps: Tensor) -> Tensor:
        """Convolved map."""
        return run_block(self.convs, maps, self.with_cp)


class Upsample(nn.Module):
    """Resize to a size, or by a factor with the result rounded down.

    Args:
        size: Height and width, pixels; or give ``scale_factor``.
        scale_factor: Of height and width.
        mode: What ``F.interpolate`` takes.
        align_corners: For the smooth modes.
    """

    def __init__(
        self,
        size: Sequence[int] | None = None,
        scale_factor: float | None = None,
        mode: str = 'nearest',
        align_corners: bool | None = None,
    ) -> None:
        super().__init__()
        self.size = size
        self.scale_factor = scale_factor
        self.mode = mode
        self.align_corners = align_corners

    def forward(self, maps: Tensor) -> Tensor:
        """Resized map, (N, C, h, w) -> (N, C, h', w')."""
        if self.size:
            return resize(maps, self.size, mode=self.mode, align_corners=self.align_corners)
        # rounded by PyTorch itself, which a traced network does anew for each image's size
        return F.interpolate(
            maps,
            scale_factor=float(self.scale_factor),
            mode=self.mode,
            align_corners=self.align_corners,
            recompute_scale_factor=True,
        )


@MODELS.register_module()
class InterpConv(nn.Module):
    """Interpolation and a convolution, one after the other.

    Args:
        in_channels: Channels of the input.
        out_channels: Channels of the output.
        with_cp: Recompute in the backward pass.
        norm_cfg: Norm layers; None is batch norm.
        act_cfg: Activations; None is ReLU.
        conv_cfg: Convolution, see :func:`build_conv`.
        conv_first: Convolve before the interpolation instead of after it.
        kernel_size: Side of the kernel, pixels.
        stride: Step of the convolution, pixels.
        padding: Zeros on each side, pixels.
        upsample_cfg: Arguments of :class:`Upsample`; None doubles bilinearly.

    Shape:
        - maps: (N, in_channels, h, w)
        - returned: (N, out_channels, 2h, 2w) with the default ``upsample_cfg``

    Raises:
        ConfigError: A key of ``upsample_cfg`` that :class:`Upsample` does not take.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        with_cp: bool = False,
        norm_cfg: dict | None = None,
        act_cfg: dict | None = None,
        *,
        conv_cfg: dict | None = None,
        conv_first: bool = False,
        kernel_size: int = 1,
        stride: int = 1,
        padding: int = 0,
        upsample_cfg: dict | None = None,
    ) -> None:
        super().__init__()
        self.with_cp = with_cp
        conv = ConvNormAct(
            in_channels,
            out_channels,
            kernel_size,
            stride=stride,
            padding=padding,
            conv_cfg=conv_cfg,
            norm_cfg=BATCH_NORM if norm_cfg is None else norm_cfg,
            act_cfg=RELU if act_cfg is None else act_cfg,
        )
        options = _BILINEAR if upsample_cfg is None else upsample_cfg
        upsample = construct_layer('upsample_cfg', options, Upsample, **options)
        layers = (conv, upsample) if conv_first else (upsample, conv)
        self.interp_upsample = nn.Sequential(*layers)

    def forward(self, maps: Tensor) -> Tensor:
        """Larger map."""
        return run_block(self.interp_upsample, maps, self.with_cp)


@MODELS.register_module()
class DeconvModule(nn.Module):
    """A transposed convolution, norm and activation.

    Args:
        in_channels: Channels of the input.
        out_channels: Channels of the output.
        with_cp: Recompute in the backward pass.
        norm_cfg: Norm layers; None is batch norm.
        act_cfg: Activations; None is ReLU.
        kernel_size: Side of the kernel, pixels; ``scale_factor`` or an even number more.
        scale_factor: How many times larger the result is.

    Shape:
        - maps: (N, in_channels, h, w)
        - returned: (N, out_channels, h * scale_factor, w * scale_factor)

    Raises:
        ConfigError: ``kernel_size`` does not fit ``scale_factor``.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        with_cp: bool = False,
        norm_cfg: dict | None = None,
        act_cfg: dict | None = None,
        *,
        kernel_size: int = 4,
        scale_factor: int = 2,
    ) -> None:
        super().__init__()
        excess = kernel_size - scale_factor
        if excess < 0 or excess % 2:
            raise ConfigError(
                f'kernel_size of DeconvModule must be scale_factor (={scale_factor}) or an even '
                f'number more, got {kernel_size}'
            )
        self.with_cp = with_cp
        deconv = nn.ConvTranspose2d(
            in_channels, out_channels, kernel_size, stride=scale_factor, padding=excess // 2
        )
        norm = build_norm(BATCH_NORM if norm_cfg is None else norm_cfg, out_channels)
        activate = build_activation(RELU if act_cfg is None else act_cfg)
        self.deconv_upsamping = nn.Sequential(deconv, norm, activate)  # (sic) a published name

    def forward(self, maps: Tensor) -> Tensor:
        """Larger map."""
        return run_block(self.deconv_upsamping, maps, self.with_cp)
