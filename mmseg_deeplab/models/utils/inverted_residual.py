"""MobileNetV2's block, at the place that MMSegmentation has it."""

from mmseg_deeplab.models.backbones.mobilenet_v2 import InvertedResidual

__all__ = ['InvertedResidual']
