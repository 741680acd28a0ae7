"""Models; importing this registers them."""

from mmseg_deeplab.models import backbones, decode_heads, losses, segmentors
from mmseg_deeplab.models.backbones import ResNet, ResNetV1c, ResNetV1d
from mmseg_deeplab.models.data_preprocessor import SegDataPreProcessor
from mmseg_deeplab.models.decode_heads import ASPPHead, DepthwiseSeparableASPPHead, FCNHead
from mmseg_deeplab.models.deeplab import deeplabv3, deeplabv3plus
from mmseg_deeplab.models.losses import CrossEntropyLoss, DiceLoss, FocalLoss, LovaszLoss
from mmseg_deeplab.models.segmentors import EncoderDecoder, SegTTAModel

__all__ = [
    'ASPPHead',
    'CrossEntropyLoss',
    'DepthwiseSeparableASPPHead',
    'DiceLoss',
    'EncoderDecoder',
    'FCNHead',
    'FocalLoss',
    'LovaszLoss',
    'ResNet',
    'ResNetV1c',
    'ResNetV1d',
    'SegDataPreProcessor',
    'SegTTAModel',
    'backbones',
    'decode_heads',
    'deeplabv3',
    'deeplabv3plus',
    'losses',
    'segmentors',
]
