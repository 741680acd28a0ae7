"""DeepLabV3+'s head: separable ASPP, then a decoder that looks at fine detail again.

Legend of shapes: N batch, C channels, h, w map of the context (stride 8 or 16), h0, w0 map of
low-level features (stride 4), K classes.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from mmseg_deeplab.models.decode_heads.aspp_head import ASPPHead, ASPPModule
from mmseg_deeplab.models.utils.layers import ConvNormAct, DepthwiseSeparableConvNormAct
from mmseg_deeplab.registry import MODELS
from mmseg_deeplab.utils.errors import ConfigError


class DepthwiseSeparableASPPModule(ASPPModule):
    """:class:`ASPPModule` whose dilated branches are depthwise separable."""

    def _make_branch(self, dilation: int) -> nn.Module:
        if dilation == 1:
            return super()._make_branch(dilation)
        return DepthwiseSeparableConvNormAct(
            self.in_channels,
            self.channels,
            3,
            padding=dilation,
            dilation=dilation,
            norm_cfg=self.norm_cfg,
            act_cfg=self.act_cfg,
        )


@MODELS.register_module()
class DepthwiseSeparableASPPHead(ASPPHead):
    """Encoder-decoder with atrous separable convolution (arXiv:1802.02611, figure 2).

    Differs from the paper as the zoo does: the ASPP's joining convolution is a full 3x3 one.

    Args:
        in_channels: See :class:`BaseDecodeHead`, as all arguments not named here.
        channels: Width of the context and of the decoder.
        c1_in_channels: Channels of the backbone's first map; 0 leaves the low-level branch out.
        c1_channels: Channels that it is projected to; 0 exactly when ``c1_in_channels`` is.
        num_classes: K.
        dilations: See :class:`ASPPHead`.
        out_channels: Channels of the logits.
        threshold: For one channel.
        dropout_ratio: 0..1.
        conv_cfg: Convolutions.
        norm_cfg: Norm layers.
        act_cfg: Activations.
        in_index: Which map.
        input_transform: None or ``'resize_concat'``.
        loss_decode: Loss or losses.
        ignore_index: Label that costs nothing.
        sampler: Pixel sampler.
        align_corners: How maps are resized.
        init_cfg: Initialisers.

    Raises:
        ConfigError: Arguments that do not fit each other.
    """

    _branches = DepthwiseSeparableASPPModule

    def __init__(
        self,
        in_channels: int | Sequence[int],
        channels: int,
        *,
        c1_in_channels: int,
        c1_channels: int,
        num_classes: int,
        dilations: Sequence[int] = (1, 6, 12, 18),
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
            dilations=dilations,
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
        if min(c1_in_channels, c1_channels) < 0 or (c1_in_channels == 0) != (c1_channels == 0):
            raise ConfigError(
                'c1_in_channels and c1_channels must both be above 0, or both be 0 for no '
                f'low-level branch, got {c1_in_channels} and {c1_channels}'
            )
        self.c1_bottleneck = None
        if c1_in_channels > 0:
            self.c1_bottleneck = ConvNormAct(
                c1_in_channels,
                c1_channels,
                1,
                conv_cfg=conv_cfg,
                norm_cfg=norm_cfg,
                act_cfg=self.act_cfg,
            )
            self.input_channels[0] = c1_in_channels
        self.sep_bottleneck = nn.Sequential(
            self._separable(channels + c1_channels),
            self._separable(channels),
        )

    def _separable(self, in_channels: int) -> nn.Module:
        return DepthwiseSeparableConvNormAct(
            in_channels,
            self.channels,
            3,
            padding=1,
            norm_cfg=self.norm_cfg,
            act_cfg=self.act_cfg,
        )

    def project_low_level(self, features: Sequence[Tensor]) -> Tensor | None:
        """The first map with fewer channels, (N, c1_channels, h0, w0), if there is the branch."""
        return None if self.c1_bottleneck is None else self.c1_bottleneck(features[0])

    def upsample_and_join(self, context: Tensor, low_level: Tensor | None) -> Tensor:
        """Context on the low-level grid beside it, (N, channels + c1_channels, h0, w0)."""
        if low_level is None:
            return context
        return torch.cat([self._resize(context, low_level.shape[2:]), low_level], dim=1)

    def forward(self, features: Sequence[Tensor]) -> Tensor:
        """Logits (N, out_channels, h0, w0) of the backbone's maps."""
        context = self._forward_feature(features)  # (N, channels, h, w)
        low_level = self.project_low_level(features)  # (N, c1_channels, h0, w0)
        joined = self.upsample_and_join(context, low_level)
        fused = self.sep_bottleneck(joined)  # (N, channels, h0, w0)
        return self.cls_seg(fused)  # (N, out_channels, h0, w0)
