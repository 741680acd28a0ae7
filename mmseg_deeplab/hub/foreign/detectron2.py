"""Weights of Detectron2's DeepLab project: names of its state dicts and ours, both ways.

Its published files are pickles of numpy arrays; a model trained with it is a file of PyTorch
with the same names.
"""

from __future__ import annotations

import pickle
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from mmseg_deeplab.hub.foreign.array_pickle import read_arrays
from mmseg_deeplab.hub.foreign.contract import BACKBONE, MODEL, Foreign, Target
from mmseg_deeplab.utils.errors import CheckpointError
from mmseg_deeplab.utils.files import write_bytes

NAME, TOOL = 'Detectron2', 'detectron2'
CONFIGS = {
    False: 'deeplab_v3_R_103_os16_mg124_poly_90k_bs16',
    True: 'deeplab_v3_plus_R_103_os16_mg124_poly_90k_bs16',
}
_DEEPEST = 36  # blocks of a stage: ResNet-152 has so many
_DEPTHS = {6: 50, 23: 101, 36: 152}  # by blocks of the third stage
_BRANCHES = 5
_SHOWN = 5
_BACKBONE, _HEAD = 'backbone', 'sem_seg_head'
_CONTEXT = {False: f'{_HEAD}.aspp', True: f'{_HEAD}.decoder.res5.project_conv'}
_LOW_LEVEL = f'{_HEAD}.decoder.res2.project_conv'
_FUSE = f'{_HEAD}.decoder.res2.fuse_conv'
# without a place here: a classifier of images, and the normalisation, which configs set
_SET_ASIDE = ('fc.', 'linear.', 'backbone.fc.', 'backbone.linear.', 'pixel_mean', 'pixel_std')
_PARTS = {'depthwise': 'depthwise_conv', 'pointwise': 'pointwise_conv'}


def _backbone_layers(deep_stem: bool) -> dict[str, tuple[str, str]]:
    """Their layer -> our convolution and our norm, in the backbone."""
    if deep_stem:
        layers = {f'stem.conv{i + 1}': (f'stem.{3 * i}', f'stem.{3 * i + 1}') for i in range(3)}
    else:
        layers = {'stem.conv1': ('conv1', 'bn1')}
    for stage in range(1, 5):
        for block in range(_DEEPEST):
            theirs, ours = f'res{stage + 1}.{block}', f'layer{stage}.{block}'
            for i in (1, 2, 3):
                layers[f'{theirs}.conv{i}'] = (f'{ours}.conv{i}', f'{ours}.bn{i}')
            layers[f'{theirs}.shortcut'] = (f'{ours}.downsample.0', f'{ours}.downsample.1')
    return layers


def _head_layers(plus: bool) -> dict[str, tuple[str, str]]:
    """Their layer -> our convolution and our norm, in the head, full and separable forms."""
    context = _CONTEXT[plus]
    blocks = {f'{context}.convs.{i}': f'aspp_modules.{i}' for i in range(_BRANCHES - 1)}
    blocks |= {f'{context}.convs.4.1': 'image_pool.1', f'{context}.project': 'bottleneck'}
    if plus:
        blocks |= {_LOW_LEVEL: 'c1_bottleneck', f'{_FUSE}.0': 'fuse.0', f'{_FUSE}.1': 'fuse.1'}
    separable = {f'{context}.convs.{i}': f'aspp_modules.{i}' for i in range(1, _BRANCHES - 1)}
    separable[_FUSE] = 'fuse.0'
    for theirs, ours in separable.items():
        blocks |= {f'{theirs}.{part}': f'{ours}.{name}' for part, name in _PARTS.items()}
    layers = {theirs: (f'{ours}.conv', f'{ours}.bn') for theirs, ours in blocks.items()}
    return layers | {f'{_HEAD}.predictor': ('conv_seg', '')}


def _names(*, plus: bool, deep_stem: bool) -> dict[str, str]:
    """Their names of convolutions and norms -> ours, without the last part."""
    found = {}
    for layers, theirs, ours in (
        (_backbone_layers(deep_stem), f'{_BACKBONE}.', 'backbone'),
        (_head_layers(plus), '', 'decode_head'),
    ):
        for layer, (conv, norm) in layers.items():
            found[f'{theirs}{layer}'] = f'{ours}.{conv}'
            found[f'{theirs}{layer}.norm'] = f'{ours}.{norm}'
    return found


def recognises(names: Collection[str]) -> bool:
    """Whether a state dict's names are Detectron2's of a ResNet, alone or in a DeepLab.

    Args:
        names: The keys.
    """
    return any(name.startswith(('backbone.stem.conv1.', 'stem.conv1.')) for name in names)


def read(path: str | Path) -> Foreign:
    """The arrays of a ``.pkl`` file; it is read without executing it.

    Args:
        path: A file of the model zoo, or one in Caffe2's form (whose ``*_momentum`` entries are
            left out).

    Raises:
        CheckpointError: It is truncated, unsafe, or holds no dict of arrays.
    """
    content = read_arrays(path)
    if not isinstance(content, Mapping):
        raise CheckpointError(f'{path}: must hold a dict, got a {type(content).__name__}')
    meta = {key: value for key, value in content.items() if key not in ('model', 'blobs')}
    if 'model' in content:
        state = content['model']
    else:
        blobs, meta = content.get('blobs', content), {'caffe2': True}
        state = blobs
        if isinstance(blobs, Mapping):
            state = {k: v for k, v in blobs.items() if not str(k).endswith('_momentum')}
    if not isinstance(state, Mapping):
        raise CheckpointError(
            f'{path}: must hold a dict of arrays, got a {type(state).__name__} in its place'
        )
    wrong = [k for k, v in state.items() if not isinstance(v, np.ndarray | np.generic)]
    if wrong:
        raise CheckpointError(f'{path}: must hold arrays alone, got something else at {wrong[0]!r}')
    return Foreign({str(key): value for key, value in state.items()}, meta)


def to_ours(state: Mapping[str, Any]) -> dict[str, Tensor]:
    """Weights under our names, the same numbers.

    The parts that an ASPP and a decoder join come in another order here, so the input channels
    of what follows them change places. Batch counters that old files lack are 0.

    Args:
        state: Of a DeepLabV3, a DeepLabV3+ or a backbone (with or without ``backbone.``).

    Returns:
        ``backbone.*`` and ``decode_head.*``; of a file of a backbone, its entries alone without
        ``backbone.``.

    Raises:
        CheckpointError: A name is unknown.
    """
    plus, alone = _is_plus(state), _is_backbone(state)
    known = _names(plus=plus, deep_stem=_has_deep_stem(state))
    kept = {name: value for name, value in state.items() if not name.startswith(_SET_ASIDE)}
    full = {
        name if name.startswith((_BACKBONE, _HEAD)) else f'{_BACKBONE}.{name}': name
        for name in kept
    }
    _refuse([short for name, short in full.items() if _layer(name) not in known], NAME)
    ours = {}
    for name, short in full.items():
        value = _joined(name, torch.as_tensor(kept[short]), state, back=False)
        ours[f'{known[_layer(name)]}.{_last(name)}'] = value
    for name in [name for name in ours if name.endswith('.running_mean')]:
        ours.setdefault(f'{_layer(name)}.num_batches_tracked', torch.zeros((), dtype=torch.int64))
    return {name.removeprefix('backbone.'): v for name, v in ours.items()} if alone else ours


def from_ours(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The inverse of :func:`to_ours`.

    Args:
        state: What :func:`to_ours` can give: of a whole model, or of a backbone alone.

    Raises:
        CheckpointError: A name has no counterpart there.
    """
    alone = not any(name.startswith(('backbone.', 'decode_head.')) for name in state)
    if alone:
        state = {f'backbone.{name}': value for name, value in state.items()}
    plus = 'decode_head.c1_bottleneck.conv.weight' in state
    known = _names(plus=plus, deep_stem=any(n.startswith('backbone.stem.') for n in state))
    theirs = {ours: name for name, ours in known.items()}
    _refuse([name for name in state if _layer(name) not in theirs], f'{NAME} (no auxiliary head)')
    renamed = {f'{theirs[_layer(name)]}.{_last(name)}': value for name, value in state.items()}
    if alone:
        return {name.removeprefix(f'{_BACKBONE}.'): value for name, value in renamed.items()}
    return {name: _joined(name, value, renamed, back=True) for name, value in renamed.items()}


def write(path: str | Path, state: Mapping[str, Any]) -> None:
    """Write a ``.pkl`` file that Detectron2 loads by the names in it.

    Args:
        path: Of the new file.
        state: Tensors or arrays under Detectron2's names.
    """
    arrays = {name: np.asarray(value) for name, value in state.items()}
    content: dict[str, Any] = {'model': arrays, '__author__': 'mmseg_deeplab'}
    if not any(name.startswith((f'{_BACKBONE}.', _HEAD)) for name in state):
        content['matching_heuristics'] = True  # its names lack the `backbone.` of a model's
    write_bytes(path, pickle.dumps(content, protocol=2))


def target(state: Mapping[str, Any]) -> Target:
    """The shipped config that weights fit, and what of it they change.

    Args:
        state: As for :func:`to_ours`.
    """
    plus = _is_plus(state)
    options: dict[str, Any] = {}
    blocks = {name.removeprefix('backbone.').split('.')[1] for name in state if 'res4.' in name}
    if len(blocks) in _DEPTHS:
        options['model.backbone.depth'] = _DEPTHS[len(blocks)]
    if not _has_deep_stem(state):
        options |= {'model.backbone.type': 'ResNet', 'model.backbone.stem_channels': 64}
    if _is_backbone(state):
        return Target(CONFIGS[True], options, BACKBONE)
    if f'{_HEAD}.predictor.weight' in state:
        options['model.decode_head.num_classes'] = len(state[f'{_HEAD}.predictor.weight'])
    if any('.depthwise.' in name for name in state):
        options['model.decode_head.separable'] = True
    return Target(CONFIGS[plus], options, MODEL)


def _layer(name: str) -> str:
    return name.rpartition('.')[0]


def _last(name: str) -> str:
    return name.rpartition('.')[2]


def _is_plus(state: Mapping[str, Any]) -> bool:
    return any(name.startswith(f'{_HEAD}.decoder.') for name in state)


def _is_backbone(state: Mapping[str, Any]) -> bool:
    return not any(name.startswith(_HEAD) for name in state)


def _has_deep_stem(state: Mapping[str, Any]) -> bool:
    return any('stem.conv2.' in name or 'stem.conv3.' in name for name in state)


def _joined(name: str, value: Tensor, theirs: Mapping[str, Any], *, back: bool) -> Tensor:
    """A weight with the parts of a concatenation in our order (or, back, in theirs).

    Args:
        name: Detectron2's.
        value: Its value.
        theirs: The state dict under Detectron2's names, for the width of the low-level map.
        back: From our order to theirs.
    """
    layer, last = _layer(name), _last(name)
    first = layer.removesuffix('.norm') == f'{_FUSE}.depthwise'
    if layer in [f'{context}.project' for context in _CONTEXT.values()]:
        # theirs: branches, image mean; ours: image mean, branches
        axis, shift = 1, value.shape[1] // _BRANCHES
    elif layer in (f'{_FUSE}.0', f'{_FUSE}.pointwise') or (first and value.dim() > 0):
        # theirs: low level, context; ours: context, low level
        low_level = f'{_LOW_LEVEL}.weight'
        if low_level not in theirs:
            raise CheckpointError(f'{low_level} must be there beside {name}, and is not')
        axis, shift = (0 if first else 1), -len(theirs[low_level])
    else:
        return value
    return (
        value.roll(-shift if back else shift, dims=axis) if last != 'num_batches_tracked' else value
    )


def _refuse(unknown: list[str], system: str) -> None:
    if unknown:
        raise CheckpointError(
            f'{len(unknown)} names are unknown to a DeepLab of {system}: '
            f'{", ".join(unknown[:_SHOWN])}{", ..." if len(unknown) > _SHOWN else ""}'
        )
