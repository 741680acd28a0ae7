"""Resizing, at the place that MMSegmentation has it."""

from mmseg_deeplab.models.backbones.unet_blocks import Upsample
from mmseg_deeplab.models.utils.resize import resize

__all__ = ['Upsample', 'resize']
