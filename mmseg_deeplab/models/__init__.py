"""Models; importing this registers them."""

from mmseg_deeplab.models import backbones, decode_heads, losses, segmentors
from mmseg_deeplab.models.backbones import (
    MobileNetV2,
    ResNeSt,
    ResNet,
    ResNetV1c,
    ResNetV1d,
    UNet,
)
from mmseg_deeplab.models.builder import (
    BACKBONES,
    HEADS,
    LOSSES,
    SEGMENTORS,
    build_backbone,
    build_head,
    build_loss,
    build_segmentor,
)
from mmseg_deeplab.models.data_preprocessor import SegDataPreProcessor
from mmseg_deeplab.models.decode_heads import (
    ASPPHead,
    BaseDecodeHead,
    DepthwiseSeparableASPPHead,
    FCNHead,
)
from mmseg_deeplab.models.deeplab import deeplabv3, deeplabv3plus
from mmseg_deeplab.models.losses import (
    CrossEntropyLoss,
    DiceLoss,
    FocalLoss,
    LovaszLoss,
    accuracy,
)
from mmseg_deeplab.models.segmentors import BaseSegmentor, EncoderDecoder, SegTTAModel

__all__ = [
    'ASPPHead',
    'BACKBONES',
    'BaseDecodeHead',
    'BaseSegmentor',
    'CrossEntropyLoss',
    'DepthwiseSeparableASPPHead',
    'DiceLoss',
    'EncoderDecoder',
    'FCNHead',
    'FocalLoss',
    'HEADS',
    'LOSSES',
    'LovaszLoss',
    'MobileNetV2',
    'ResNeSt',
    'ResNet',
    'ResNetV1c',
    'ResNetV1d',
    'SEGMENTORS',
    'SegDataPreProcessor',
    'SegTTAModel',
    'UNet',
    'accuracy',
    'backbones',
    'build_backbone',
    'build_head',
    'build_loss',
    'build_segmentor',
    'decode_heads',
    'deeplabv3',
    'deeplabv3plus',
    'losses',
    'segmentors',
]
