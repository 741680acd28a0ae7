"""Bricks of models: layers, resizing, start weights, labels."""

from mmseg_deeplab.models.utils.base_module import SegModule
from mmseg_deeplab.models.utils.labels import check_labels, stack_labels
from mmseg_deeplab.models.utils.layers import (
    ConvNormAct,
    DepthwiseSeparableConvNormAct,
    build_activation,
    build_norm,
)
from mmseg_deeplab.models.utils.pretrained import load_pretrained
from mmseg_deeplab.models.utils.resize import resize

__all__ = [
    'ConvNormAct',
    'DepthwiseSeparableConvNormAct',
    'SegModule',
    'build_activation',
    'build_norm',
    'check_labels',
    'load_pretrained',
    'resize',
    'stack_labels',
]
