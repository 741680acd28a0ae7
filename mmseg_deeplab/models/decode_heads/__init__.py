"""Heads: feature maps in, logits out."""

from mmseg_deeplab.models.decode_heads.aspp_head import ASPPHead
from mmseg_deeplab.models.decode_heads.decode_head import BaseDecodeHead
from mmseg_deeplab.models.decode_heads.deeplabv3_head import DeepLabV3Head
from mmseg_deeplab.models.decode_heads.deeplabv3plus_head import DeepLabV3PlusHead
from mmseg_deeplab.models.decode_heads.fcn_head import FCNHead
from mmseg_deeplab.models.decode_heads.sep_aspp_head import DepthwiseSeparableASPPHead
from mmseg_deeplab.models.decode_heads.sum_aspp_head import SumASPPHead

__all__ = [
    'ASPPHead',
    'BaseDecodeHead',
    'DeepLabV3Head',
    'DeepLabV3PlusHead',
    'DepthwiseSeparableASPPHead',
    'FCNHead',
    'SumASPPHead',
]
