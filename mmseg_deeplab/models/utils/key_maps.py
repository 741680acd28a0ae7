"""Other programs' names of backbone weights, brought to those of this package.

A ResNet of torchvision or timm has the names of this package's plain-stem :class:`ResNet`, one
of MMClassification those of its namesake here; what is renamed is listed below.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection

from mmseg_deeplab.hub.foreign import deeplab_pytorch

Rename = Callable[[str], str | None]  # a file's name to ours; None for a weight without a place

_DEEP_STEM = re.compile(r'conv1\.(\d)\.')
_STEM_NORM = 'stem.7.'  # behind the last of its three convolutions

_HF_STEM = {'convolution': 'conv1', 'normalization': 'bn1'}
_HF_BLOCK = re.compile(
    r'(?:resnet\.)?encoder\.stages\.(?P<stage>\d)\.layers\.(?P<block>\d+)\.'
    r'(?:layer\.(?P<layer>\d)|shortcut)\.(?P<kind>convolution|normalization)\.(?P<rest>\w+)'
)
_HF_EMBEDDER = re.compile(r'(?:resnet\.)?embedder\.embedder\.(convolution|normalization)\.(\w+)')

_TIMM_BLOCK = re.compile(r'blocks\.(\d)\.(\d+)\.(\w+)\.(\w+)')
# Which step of an inverted residual a timm layer is: with widening, and in the first, without.
_WIDENED = {
    'conv_pw': '0.conv', 'bn1': '0.bn', 'conv_dw': '1.conv', 'bn2': '1.bn',
    'conv_pwl': '2.conv', 'bn3': '2.bn',
}  # fmt: skip
_NOT_WIDENED = {'conv_dw': '0.conv', 'bn1': '0.bn', 'conv_pw': '1.conv', 'bn2': '1.bn'}


def renamings(names: Collection[str]) -> list[Rename]:
    """The ways in which a file's names may become ours.

    Args:
        names: The file's, without a common prefix such as ``backbone.``.

    Returns:
        The identity first; then the renaming of each program whose names these are.
    """
    found: list[Rename] = [str]
    if 'conv1.0.weight' in names:
        found.append(_deep_stem)
    if any(_HF_EMBEDDER.match(name) for name in names):
        found.append(_transformers_resnet)
    if 'conv_stem.weight' in names:
        found.append(_timm_mobilenet_v2)
    if deeplab_pytorch.recognises(names):
        found.append(deeplab_pytorch.backbone_name)
    return found


def _deep_stem(name: str) -> str:
    """Stems of three convolutions in timm (ResNet-C, -D, ResNeSt) and in the files from which
    ``resnet50_v1c`` was converted: ``conv1.0``, ``conv1.1``, ... and ``bn1``.
    """
    if name.startswith('bn1.'):
        return _STEM_NORM + name.removeprefix('bn1.')
    return _DEEP_STEM.sub(r'stem.\1.', name, count=1) if _DEEP_STEM.match(name) else name


def _transformers_resnet(name: str) -> str | None:
    """``ResNetModel`` and ``ResNetForImageClassification`` of Hugging Face's transformers."""
    stem = _HF_EMBEDDER.fullmatch(name)
    if stem:
        return f'{_HF_STEM[stem[1]]}.{stem[2]}'
    found = _HF_BLOCK.fullmatch(name)
    if not found:
        return None
    is_norm = found['kind'] == 'normalization'
    if found['layer'] is None:
        layer = f'downsample.{int(is_norm)}'
    else:
        layer = f'{"bn" if is_norm else "conv"}{int(found["layer"]) + 1}'
    return f'layer{int(found["stage"]) + 1}.{found["block"]}.{layer}.{found["rest"]}'


def _timm_mobilenet_v2(name: str) -> str | None:
    """``mobilenetv2_100`` and its wider sisters of timm."""
    if name.startswith('conv_stem.'):
        return name.replace('conv_stem', 'conv1.conv')
    if name.startswith('bn1.'):
        return f'conv1.{name.replace("bn1", "bn")}'
    found = _TIMM_BLOCK.fullmatch(name)
    if not found:
        return None
    stage, block, layer, rest = found.groups()
    step = (_NOT_WIDENED if stage == '0' else _WIDENED).get(layer)
    return None if step is None else f'layer{int(stage) + 1}.{block}.conv.{step}.{rest}'
