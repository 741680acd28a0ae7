"""Heads: feature maps in, logits out."""

from mmseg_deeplab.models.decode_heads.aspp_head import ASPPHead
from mmseg_deeplab.models.decode_heads.decode_head import BaseDecodeHead
from mmseg_deeplab.models.decode_heads.fcn_head import FCNHead
from mmseg_deeplab.models.decode_heads.sep_aspp_head import DepthwiseSeparableASPPHead

__all__ = ['ASPPHead', 'BaseDecodeHead', 'DepthwiseSeparableASPPHead', 'FCNHead']
