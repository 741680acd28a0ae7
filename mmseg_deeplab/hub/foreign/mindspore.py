"""Weights of MindCV's DeepLabV3 and V3+ and of its ResNets: its names and ours, both ways.

They come as MindSpore's ``.ckpt``. Training checkpoints also hold the optimiser's state, under
``moments.`` and under names without a dot; that is no part of a network and is left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path

import torch
from torch import Tensor

from mmseg_deeplab.hub.foreign.contract import BACKBONE, MODEL, Foreign, Target
from mmseg_deeplab.utils.errors import CheckpointError
from mmseg_deeplab.utils.files import write_bytes
from mmseg_deeplab.utils.mindspore_file import read_entries, to_bytes

NAME, TOOL = 'MindCV', 'mindcv'
_NORM = {
    'moving_mean': 'running_mean',
    'moving_variance': 'running_var',
    'gamma': 'weight',
    'beta': 'bias',
}
_NORM_BACK = {ours: theirs for theirs, ours in _NORM.items()}
_COUNTER = 'num_batches_tracked'  # MindSpore has none
_INSIDE = 'backbone.net.'  # of the segmentation network
_BRANCHES = 5
# their layers of the heads -> ours; what else a convolution's block holds follows from it
_CONTEXT = {
    **{
        f'aspp.aspp_convs.{i}._aspp_conv.{part}': f'aspp_modules.{i}.{name}'
        for i in range(_BRANCHES - 1)
        for part, name in enumerate(('conv', 'bn'))
    },
    f'aspp.aspp_convs.{_BRANCHES - 1}.conv.0': 'image_pool.1.conv',
    f'aspp.aspp_convs.{_BRANCHES - 1}.conv.1': 'image_pool.1.bn',
    'aspp.conv1': 'bottleneck.conv',
    'aspp.bn1': 'bottleneck.bn',
}
HEADS = {
    'deeplabv3': {**_CONTEXT, 'conv': 'conv_seg'},
    'deeplabv3plus': {
        **_CONTEXT,
        'decoder.conv1': 'c1_bottleneck.conv',
        'decoder.bn1': 'c1_bottleneck.bn',
        'decoder.last_conv.0': 'fuse.0.conv',
        'decoder.last_conv.1': 'fuse.0.bn',
        'decoder.last_conv.3': 'fuse.1.conv',
        'decoder.last_conv.4': 'fuse.1.bn',
        'decoder.last_conv.6': 'conv_seg',
    },
}
_JOINED = 'decode_head.bottleneck.conv.weight'
_LAYER = re.compile(r'(conv1|bn1|layer[1-4]\.\d+\.(conv[123]|bn[123]|down_?sample\.[01]))')
_CLASSES = 21
_CLASSIFIER = 'classifier'
_SHOWN = 5


def read(path: str | Path) -> Foreign:
    """The weights of a ``.ckpt``, under their own names.

    Args:
        path: Of a network, or of a training run.

    Returns:
        The network's weights in the file's order; and as ``left_out`` the names of what else is
        in the file, with the values of single numbers and texts.

    Raises:
        CheckpointError: The file is damaged or of another format.
    """
    state, left_out = {}, {}
    for name, value in read_entries(path).items():
        if isinstance(value, Tensor) and is_weight(name):
            state[name] = value
        elif isinstance(value, str):
            left_out[name] = value
        else:
            left_out[name] = value.item() if value.numel() == 1 else tuple(value.shape)
    return Foreign(state, {'left_out': left_out})


def write(path: str | Path, state: Mapping[str, Tensor]) -> Path:
    """Write weights as a ``.ckpt``.

    Args:
        path: The file.
        state: Under MindCV's names, as :func:`from_ours` gives them.

    Raises:
        CheckpointError: A tensor cannot be held by the format.
        DataError: The file cannot be written.
    """
    return write_bytes(path, to_bytes({name: value.cpu() for name, value in state.items()}))


def is_weight(name: str) -> bool:
    """Whether an entry of a ``.ckpt`` belongs to a network and not to its training.

    Args:
        name: Of the entry.
    """
    return '.' in name and not name.startswith('moments.')


def recognises(names: Iterable[str]) -> bool:
    """Whether names of weights are those of MindCV's ResNets or DeepLabs.

    Args:
        names: The keys.
    """
    return not {'bn1.gamma', f'{_INSIDE}bn1.gamma'}.isdisjoint(names)


def to_ours(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Weights under our names, the same numbers.

    The branches of an ASPP come in another order here, the image's mean first, so the input
    channels of the convolution that joins them change places.

    Args:
        state: Of a DeepLabV3 or V3+, or of a classifying ResNet.

    Returns:
        ``backbone.*`` and ``decode_head.*``; of a ResNet the names without ``backbone.``, and no
        classifier. Batch norms get a counter of 0.

    Raises:
        CheckpointError: It is none of these, or a name is unknown.
    """
    kind = _kind(state)
    known = {theirs: f'decode_head.{ours}' for theirs, ours in HEADS.get(kind, {}).items()}
    converted: dict[str, Tensor] = {}
    unknown = []
    for name, value in state.items():
        layer, _, part = name.rpartition('.')
        if (kind, layer) == ('resnet', _CLASSIFIER):
            continue
        ours = _our_layer(layer, known)
        if ours is None or part not in ('weight', 'bias', *_NORM):
            unknown.append(name)
            continue
        converted[f'{ours}.{_NORM.get(part, part)}'] = value
        if part == 'moving_mean':
            converted[f'{ours}.{_COUNTER}'] = torch.zeros((), dtype=torch.int64)
    _refuse(unknown, 'MindCV')
    if _JOINED in converted:
        converted[_JOINED] = _roll(converted[_JOINED], 1)
    return converted


def from_ours(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The inverse of :func:`to_ours`.

    Args:
        state: What a model of ``configs/mindcv`` has, or :func:`to_ours` gives.

    Raises:
        CheckpointError: A name is of no such model.
    """
    plus = any(name.startswith('decode_head.fuse.') for name in state)
    head = HEADS['deeplabv3plus' if plus else 'deeplabv3']
    theirs = {f'decode_head.{ours}': name for name, ours in head.items()}
    converted: dict[str, Tensor] = {}
    unknown = []
    for name, value in state.items():
        layer, _, kind = name.rpartition('.')
        if kind == _COUNTER:
            continue
        found = theirs.get(layer) or _their_backbone(layer)
        if found is None:
            unknown.append(name)
            continue
        is_norm = f'{layer}.running_mean' in state
        value = _roll(value, -1) if name == _JOINED else value
        converted[f'{found}.{_NORM_BACK[kind] if is_norm else kind}'] = value
    _refuse(unknown, 'a model that MindCV has')
    return converted


def target(state: Mapping[str, Tensor]) -> Target:
    """The config whose model the weights fit; at output stride 16, as they fit 8 as well.

    Args:
        state: As for :func:`to_ours`.

    Raises:
        CheckpointError: It is of none of its models.
    """
    kind = _kind(state)
    inside = '' if kind == 'resnet' else _INSIDE
    depth = 101 if f'{inside}layer3.22.conv1.weight' in state else 50
    if kind == 'resnet':
        return Target(f'deeplabv3_s16_dilated_resnet{depth}', {}, BACKBONE)
    last = {ours: theirs for theirs, ours in HEADS[kind].items()}['conv_seg']
    classes = state[f'{last}.weight'].shape[0]
    options = {} if classes == _CLASSES else {'model.decode_head.num_classes': classes}
    return Target(f'{kind}_s16_dilated_resnet{depth}', options, MODEL)


def _kind(state: Mapping[str, Tensor]) -> str:
    signs = {
        'decoder.last_conv.6.weight': 'deeplabv3plus',
        'conv.weight': 'deeplabv3',
        'conv1.weight': 'resnet',
    }
    for name, kind in signs.items():
        if name in state:
            return kind
    raise CheckpointError(
        'the weights must be of DeepLabV3, V3+ or a ResNet as MindCV has them, got '
        f'{", ".join(list(state)[:_SHOWN]) or "none"}, ...'
    )


def _our_layer(layer: str, known: Mapping[str, str]) -> str | None:
    if layer in known:
        return known[layer]
    inner = layer.removeprefix(_INSIDE)
    if not _LAYER.fullmatch(inner):
        return None
    ours = inner.replace('down_sample', 'downsample')
    return ours if inner == layer else f'backbone.{ours}'


def _their_backbone(layer: str) -> str | None:
    inner = layer.removeprefix('backbone.')
    if not _LAYER.fullmatch(inner):
        return None
    theirs = inner.replace('downsample', 'down_sample')
    return theirs if inner == layer else f'{_INSIDE}{theirs}'


def _roll(weight: Tensor, branches: int) -> Tensor:
    """The image's mean from the last place to the first (1), or back (-1)."""
    return weight.roll(branches * (weight.shape[1] // _BRANCHES), dims=1)


def _refuse(unknown: list[str], where: str) -> None:
    if unknown:
        more = ', ...' if len(unknown) > _SHOWN else ''
        raise CheckpointError(
            f'{len(unknown)} names are unknown to {where}: {", ".join(unknown[:_SHOWN])}{more}'
        )
