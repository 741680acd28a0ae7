"""Segmentors: backbone and heads together, for the runner."""

from mmseg_deeplab.models.segmentors.base import BaseSegmentor
from mmseg_deeplab.models.segmentors.encoder_decoder import EncoderDecoder
from mmseg_deeplab.models.segmentors.multi_scale import MultiScaleEncoderDecoder, MultiScaleNetwork
from mmseg_deeplab.models.segmentors.network import SegNetwork
from mmseg_deeplab.models.segmentors.seg_tta import SegTTAModel

__all__ = [
    'BaseSegmentor',
    'EncoderDecoder',
    'MultiScaleEncoderDecoder',
    'MultiScaleNetwork',
    'SegNetwork',
    'SegTTAModel',
]
