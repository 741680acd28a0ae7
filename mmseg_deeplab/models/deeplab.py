"""DeepLabV3 and DeepLabV3+ in one line, without a config."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from torch import nn

from mmseg_deeplab.models.backbones import ResNetV1c
from mmseg_deeplab.models.decode_heads import (
    ASPPHead,
    BaseDecodeHead,
    DepthwiseSeparableASPPHead,
    FCNHead,
)
from mmseg_deeplab.models.segmentors.network import SegNetwork
from mmseg_deeplab.models.utils.pretrained import load_pretrained
from mmseg_deeplab.utils.errors import ConfigError

AUXILIARY_WEIGHT = 0.4  # PSPNet's, arXiv:1612.01105, section 3.3; the zoo's for all its heads


@dataclass(frozen=True)
class Channels:
    """Widths of the heads for a family of backbones, as in the model zoo.

    Attributes:
        deep: Channels of the backbone's last map.
        context: Width of the ASPP and the decoder.
        low_level: Channels of the backbone's first map.
        low_level_projected: What the decoder projects them to.
        auxiliary: Channels of the backbone's third map.
        auxiliary_width: Width of the auxiliary head.
    """

    deep: int
    context: int
    low_level: int
    low_level_projected: int
    auxiliary: int
    auxiliary_width: int


_SMALL = Channels(512, 128, 64, 12, 256, 64)
_LARGE = Channels(2048, 512, 256, 48, 1024, 256)
ZOO_CHANNELS = {18: _SMALL, 34: _SMALL, 50: _LARGE, 101: _LARGE, 152: _LARGE}

# output stride -> strides, dilations of the stages, dilations of the ASPP
_STRIDES = {
    8: ((1, 2, 1, 1), (1, 1, 2, 4), (1, 12, 24, 36)),
    16: ((1, 2, 2, 1), (1, 1, 1, 2), (1, 6, 12, 18)),
}


def deeplabv3plus(
    depth: int = 50,
    *,
    num_classes: int,
    in_channels: int = 3,
    output_stride: int = 8,
    multi_grid: Sequence[int] | None = None,
    norm_cfg: dict | None = None,
    align_corners: bool = False,
    auxiliary: bool = True,
    pretrained: str | None = None,
    first_conv: str | None = None,
) -> SegNetwork:
    """DeepLabV3+ (arXiv:1802.02611) on ResNetV1c, with the model zoo's widths.

    State-dict keys are those of a config's ``EncoderDecoder``, so weights go both ways.

    Args:
        depth: 18, 34, 50, 101 or 152.
        num_classes: K; with 1 the model has one sigmoid map and labels are 0 and 1.
        in_channels: Bands of the image.
        output_stride: 8 or 16: pixels of the image per cell of the deepest map.
        multi_grid: Dilations of the last stage's blocks, such as (1, 2, 4).
        norm_cfg: Norm layers; None is batch norm.
        align_corners: How maps are resized.
        auxiliary: Whether a second head on the third map is trained too, at 0.4.
        pretrained: Weights of the backbone: a file, or a name such as
            ``'open-mmlab://resnet50_v1c'``, see :func:`load_pretrained`.
        first_conv: ``'mean'`` or ``'copy'``: how ``pretrained`` is made to fit other bands.

    Returns:
        A module: ``m(images)`` gives logits (N, K, H, W) for images (N, in_channels, H, W),
        ``m.loss(images, labels)`` a scalar for labels (N, H, W) int64 (255 is ignored).

    Raises:
        ConfigError: Unknown depth or output stride.
        CheckpointError: The weight file is missing, unsafe or does not fit.

    Example:
        >>> model = deeplabv3plus(depth=50, num_classes=7, in_channels=3)
        >>> loss = model.loss(images, labels)
    """
    channels, dilations = _channels(depth), _stage_strides(output_stride)[2]
    head = DepthwiseSeparableASPPHead(
        channels.deep,
        channels.context,
        c1_in_channels=channels.low_level,
        c1_channels=channels.low_level_projected,
        num_classes=num_classes,
        dilations=dilations,
        norm_cfg=_norm(norm_cfg),
        in_index=3,
        align_corners=align_corners,
    )
    backbone = _backbone(depth, in_channels, output_stride, multi_grid, norm_cfg)
    if pretrained is not None:
        load_pretrained(backbone, pretrained, first_conv=first_conv)
    return _assemble(backbone, head, channels, norm_cfg, auxiliary)


def deeplabv3(
    depth: int = 50,
    *,
    num_classes: int,
    in_channels: int = 3,
    output_stride: int = 8,
    multi_grid: Sequence[int] | None = None,
    norm_cfg: dict | None = None,
    align_corners: bool = False,
    auxiliary: bool = True,
    pretrained: str | None = None,
    first_conv: str | None = None,
) -> SegNetwork:
    """DeepLabV3 (arXiv:1706.05587) on ResNetV1c; arguments as :func:`deeplabv3plus`.

    Args:
        depth: 18, 34, 50, 101 or 152.
        num_classes: K; with 1 the model has one sigmoid map and labels are 0 and 1.
        in_channels: Bands of the image.
        output_stride: 8 or 16.
        multi_grid: Dilations of the last stage's blocks.
        norm_cfg: Norm layers; None is batch norm.
        align_corners: How maps are resized.
        auxiliary: Whether there is a second head, for training.
        pretrained: Weights of the backbone.
        first_conv: As for :func:`deeplabv3plus`.

    Returns:
        A module as :func:`deeplabv3plus` gives.

    Raises:
        ConfigError: Unknown depth or output stride.
        CheckpointError: The weight file is missing, unsafe or does not fit.
    """
    channels, dilations = _channels(depth), _stage_strides(output_stride)[2]
    head = ASPPHead(
        channels.deep,
        channels.context,
        num_classes=num_classes,
        dilations=dilations,
        norm_cfg=_norm(norm_cfg),
        in_index=3,
        align_corners=align_corners,
    )
    backbone = _backbone(depth, in_channels, output_stride, multi_grid, norm_cfg)
    if pretrained is not None:
        load_pretrained(backbone, pretrained, first_conv=first_conv)
    return _assemble(backbone, head, channels, norm_cfg, auxiliary)


def _norm(norm_cfg: dict | None) -> dict:
    return {'type': 'BN'} if norm_cfg is None else norm_cfg


def _channels(depth: int) -> Channels:
    if depth not in ZOO_CHANNELS:
        raise ConfigError(f'depth must be one of {sorted(ZOO_CHANNELS)}, got {depth}')
    return ZOO_CHANNELS[depth]


def _stage_strides(output_stride: int) -> tuple[tuple[int, ...], ...]:
    if output_stride not in _STRIDES:
        raise ConfigError(f'output_stride must be one of {sorted(_STRIDES)}, got {output_stride}')
    return _STRIDES[output_stride]


def _backbone(
    depth: int,
    in_channels: int,
    output_stride: int,
    multi_grid: Sequence[int] | None,
    norm_cfg: dict | None,
) -> ResNetV1c:
    strides, dilations, _ = _stage_strides(output_stride)
    return ResNetV1c(
        depth,
        in_channels,
        strides=strides,
        dilations=dilations,
        contract_dilation=True,
        multi_grid=multi_grid,
        norm_cfg=_norm(norm_cfg),
    )


def _assemble(
    backbone: nn.Module,
    head: BaseDecodeHead,
    channels: Channels,
    norm_cfg: dict | None,
    auxiliary: bool,
) -> SegNetwork:
    if not auxiliary:
        return SegNetwork(backbone, head)
    second = FCNHead(
        channels.auxiliary,
        channels.auxiliary_width,
        num_classes=head.num_classes,
        num_convs=1,
        concat_input=False,
        norm_cfg=_norm(norm_cfg),
        in_index=2,
        align_corners=head.align_corners,
        loss_decode={
            'type': 'CrossEntropyLoss',
            'use_sigmoid': head.out_channels == 1,
            'loss_weight': AUXILIARY_WEIGHT,
        },
    )
    return SegNetwork(backbone, head, second)
