"""Weights of MosaicML's Composer: names of its DeepLab's state dicts and ours, both ways.

Its checkpoints hold the state dict under ``state`` and ``model``; a bare state dict is read as
well, of the model (``module.`` in front) or of its network.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from mmseg_deeplab.hub.foreign.contract import Foreign, Target
from mmseg_deeplab.utils import safe_load
from mmseg_deeplab.utils.errors import CheckpointError
from mmseg_deeplab.utils.files import write_bytes

NAME, TOOL = "MosaicML's Composer", 'composer'
PREFIX = 'module.'
PARTS = {'backbone': 'backbone', 'classifier': 'decode_head'}  # theirs to ours
CONFIGS = {
    True: 'deeplabv3plus_r101_typical-127ep_ade20k-512x512',
    False: 'deeplabv3_r101_typical-127ep_ade20k-512x512',
}
_CLASSIFIER = 'classifier.conv_seg.weight'
_LOW_LEVEL = 'classifier.c1_bottleneck.conv.weight'
_DEPTHS = {6: 50, 23: 101, 36: 152}  # by blocks of the third stage
_SHOWN = 5

_NORM = r'(?:weight|bias|running_mean|running_var|num_batches_tracked)'
_LAYER = rf'(?:conv\.weight|bn\.{_NORM})'
_SEPARABLE = rf'(?:depthwise_conv|pointwise_conv)\.{_LAYER}'
_BACKBONE = re.compile(
    rf'(?:conv1\.weight|bn1\.{_NORM}|layer[1-4]\.\d+\.'
    rf'(?:conv[123]\.weight|bn[123]\.{_NORM}|downsample\.0\.weight|downsample\.1\.{_NORM}))'
)
_HEAD = re.compile(
    rf'(?:conv_seg\.(?:weight|bias)|(?:image_pool\.1|bottleneck|c1_bottleneck)\.{_LAYER}'
    rf'|aspp_modules\.\d\.(?:{_LAYER}|{_SEPARABLE})|sep_bottleneck\.[01]\.{_SEPARABLE})'
)
_KNOWN = {'backbone': _BACKBONE, 'classifier': _HEAD, 'decode_head': _HEAD}


def read(path: str | Path) -> Foreign:
    """The weights of a checkpoint, or of a bare state dict.

    Args:
        path: An existing file; nothing in it is run.

    Raises:
        CheckpointError: It is truncated, unsafe, or holds no state dict.
    """
    from mmseg_deeplab.hub.foreign import state_dict_in

    state = state_dict_in(safe_load.read_file(Path(path), 'cpu'))
    if state is None:
        raise CheckpointError(f"{path}: must hold a state dict under 'state' and 'model'")
    return Foreign(state, {})


def recognises(names: Iterable[str]) -> bool:
    """Whether a state dict's names are those of Composer's DeepLab.

    Args:
        names: The keys.
    """
    return any(name.removeprefix(PREFIX) == _CLASSIFIER for name in names)


def to_ours(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Weights under our names, the same numbers in the same order.

    Args:
        state: ``module.backbone.*`` and ``module.classifier.*``, or both without ``module.``.

    Raises:
        CheckpointError: A name is unknown.
    """
    return _renamed({key.removeprefix(PREFIX): value for key, value in state.items()}, PARTS)


def from_ours(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The inverse of :func:`to_ours`.

    Args:
        state: ``backbone.*`` and ``decode_head.*`` of a plain-stem ResNet and an ASPP head,
            without an auxiliary head.

    Raises:
        CheckpointError: A name has no place in Composer's model.
    """
    renamed = _renamed(state, {ours: theirs for theirs, ours in PARTS.items()})
    return {f'{PREFIX}{key}': value for key, value in renamed.items()}


def write(path: str | Path, state: Mapping[str, Tensor]) -> None:
    """Write a checkpoint of which Composer's trainer loads the weights (``load_weights_only``).

    Args:
        path: Of the new file.
        state: Under Composer's names.
    """
    import io

    file = io.BytesIO()
    torch.save({'state': {'model': dict(state)}}, file)
    write_bytes(path, file.getvalue())


def target(state: Mapping[str, Any]) -> Target:
    """The shipped config that weights fit, and what of it they change.

    Args:
        state: Under Composer's names.
    """
    short = {key.removeprefix(PREFIX): value for key, value in state.items()}
    blocks = {key.split('.')[2] for key in short if key.startswith('backbone.layer3.')}
    options: dict[str, Any] = {'model.decode_head.num_classes': int(short[_CLASSIFIER].shape[0])}
    depth = _DEPTHS.get(len(blocks), 101)
    if depth != 101:
        options |= {'model.backbone.depth': depth, 'model.pretrained': None}
    return Target(CONFIGS[_LOW_LEVEL in short], options)


def _renamed(state: Mapping[str, Tensor], parts: Mapping[str, str]) -> dict[str, Tensor]:
    found, unknown = {}, []
    for key, value in state.items():
        part, _, rest = key.partition('.')
        if part in parts and _KNOWN[part].fullmatch(rest):
            found[f'{parts[part]}.{rest}'] = value
        else:
            unknown.append(key)
    if unknown:
        raise CheckpointError(
            f"{len(unknown)} names are unknown to Composer's DeepLab (a plain-stem ResNet, one "
            f'head): {", ".join(unknown[:_SHOWN])}{", ..." if len(unknown) > _SHOWN else ""}'
        )
    return found
