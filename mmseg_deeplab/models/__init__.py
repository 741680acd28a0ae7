"""Models; importing this registers them."""

from mmseg_deeplab.models import backbones, decode_heads, losses, segmentors
from mmseg_deeplab.models.data_preprocessor import SegDataPreProcessor
from mmseg_deeplab.models.deeplab import deeplabv3, deeplabv3plus
from mmseg_deeplab.models.segmentors import EncoderDecoder, SegTTAModel

__all__ = [
    'EncoderDecoder',
    'SegDataPreProcessor',
    'SegTTAModel',
    'backbones',
    'decode_heads',
    'deeplabv3',
    'deeplabv3plus',
    'losses',
    'segmentors',
]
