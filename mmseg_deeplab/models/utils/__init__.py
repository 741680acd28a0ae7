"""Bricks of models: layers, resizing, start weights, labels.

MMSegmentation has the blocks of two backbones here as well; they are imported when asked for.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

from mmseg_deeplab.models.utils.base_module import SegModule
from mmseg_deeplab.models.utils.build_layers import build_activation, build_conv, build_norm
from mmseg_deeplab.models.utils.labels import check_labels, stack_labels
from mmseg_deeplab.models.utils.layers import ConvNormAct, DepthwiseSeparableConvNormAct
from mmseg_deeplab.models.utils.pretrained import load_pretrained
from mmseg_deeplab.models.utils.resize import resize
from mmseg_deeplab.models.utils.up_conv_block import UpConvBlock

_BLOCKS = {
    'InvertedResidual': 'mobilenet_v2',
    'Upsample': 'unet_blocks',
    'make_divisible': 'mobilenet_v2',
}

__all__ = [
    'ConvNormAct',
    'DepthwiseSeparableConvNormAct',
    'SegModule',
    'UpConvBlock',
    'build_activation',
    'build_conv',
    'build_norm',
    'check_labels',
    'load_pretrained',
    'resize',
    'stack_labels',
    *_BLOCKS,
]


def __getattr__(name: str) -> Any:
    if name not in _BLOCKS:
        raise AttributeError(f'module {__name__!r} has no attribute {name!r}')
    # by name: backbones are built from these bricks, so this module cannot import them at once
    return getattr(import_module(f'mmseg_deeplab.models.backbones.{_BLOCKS[name]}'), name)
