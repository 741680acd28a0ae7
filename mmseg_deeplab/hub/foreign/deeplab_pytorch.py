"""Weights of kazuto1011/deeplab-pytorch: names of its state dicts and ours, both ways.

Its files are bare state dicts. The multi-scale models put ``base.`` before every name, DeepLab
v1 puts nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

import torch
from torch import Tensor

from mmseg_deeplab.hub.foreign.contract import Foreign, Target
from mmseg_deeplab.utils import safe_load
from mmseg_deeplab.utils.errors import CheckpointError

NAME, TOOL = 'deeplab-pytorch', 'deeplab_pytorch'

PREFIX = 'base.'
_DEEPEST = 36  # blocks of a stage: ResNet-152 has so many
_STEPS = {'reduce': '1', 'conv3x3': '2', 'increase': '3'}
_SHOWN = 5


def _backbone() -> dict[str, str]:
    names = {'layer1.conv1.conv': 'conv1', 'layer1.conv1.bn': 'bn1'}
    for stage in range(1, 5):
        for block in range(_DEEPEST):
            theirs, ours = f'layer{stage + 1}.block{block + 1}', f'layer{stage}.{block}'
            for step, number in _STEPS.items():
                names[f'{theirs}.{step}.conv'] = f'{ours}.conv{number}'
                names[f'{theirs}.{step}.bn'] = f'{ours}.bn{number}'
            names[f'{theirs}.shortcut.conv'] = f'{ours}.downsample.0'
            names[f'{theirs}.shortcut.bn'] = f'{ours}.downsample.1'
    return names


def _norm_layers(pairs: dict[str, str]) -> dict[str, str]:
    return {
        f'{theirs}.{part}': f'{ours}.{part}'
        for theirs, ours in pairs.items()
        for part in ('conv', 'bn')
    }


BACKBONE = _backbone()
_CONTEXT = _norm_layers(
    {f'aspp.stages.c{i}': f'aspp_modules.{i}' for i in range(4)}
    | {'aspp.stages.imagepool.conv': 'image_pool.1', 'fc1': 'bottleneck'}
)
# their name of a layer in the head -> ours, for each model
HEADS = {
    'v1': {'fc': 'conv_seg'},
    'v2': {f'aspp.c{i}': f'conv_seg.{i}' for i in range(4)},
    'v3': {**_CONTEXT, 'fc2': 'conv_seg'},
    'v3plus': {
        **_CONTEXT,
        **_norm_layers({'reduce': 'c1_bottleneck', 'fc2.conv1': 'fuse.0', 'fc2.conv2': 'fuse.1'}),
        'fc2.conv3': 'conv_seg',
    },
}
# the layers by which a model is told, the most telling first
_SIGNS = {'fc2.conv3': 'v3plus', 'fc2': 'v3', 'aspp.c0': 'v2', 'fc': 'v1'}
_CONFIGS = {
    'v1': 'deeplabv1_r101-d8_coco',
    'v2': 'deeplabv2_r101-d8-msc_voc12-321x321',
    'v3': 'deeplabv3_r101-d16-msc_voc12-321x321',
    'v3plus': 'deeplabv3plus_r101-d16-msc_voc12-321x321',
}
_COCO_STUFF_CLASSES = 182
_COCO_STUFF = 'deeplabv2_r101-d8-msc_cocostuff164k-321x321'
_JOINED = 'decode_head.bottleneck.conv.weight'
_BRANCHES = 5


def read(path: str | Path) -> Foreign:
    """The state dict in a file.

    Args:
        path: An existing file.

    Raises:
        CheckpointError: It is truncated, unsafe, or holds anything else than a state dict.
    """
    state = safe_load.read_file(Path(path), 'cpu')
    if not isinstance(state, Mapping) or not all(isinstance(v, Tensor) for v in state.values()):
        raise CheckpointError(f'{path}: must be a bare state dict, as deeplab-pytorch saves it')
    return Foreign(dict(state), {})


def recognises(names: Iterable[str]) -> bool:
    """Whether a state dict's names are this package's.

    Args:
        names: The keys.
    """
    return any(_layer(name) == 'layer1.conv1.conv' for name in names)


def target(state: Mapping[str, Tensor]) -> Target:
    """Which config the weights are for; the output stride of v3 and v3+ does not show in them.

    Args:
        state: Of any of the package's models.

    Raises:
        CheckpointError: It is of none of its models.
    """
    kind = _kind({_layer(name) for name in state}, _SIGNS)
    sign = next(sign for sign, model in _SIGNS.items() if model == kind)
    weight = next(value for name, value in state.items() if _layer(name) == sign)
    classes = int(weight.shape[0])
    stuff = kind == 'v2' and classes == _COCO_STUFF_CLASSES
    options = {'model.decode_head.num_classes': classes}
    return Target(_COCO_STUFF if stuff else _CONFIGS[kind], options)


def backbone_name(name: str) -> str | None:
    """Our name of a weight of the backbone.

    Args:
        name: With or without ``base.``.

    Returns:
        The name in :class:`ResNet`, or None for a weight of the head.
    """
    layer, _, kind = name.removeprefix(PREFIX).rpartition('.')
    return f'{BACKBONE[layer]}.{kind}' if layer in BACKBONE else None


def to_ours(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Weights under our names, the same numbers.

    The branches of an ASPP come in another order here, the image's mean first, so the input
    channels of the convolution that joins them change places.

    Args:
        state: Of any of the package's models.

    Returns:
        ``backbone.*`` and ``decode_head.*``, in the file's order.

    Raises:
        CheckpointError: It is none of its models, or a name is unknown.
    """
    kind = _kind({_layer(name) for name in state}, _SIGNS)
    known = BACKBONE | HEADS[kind]
    _refuse([name for name in state if _layer(name) not in known], f'a DeepLab {kind}')
    converted = {}
    for name, value in state.items():
        layer = _layer(name)
        part = 'backbone' if layer in BACKBONE else 'decode_head'
        converted[f'{part}.{known[layer]}.{name.rpartition(".")[2]}'] = value
    if _JOINED in converted:
        weight = torch.as_tensor(converted[_JOINED])
        converted[_JOINED] = weight.roll(weight.shape[1] // _BRANCHES, dims=1)
    return converted


def from_ours(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The inverse of :func:`to_ours`.

    Args:
        state: Weights of a model that :func:`to_ours` can give.

    Raises:
        CheckpointError: It is none of these models, or a name is unknown.
    """
    signs = {
        'decode_head.fuse.0.conv': 'v3plus',
        'decode_head.bottleneck.conv': 'v3',
        'decode_head.conv_seg.0': 'v2',
        'decode_head.conv_seg': 'v1',
    }
    kind = _kind({name.rpartition('.')[0] for name in state}, signs)
    theirs = {f'backbone.{ours}': name for name, ours in BACKBONE.items()}
    theirs |= {f'decode_head.{ours}': name for name, ours in HEADS[kind].items()}
    unknown = [name for name in state if name.rpartition('.')[0] not in theirs]
    _refuse(unknown, f'a DeepLab {kind} that deeplab-pytorch has')
    prefix = '' if kind == 'v1' else PREFIX
    converted = {}
    for name, value in state.items():
        layer, _, end = name.rpartition('.')
        if name == _JOINED:
            value = value.roll(-(value.shape[1] // _BRANCHES), dims=1)
        converted[f'{prefix}{theirs[layer]}.{end}'] = value
    return converted


def _layer(name: str) -> str:
    return name.removeprefix('module.').removeprefix(PREFIX).rpartition('.')[0]


def _kind(layers: set[str], signs: dict[str, str]) -> str:
    for sign, kind in signs.items():
        if sign in layers:
            return kind
    raise CheckpointError(
        'the weights must be of DeepLab v1, v2, v3 or v3+ as deeplab-pytorch has them, got layers '
        f'{", ".join(sorted(layers)[:_SHOWN])}, ...'
    )


def _refuse(unknown: list[str], model: str) -> None:
    if unknown:
        raise CheckpointError(
            f'{len(unknown)} names are unknown to {model}: {", ".join(unknown[:_SHOWN])}'
            f'{", ..." if len(unknown) > _SHOWN else ""}'
        )
