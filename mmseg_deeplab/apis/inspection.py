"""What is inside a checkpoint file, told without running code from it."""

from __future__ import annotations

from collections.abc import Mapping
from os import PathLike
from typing import Any

import torch

from mmseg_deeplab.apis.checkpoint_facts import checkpoint_facts, file_kind
from mmseg_deeplab.engine.checkpoint import existing_file, load_checkpoint
from mmseg_deeplab.utils.errors import CheckpointError
from mmseg_deeplab.utils.files import file_hash
from mmseg_deeplab.utils.pickle_names import pickle_names
from mmseg_deeplab.utils.weight_formats import SAFETENSORS

_CONTAINERS = {
    'zip': 'zip',
    'pickle': 'pickle',
    SAFETENSORS: SAFETENSORS,
    'unknown': 'no format of weights',
}


def inspect_checkpoint(checkpoint: str | PathLike) -> dict[str, Any]:
    """What a checkpoint holds, as values that JSON can take.

    Args:
        checkpoint: A ``.pth`` or ``.safetensors`` file of any of the known layouts, or a bare
            state dict.

    Returns:
        ``file``, ``bytes``, ``sha256``, ``container``, ``loads`` (whether it can be read without
        running code); then, where it can, ``contents`` (top-level entries with their bytes of
        tensors), ``keys`` (name to shape and dtype) and the facts of
        :func:`checkpoint_facts.checkpoint_facts`; where not, ``problem`` and, of a pickle,
        ``names``: the functions and classes that unpickling it would look up.

    Raises:
        CheckpointError: There is no such file.
    """
    path = existing_file(str(checkpoint))
    found: dict[str, Any] = {
        'file': str(path),
        'bytes': path.stat().st_size,
        'sha256': file_hash(path),
        'container': file_kind(path),
    }
    try:
        content = load_checkpoint(path)
    except CheckpointError as error:
        names = () if found['container'] == SAFETENSORS else pickle_names(path)
        return {**found, 'loads': False, 'problem': str(error), 'names': list(names)}
    state = content['state_dict']
    return {
        **found,
        'loads': True,
        'contents': {key: _tensor_bytes(value) for key, value in content.items()},
        **checkpoint_facts(content),
        'keys': {
            name: {'shape': list(value.shape), 'dtype': str(value.dtype).removeprefix('torch.')}
            for name, value in state.items()
            if isinstance(value, torch.Tensor)
        },
    }


def describe(found: Mapping[str, Any], *, keys: bool = False) -> list[str]:
    """The lines that a person reads.

    Args:
        found: From :func:`inspect_checkpoint`.
        keys: Also list every entry with shape and dtype.
    """
    lines = [
        f'file        {found["file"]}',
        f'size        {_size(found["bytes"])}, {_CONTAINERS[found["container"]]}',
        f'sha256      {found["sha256"]}',
    ]
    if not found['loads']:
        lines.append(f'problem     {found["problem"]}')
        lines += [f'names       {name}' for name in found['names']]
        return lines
    weights = found['weights']
    contents = (f'{key}{f" ({_size(n)})" if n else ""}' for key, n in found['contents'].items())
    bands = 'an unknown number of' if weights['bands'] is None else weights['bands']
    lines += [
        f'layout      {found["layout"]}',
        f'versions    {_pairs(found["versions"])}',
        f'run         {_pairs(found["run"])}',
        f'model       {_pairs(found["model"])}',
        f'classes     {_classes(found)}',
        f'input       {bands} bands; {_pairs(found["input"])}',
        f'scores      {_pairs(found["scores"])}',
        f'contents    {", ".join(contents)}',
        f'weights     {weights["entries"]} entries, {weights["parameters"]:,} parameters, '
        f'{", ".join(weights["dtypes"]) or "no tensors"}',
    ]
    lines += [f'            {part}: {count:,}' for part, count in weights['parts'].items()]
    if keys:
        lines += [f'{name}  {_shape(entry)}' for name, entry in found['keys'].items()]
    return lines


def _classes(found: Mapping[str, Any]) -> str:
    counts = ', '.join(
        f'{count} in {name}' for name, count in found['weights']['num_classes'].items()
    )
    names = ', '.join(found['classes']) or 'no names'
    colours = '' if found['palette'] else '; no palette'
    return f'{counts or "no classifier"}: {names}{colours}'


def _pairs(values: Mapping[str, Any]) -> str:
    return ', '.join(f'{key} {value}' for key, value in values.items()) or 'not noted'


def _size(size: int) -> str:
    return f'{size / 2**20:.1f} MiB' if size >= 2**20 // 10 else f'{size:,} bytes'


def _shape(entry: Mapping[str, Any]) -> str:
    return f'{"x".join(map(str, entry["shape"])) or "scalar"} {entry["dtype"]}'


def _tensor_bytes(value: Any) -> int:
    if isinstance(value, torch.Tensor):
        return value.numel() * value.element_size()
    inner = value.values() if isinstance(value, Mapping) else value
    return sum(map(_tensor_bytes, inner)) if isinstance(value, (Mapping, list, tuple)) else 0
