"""Models; importing this registers them."""

from mmseg_deeplab.models import backbones, decode_heads, losses, segmentors
from mmseg_deeplab.models.backbones import (
    DilatedResNet,
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
from mmseg_deeplab.models.composer import composer_deeplabv3
from mmseg_deeplab.models.data_preprocessor import SegDataPreProcessor
from mmseg_deeplab.models.decode_heads import (
    ASPPHead,
    BaseDecodeHead,
    DeepLabV3Head,
    DeepLabV3PlusHead,
    DepthwiseSeparableASPPHead,
    FCNHead,
    SumASPPHead,
)
from mmseg_deeplab.models.deeplab import deeplabv3, deeplabv3plus
from mmseg_deeplab.models.losses import (
    BatchDiceLoss,
    CrossEntropyLoss,
    DiceLoss,
    FocalLoss,
    HardPixelMiningLoss,
    LovaszLoss,
    accuracy,
)
from mmseg_deeplab.models.mixup import MixUp
from mmseg_deeplab.models.segmentors import (
    BaseSegmentor,
    EncoderDecoder,
    MultiScaleEncoderDecoder,
    SegTTAModel,
)

__all__ = [
    'ASPPHead',
    'BACKBONES',
    'BaseDecodeHead',
    'BaseSegmentor',
    'BatchDiceLoss',
    'CrossEntropyLoss',
    'DeepLabV3Head',
    'DeepLabV3PlusHead',
    'DepthwiseSeparableASPPHead',
    'DiceLoss',
    'DilatedResNet',
    'EncoderDecoder',
    'FCNHead',
    'FocalLoss',
    'HEADS',
    'HardPixelMiningLoss',
    'LOSSES',
    'LovaszLoss',
    'MixUp',
    'MobileNetV2',
    'MultiScaleEncoderDecoder',
    'ResNeSt',
    'ResNet',
    'ResNetV1c',
    'ResNetV1d',
    'SEGMENTORS',
    'SegDataPreProcessor',
    'SegTTAModel',
    'SumASPPHead',
    'UNet',
    'accuracy',
    'backbones',
    'build_backbone',
    'build_head',
    'build_loss',
    'build_segmentor',
    'composer_deeplabv3',
    'decode_heads',
    'deeplabv3',
    'deeplabv3plus',
    'losses',
    'segmentors',
]
