"""The papers' DeepLabV3+ head: ASPP joined by a 1x1 convolution, and a decoder.

Legend of shapes: N batch, C channels, h, w map of the context (stride 8 or 16), h0, w0 map of
low-level features (stride 4), K classes.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from mmseg_deeplab.models.decode_heads.deeplabv3_head import DeepLabV3Head
from mmseg_deeplab.models.utils.resize import nearest_aligned
from mmseg_deeplab.registry import MODELS
from mmseg_deeplab.utils.errors import ConfigError

_UPSAMPLINGS = ('bilinear', 'nearest_aligned')


@MODELS.register_module()
class DeepLabV3PlusHead(DeepLabV3Head):
    """:class:`DeepLabV3Head` and a decoder that looks at fine detail again (arXiv:1802.02611).

    Args:
        in_channels: See :class:`BaseDecodeHead`, as all arguments not named here.
        channels: Width of the context and of the decoder.
        c1_in_channels: Channels of the backbone's first map.
        c1_channels: Channels that it is projected to.
        num_classes: K.
        dilations: See :class:`DeepLabV3Head`, as the next five.
        separable: Also the decoder then is one depthwise separable 5x5 convolution instead of
            two full 3x3 ones, as in Detectron2.
        pool_window: Window of the pooling branch, cells.
        pool_norm: The pooling branch has a norm.
        classifier_bias: The classifier has a bias.
        output_scale: Enlarge logits by a factor and cut them.
        context_upsample: How the context comes to the low-level map's size: ``'bilinear'``
            (with ``align_corners``) or ``'nearest_aligned'``, the nearest cell when corners lie
            on each other, as in MindCV.
        out_channels: Channels of the logits.
        threshold: For one channel.
        dropout_ratio: Share of single values of the context dropped, 0..1.
        conv_cfg: Convolutions.
        norm_cfg: Norm layers.
        act_cfg: Activations.
        in_index: Which map the context is made of.
        input_transform: None or ``'resize_concat'``.
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
        c1_in_channels: int,
        c1_channels: int,
        num_classes: int,
        dilations: Sequence[int] = (1, 6, 12, 18),
        separable: bool = False,
        pool_window: Sequence[int] | None = None,
        pool_norm: bool = True,
        classifier_bias: bool = True,
        output_scale: int | None = None,
        context_upsample: str = 'bilinear',
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
            separable=separable,
            pool_window=pool_window,
            pool_norm=pool_norm,
            classifier_bias=classifier_bias,
            output_scale=output_scale,
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
        if min(c1_in_channels, c1_channels) < 1:
            raise ConfigError(
                'c1_in_channels and c1_channels must be above 0, got '
                f'{c1_in_channels} and {c1_channels}'
            )
        if context_upsample not in _UPSAMPLINGS:
            raise ConfigError(
                f'context_upsample must be one of {_UPSAMPLINGS}, got {context_upsample!r}'
            )
        self.context_upsample = context_upsample
        self.input_channels[0] = c1_in_channels
        self.c1_bottleneck = self._conv(c1_in_channels, c1_channels, 1)
        joined = channels + c1_channels
        if separable:
            self.fuse = nn.Sequential(self._separable_conv(joined, 5))
        else:
            self.fuse = nn.Sequential(
                self._conv(joined, channels, 3), self._conv(channels, channels, 3)
            )

    def upsample_and_join(self, context: Tensor, low_level: Tensor) -> Tensor:
        """Context on the low-level grid beside it, (N, channels + c1_channels, h0, w0)."""
        size = low_level.shape[2:]
        if self.context_upsample == 'nearest_aligned':
            context = nearest_aligned(context, size)
        else:
            context = self._resize(context, size)
        return torch.cat([context, low_level], dim=1)

    def forward(self, features: Sequence[Tensor]) -> Tensor:
        """Logits (N, out_channels, h0, w0) of the backbone's maps."""
        context = self.encode_context(self._transform_inputs(features))  # (N, channels, h, w)
        low_level = self.c1_bottleneck(features[0])  # (N, c1_channels, h0, w0)
        return self.cls_seg(self.fuse(self.upsample_and_join(context, low_level)))
