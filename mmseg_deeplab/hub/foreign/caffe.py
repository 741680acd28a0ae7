"""Weights of DeepLab v1 and v2 as ``.caffemodel``, read without Caffe.

The format is protobuf (``caffe.proto`` of BVLC/caffe): a network (``NetParameter``) holds layers
in field 100, a layer its name, its type, blobs of numbers and the settings of its type. Layers
that see the image in another size share the weights of the first; their copies are left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from math import prod
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from mmseg_deeplab.hub.foreign import deeplab_pytorch
from mmseg_deeplab.hub.foreign.contract import Foreign, Target
from mmseg_deeplab.utils.errors import CheckpointError
from mmseg_deeplab.utils.protobuf import BYTES, FIXED32, VARINT, read_fields, read_varints

NAME, TOOL = 'Caffe', 'caffe'

_OLD_LAYER, _LAYER = 2, 100  # fields of NetParameter
_LAYER_NAME, _LAYER_TYPE, _LAYER_BLOB = 1, 2, 7
# type -> field of the layer that holds its settings, and in there: field -> name, default
_SETTINGS: dict[str, tuple[int, dict[int, tuple[str, float]]]] = {
    'Convolution': (
        106,
        {4: ('kernel_size', 1), 6: ('stride', 1), 3: ('padding', 0), 18: ('dilation', 1)},
    ),
    'Pooling': (121, {2: ('kernel_size', 1), 3: ('stride', 1), 4: ('padding', 0)}),
    'BatchNorm': (139, {3: ('eps', 1e-5), 2: ('momentum', 0.999)}),
}
_SHARED = re.compile('res075|res05')
_BLOCK = re.compile(r'(?P<kind>res|bn)(?P<stage>\d)(?P<block>[a-c]|b\d+)_branch(?P<step>1|2[abc])')
_STEPS = {'1': 'shortcut', '2a': 'reduce', '2b': 'conv3x3', '2c': 'increase'}
_TOLERANCE = 1e-7
_SHOWN = 5


def read(path: str | Path) -> Foreign:
    """What stands in a ``.caffemodel``.

    Args:
        path: An existing file.

    Returns:
        Blobs as ``LAYER.0``, ``LAYER.1``, ...; under ``layers`` the settings of convolutions,
        poolings and batch norms by name.

    Raises:
        CheckpointError: The file is truncated or of another format.
    """
    path = Path(path)
    try:
        state, layers = _read_network(memoryview(path.read_bytes()))
    except OSError as error:
        raise CheckpointError(f'{path}: cannot be read ({error.strerror or error})') from error
    except ValueError as error:
        raise CheckpointError(
            f'{path}: truncated, or no .caffemodel ({error}); copy or download it again'
        ) from error
    return Foreign(state, {'layers': layers})


def recognises(names: Iterable[str]) -> bool:
    """Whether blobs are those of a DeepLab on a ResNet.

    Args:
        names: As :func:`read` gives them.
    """
    return not {'conv1.0', 'bn_conv1.0'} - set(names)


def layer_name(name: str) -> str | None:
    """A layer's name in deeplab-pytorch.

    Args:
        name: In Caffe; of a convolution, batch norm or pooling.

    Returns:
        As ``layer2.block1.reduce.conv``, without ``base.``; None for a name unknown there.
    """
    if name in ('conv1', 'bn_conv1'):
        return f'layer1.conv1.{"bn" if name.startswith("bn") else "conv"}'
    if name.startswith('pool'):
        return 'layer1.pool'
    if name.startswith('fc'):
        parts = name.split('_')
        return f'aspp.{parts[2]}' if len(parts) == 3 else 'fc'
    found = _BLOCK.fullmatch(name)
    if not found:
        return None
    block = found['block']
    number = int(block[1:]) + 1 if len(block) > 1 else 'abc'.index(block) + 1
    part = 'conv' if found['kind'] == 'res' else 'bn'
    return f'layer{found["stage"]}.block{number}.{_STEPS[found["step"]]}.{part}'


def to_deeplab_pytorch(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Weights under deeplab-pytorch's names, as its own converter gives them.

    Caffe keeps sums of batch statistics and the number that they are to be divided by; and a
    batch norm's weight and bias in a layer of their own.

    Args:
        state: As :func:`read` gives it.

    Raises:
        CheckpointError: A layer is unknown, or lacks blobs.
    """
    blobs: dict[str, list[Tensor]] = {}
    for name, value in state.items():
        layer, _, index = name.rpartition('.')
        if not _SHARED.search(layer):
            blobs.setdefault(layer, []).append(value)
    prefix = deeplab_pytorch.PREFIX if any(_is_branch(layer) for layer in blobs) else ''
    converted: dict[str, Tensor] = {}
    unknown = []
    for layer, values in blobs.items():
        if layer.startswith('scale') and f'bn{layer.removeprefix("scale")}' in blobs:
            continue
        name = layer_name(layer)
        if name is None:
            unknown.append(layer)
        elif name.endswith('bn'):
            scale = blobs.get(f'scale{layer.removeprefix("bn")}', [])
            entries = _norm(layer, values, scale)
            converted |= {f'{prefix}{name}.{kind}': value for kind, value in entries.items()}
        else:
            kinds = ('weight', 'bias')[: len(values)]
            flat = [values[0], *(value.reshape(-1) for value in values[1:2])]
            converted |= {f'{prefix}{name}.{k}': v for k, v in zip(kinds, flat, strict=True)}
    if unknown:
        more = ', ...' if len(unknown) > _SHOWN else ''
        raise CheckpointError(
            f'{len(unknown)} layers are unknown to DeepLab v1 and v2 on ResNet-101: '
            f'{", ".join(unknown[:_SHOWN])}{more}'
        )
    return converted


def to_ours(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Weights under our names.

    Args:
        state: As :func:`read` gives it.

    Raises:
        CheckpointError: A layer is unknown, or lacks blobs.
    """
    return deeplab_pytorch.to_ours(to_deeplab_pytorch(state))


def target(state: Mapping[str, Tensor]) -> Target:
    """Which config the weights are for.

    Args:
        state: As :func:`read` gives it.
    """
    return deeplab_pytorch.target(to_deeplab_pytorch(state))


def check_model(source: Foreign, model: nn.Module) -> None:
    """Compare the settings that a file states with those of the model that it shall fill.

    Args:
        source: As :func:`read` gives it.
        model: With ``backbone`` and ``decode_head``.

    Raises:
        CheckpointError: The model has no such layer, or its kernel, stride, padding, dilation,
            epsilon or momentum differ.
    """
    heads = deeplab_pytorch.HEADS['v1'] | deeplab_pytorch.HEADS['v2']
    for layer, stated in source.meta['layers'].items():
        name = None if _SHARED.search(layer) else layer_name(layer)
        if name is None:
            continue
        if name == 'layer1.pool':
            place = 'backbone.maxpool'
        elif name in deeplab_pytorch.BACKBONE:
            place = f'backbone.{deeplab_pytorch.BACKBONE[name]}'
        else:
            place = f'decode_head.{heads.get(name, name)}'
        try:
            module = model.get_submodule(place)
        except AttributeError as error:
            raise CheckpointError(
                f"layer {layer} is not in the config's model, which has no {place}; DeepLab v1 and "
                'v2 are on ResNet-101'
            ) from error
        for setting, value in stated.items():
            ours = getattr(module, setting)
            ours = ours[0] if isinstance(ours, tuple) else ours
            if abs(ours - value) > _TOLERANCE:
                raise CheckpointError(
                    f'layer {layer} has {setting}={value:g}, {place} of the config has {ours:g}; '
                    'use a config of the same architecture'
                )


def _is_branch(layer: str) -> bool:
    return (layer_name(layer) or '').startswith('aspp.')


def _norm(layer: str, blobs: list[Tensor], scale: list[Tensor]) -> dict[str, Tensor]:
    if len(blobs) != 3 or len(scale) != 2:
        raise CheckpointError(
            f'batch norm {layer} must have 3 blobs, and 2 in the Scale layer of that name, got '
            f'{len(blobs)} and {len(scale)}'
        )
    mean, variance, count = (blob.reshape(-1).double() for blob in blobs)
    factor = 0.0 if float(count[0]) == 0 else 1 / float(count[0])  # Caffe's rule
    return {
        'running_mean': (mean * factor).float(),
        'running_var': (variance * factor).float(),
        'num_batches_tracked': torch.zeros((), dtype=torch.int64),
        'weight': scale[0].reshape(-1),
        'bias': scale[1].reshape(-1),
    }


def _read_network(data: memoryview) -> tuple[dict[str, Tensor], dict[str, dict[str, float]]]:
    state: dict[str, Tensor] = {}
    settings: dict[str, dict[str, float]] = {}
    for number, kind, value in read_fields(data):
        if number == _OLD_LAYER and kind == BYTES:
            raise ValueError(
                "layers are in the form of Caffe's first years; bring it up to date with Caffe's "
                'upgrade_net_proto_binary'
            )
        if (number, kind) != (_LAYER, BYTES):
            continue
        name, stated, blobs = _read_layer(value)
        state |= {f'{name}.{index}': blob for index, blob in enumerate(blobs)}
        if stated:
            settings[name] = stated
    if not state:
        raise ValueError('it holds no layer with numbers')
    return state, settings


def _read_layer(data: memoryview) -> tuple[str, dict[str, float], list[Tensor]]:
    fields = [(number, value) for number, _, value in read_fields(data)]
    texts = {n: bytes(v).decode() for n, v in fields if n in (_LAYER_NAME, _LAYER_TYPE)}
    blobs = [_read_blob(value) for number, value in fields if number == _LAYER_BLOB]
    place, known = _SETTINGS.get(texts.get(_LAYER_TYPE, ''), (0, {}))
    stated = dict(known.values())
    for number, value in fields:
        if number == place:
            stated |= _read_settings(value, known)
    if 'momentum' in stated:  # Caffe keeps the share of the old value, PyTorch that of the new
        stated['momentum'] = 1 - stated['momentum']
    return texts.get(_LAYER_NAME, ''), stated, blobs


def _read_settings(data: memoryview, known: Mapping[int, tuple[str, float]]) -> dict[str, float]:
    found: dict[str, float] = {}
    for number, kind, value in read_fields(data):
        if number not in known:
            continue
        if kind == FIXED32:
            value = float(np.frombuffer(value, '<f4')[0])
        elif kind == BYTES:
            value = read_varints(value)[0]
        found.setdefault(known[number][0], value)  # of height and width, the first
    return found


def _read_blob(data: memoryview) -> Tensor:
    shape: list[int] = []
    old_shape: dict[int, int] = {}
    parts: list[np.ndarray] = []
    for number, kind, value in read_fields(data):
        if number == 7 and kind == BYTES:
            for _, how, sizes in read_fields(value):
                shape += [sizes] if how == VARINT else read_varints(sizes)
        elif number in (5, 8) and kind != VARINT:
            dtype = '<f4' if number == 5 else '<f8'
            if len(value) % int(dtype[-1]):
                raise ValueError('a blob is cut off within a number')
            parts.append(np.frombuffer(value, dtype))
        elif number in (1, 2, 3, 4) and kind == VARINT:
            old_shape[number] = value
    numbers = np.concatenate(parts) if parts else np.zeros(0, '<f4')
    shape = shape or [old_shape.get(number, 1) for number in (1, 2, 3, 4)]
    if prod(shape) != numbers.size:
        raise ValueError(f'a blob of shape {shape} has {numbers.size} numbers')
    return torch.from_numpy(numbers.astype(np.float32)).reshape(shape)
