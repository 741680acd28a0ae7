"""Fully convolutional head, the zoo's auxiliary head.

Legend of shapes: N batch, C channels, h, w feature map, K classes.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from mmseg_deeplab.models.decode_heads.decode_head import BaseDecodeHead
from mmseg_deeplab.models.utils.layers import ConvNormAct
from mmseg_deeplab.registry import MODELS
from mmseg_deeplab.utils.errors import ConfigError


@MODELS.register_module()
class FCNHead(BaseDecodeHead):
    """Some convolutions, then the classifier (arXiv:1411.4038).

    Args:
        in_channels: See :class:`BaseDecodeHead`, as all arguments not named here.
        channels: Width of the convolutions.
        num_classes: K.
        num_convs: How many convolutions; 0 needs ``in_channels == channels``.
        kernel_size: Side of the kernels, pixels, odd.
        concat_input: Join the input to the result by one more convolution.
        dilation: Distance of the kernels' taps, pixels.
        out_channels: Channels of the logits.
        threshold: For one channel.
        dropout_ratio: 0..1.
        conv_cfg: Convolutions.
        norm_cfg: Norm layers.
        act_cfg: Activations.
        in_index: Which map.
        input_transform: How several maps are joined.
        loss_decode: Loss or losses.
        ignore_index: Label that costs nothing.
        sampler: Pixel sampler.
        align_corners: How maps are resized.
        init_cfg: Initialisers.

    Raises:
        ConfigError: Arguments that do not fit each other.
    """

    def __init__(
        self,
        in_channels: int | Sequence[int],
        channels: int,
        *,
        num_classes: int,
        num_convs: int = 2,
        kernel_size: int = 3,
        concat_input: bool = True,
        dilation: int = 1,
        out_channels: int | None = None,
        threshold: float | None = None,
        dropout_ratio: float = 0.1,
        conv_cfg: dict | None = None,
        norm_cfg: dict | None = None,
        act_cfg: dict | None = None,
        in_index: int | Sequence[int] = -1,
        input_transform: str | None = None,
        loss_decode: dict | Sequence[dict] | None = None,
        ignore_index: int = 255,
        sampler: dict | None = None,
        align_corners: bool = False,
        init_cfg: dict | list[dict] | None = None,
    ) -> None:
        super().__init__(
            in_channels,
            channels,
            num_classes=num_classes,
            out_channels=out_channels,
            threshold=threshold,
            dropout_ratio=dropout_ratio,
            conv_cfg=conv_cfg,
            norm_cfg=norm_cfg,
            act_cfg=act_cfg,
            in_index=in_index,
            input_transform=input_transform,
            loss_decode=loss_decode,
            ignore_index=ignore_index,
            sampler=sampler,
            align_corners=align_corners,
            init_cfg=init_cfg,
        )
        if num_convs < 0 or kernel_size % 2 == 0 or dilation < 1:
            raise ConfigError(
                'num_convs must be 0 or more, kernel_size odd and dilation 1 or more, got '
                f'{num_convs}, {kernel_size}, {dilation}'
            )
        if num_convs == 0 and self.in_channels != channels:
            raise ConfigError(
                f'channels (={channels}) must equal in_channels (={self.in_channels}) when '
                'num_convs is 0'
            )
        self.concat_input = concat_input
        self.kernel_size = kernel_size
        widths = [self.in_channels, *([channels] * num_convs)]
        convs = [self._conv(before, dilation) for before in widths[:num_convs]]
        self.convs = nn.Sequential(*convs) if convs else nn.Identity()
        if concat_input:
            self.conv_cat = self._conv(self.in_channels + channels, 1)

    def _conv(self, in_channels: int, dilation: int) -> ConvNormAct:
        return ConvNormAct(
            in_channels,
            self.channels,
            self.kernel_size,
            padding=self.kernel_size // 2 * dilation,
            dilation=dilation,
            conv_cfg=self.conv_cfg,
            norm_cfg=self.norm_cfg,
            act_cfg=self.act_cfg,
        )

    def _forward_feature(self, features: Sequence[Tensor]) -> Tensor:
        maps = self._transform_inputs(features)  # (N, in_channels, h, w)
        convolved = self.convs(maps)  # (N, channels, h, w)
        if self.concat_input:
            convolved = self.conv_cat(torch.cat([maps, convolved], dim=1))
        return convolved

    def forward(self, features: Sequence[Tensor]) -> Tensor:
        """Logits (N, out_channels, h, w) of the backbone's maps."""
        return self.cls_seg(self._forward_feature(features))
