"""The papers' DeepLabV3 head: ASPP joined by a 1x1 convolution, as all but the model zoo build it.

Legend of shapes: N batch, C channels, H, W image, h, w feature map, K classes.
"""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn

from mmseg_deeplab.models.decode_heads.aspp_head import check_pooled_batch
from mmseg_deeplab.models.decode_heads.decode_head import BaseDecodeHead
from mmseg_deeplab.models.utils.layers import (
    ConvNormAct,
    DepthwiseSeparableConvNormAct,
    GlobalMeanPool,
    WindowMeanPool,
)
from mmseg_deeplab.registry import MODELS
from mmseg_deeplab.utils.errors import ConfigError


@MODELS.register_module()
class DeepLabV3Head(BaseDecodeHead):
    """Atrous spatial pyramid pooling with a 1x1 projection (arXiv:1706.05587, section 3.3).

    Differs from :class:`ASPPHead`, the model zoo's: the branches are joined by a 1x1 instead
    of a 3x3 convolution, dropout is element-wise and follows it, and the image's mean may be
    taken in a window. State-dict names and the order of the branches are the zoo's.

    Args:
        in_channels: See :class:`BaseDecodeHead`, as all arguments not named here.
        channels: Width of each branch and of the result.
        num_classes: K.
        dilations: One branch each, pixels of the map: 1 is a 1x1 convolution, more a dilated
            3x3 one.
        separable: Dilated branches are depthwise separable.
        pool_window: Height and width, cells, that the pooling branch averages over in steps of
            one; cut to the map where that is smaller. None averages the whole map.
        pool_norm: The pooling branch has a norm; without it, a bias.
        classifier_bias: The classifier has a bias.
        output_scale: None resizes logits to the input. A number enlarges them so many times
            and cuts them to the input, as Detectron2 does: another result where the input's
            sides are no multiples of the stride.
        out_channels: Channels of the logits.
        threshold: For one channel.
        dropout_ratio: Share of single values dropped after the projection, 0..1.
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

    def __init__(
        self,
        in_channels: int | Sequence[int],
        channels: int,
        *,
        num_classes: int,
        dilations: Sequence[int] = (1, 6, 12, 18),
        separable: bool = False,
        pool_window: Sequence[int] | None = None,
        pool_norm: bool = True,
        classifier_bias: bool = True,
        output_scale: int | None = None,
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
        _check_options(dilations, pool_window, output_scale, input_transform)
        self.dilations = tuple(dilations)
        self.separable = separable
        self.output_scale = output_scale
        self.image_pool = nn.Sequential(
            GlobalMeanPool() if pool_window is None else WindowMeanPool(pool_window),
            ConvNormAct(
                self.in_channels,
                channels,
                1,
                conv_cfg=conv_cfg,
                norm_cfg=norm_cfg if pool_norm else None,
                act_cfg=self.act_cfg,
            ),
        )
        self.aspp_modules = nn.ModuleList(self._make_branch(d) for d in self.dilations)
        self.bottleneck = self._conv((len(self.dilations) + 1) * channels, channels, 1)
        if not classifier_bias:
            self.conv_seg.register_parameter('bias', None)
        # the base would drop before the classifier; a decoder may lie between
        self.dropout = None
        self.context_dropout = nn.Dropout(dropout_ratio) if dropout_ratio > 0 else None

    def _make_branch(self, dilation: int) -> nn.Module:
        if dilation == 1:
            return self._conv(self.in_channels, self.channels, 1)
        if self.separable:
            return self._separable_conv(self.in_channels, 3, dilation)
        return self._conv(self.in_channels, self.channels, 3, dilation)

    def _conv(
        self, in_channels: int, out_channels: int, kernel_size: int, dilation: int = 1
    ) -> ConvNormAct:
        return ConvNormAct(
            in_channels,
            out_channels,
            kernel_size,
            padding=kernel_size // 2 * dilation,
            dilation=dilation,
            conv_cfg=self.conv_cfg,
            norm_cfg=self.norm_cfg,
            act_cfg=self.act_cfg,
        )

    def _separable_conv(
        self, in_channels: int, kernel_size: int, dilation: int = 1
    ) -> DepthwiseSeparableConvNormAct:
        return DepthwiseSeparableConvNormAct(
            in_channels,
            self.channels,
            kernel_size,
            padding=kernel_size // 2 * dilation,
            dilation=dilation,
            norm_cfg=self.norm_cfg,
            act_cfg=self.act_cfg,
        )

    def encode_context(self, maps: Tensor) -> Tensor:
        """What surrounds each cell, near and far: (N, in_channels, h, w) -> (N, channels, h, w)."""
        whole = isinstance(self.image_pool[0], GlobalMeanPool)
        if whole:
            check_pooled_batch(self, self.image_pool[1].norm, maps)
        pooled = self.image_pool(maps)
        branches = [branch(maps) for branch in self.aspp_modules]
        if whole:  # one cell: resized, it would be itself everywhere
            context = self.bottleneck(*branches, constant=pooled)
        else:
            context = self.bottleneck(self._resize(pooled, maps.shape[2:]), *branches)
        return context if self.context_dropout is None else self.context_dropout(context)

    def forward(self, features: Sequence[Tensor]) -> Tensor:
        """Logits (N, out_channels, h, w) of the backbone's maps."""
        return self.cls_seg(self.encode_context(self._transform_inputs(features)))

    def resize_logits(self, logits: Tensor, size: Sequence[int]) -> Tensor:
        """Logits resized, or enlarged ``output_scale`` times and cut, to a size.

        Args:
            logits: (N, out_channels, h, w).
            size: Height and width, pixels.
        """
        if self.output_scale is None:
            return self._resize(logits, size)
        enlarged = self._resize(logits, [side * self.output_scale for side in logits.shape[2:]])
        return enlarged[:, :, : size[0], : size[1]]


def _check_options(
    dilations: Sequence[int],
    pool_window: Sequence[int] | None,
    output_scale: int | None,
    input_transform: str | None,
) -> None:
    if not dilations or min(dilations) < 1:
        raise ConfigError(f'dilations must be numbers from 1 upwards, got {dilations}')
    if pool_window is not None and (len(pool_window) != 2 or min(pool_window) < 1):
        raise ConfigError(f'pool_window must be a height and a width in cells, got {pool_window}')
    if output_scale is not None and output_scale < 1:
        raise ConfigError(f'output_scale must be 1 or more, or None, got {output_scale}')
    if input_transform == 'multiple_select':
        raise ConfigError(
            f"input_transform must be None or 'resize_concat', got {input_transform!r}"
        )
