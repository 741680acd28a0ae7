"""Reading and writing ``.safetensors``: a JSON header and raw numbers, nothing that could run.

The format (https://github.com/huggingface/safetensors#format): eight bytes, the header's length,
little-endian; the header, a JSON object of ``name: {dtype, shape, data_offsets}`` and
``__metadata__`` of strings; the tensors' bytes, little-endian, row by row, without gaps.
"""

from __future__ import annotations

import json
import mmap
import operator
import struct
import sys
from collections.abc import Mapping
from math import prod
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from mmseg_deeplab.utils.errors import CheckpointError

_LONGEST_HEADER = 100_000_000  # bytes; the format's own limit
_DTYPES = {
    'F64': torch.float64, 'F32': torch.float32, 'F16': torch.float16, 'BF16': torch.bfloat16,
    'I64': torch.int64, 'I32': torch.int32, 'I16': torch.int16, 'I8': torch.int8,
    'U8': torch.uint8, 'BOOL': torch.bool,
}  # fmt: skip
_NAMES = {dtype: name for name, dtype in _DTYPES.items()}


def read_header(path: Path) -> dict[str, Any]:
    """The header of a file, checked against the file's length.

    Args:
        path: An existing file.

    Returns:
        Name to ``dict(dtype, shape, data_offsets)``, and ``__metadata__`` where there is one.

    Raises:
        CheckpointError: The file is truncated or not in this format.
    """
    size = path.stat().st_size
    with open(path, 'rb') as file:
        start = file.read(8)
        length = struct.unpack('<Q', start)[0] if len(start) == 8 else 0
        if not 2 <= length <= min(_LONGEST_HEADER, size - 8):
            raise _broken(path, 'its header is not whole')
        try:
            header = json.loads(file.read(length))
            _check_entries(header, size - 8 - length)
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            raise _broken(path, str(error)) from error
    return header


def read_tensors(path: Path) -> dict[str, Tensor]:
    """All tensors of a file by name, on the CPU.

    Args:
        path: An existing file.

    Raises:
        CheckpointError: As for :func:`read_header`.
    """
    header = read_header(path)
    header.pop('__metadata__', None)
    if sys.byteorder != 'little':
        raise CheckpointError(f'{path}: .safetensors is read on little-endian machines only')
    if not header:
        return {}
    with open(path, 'rb') as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
        first = 8 + struct.unpack('<Q', mapped[:8])[0]
        return {name: _tensor(mapped, first, entry) for name, entry in header.items()}


def to_bytes(tensors: Mapping[str, Tensor], metadata: Mapping[str, str]) -> bytes:
    """A file's content.

    Args:
        tensors: On the CPU, of any shapes.
        metadata: Text by name; ``format='pt'`` is what readers of PyTorch weights look for.

    Raises:
        CheckpointError: A tensor's dtype has no name in the format.
    """
    header: dict[str, Any] = {'__metadata__': dict(metadata)}
    parts: list[bytes] = []
    end = 0
    # wide numbers first, so that every tensor begins at a multiple of its number's size
    for name in sorted(tensors, key=lambda name: -tensors[name].element_size()):
        value = tensors[name].detach().contiguous()
        if value.dtype not in _NAMES:
            raise CheckpointError(f'{name}: {value.dtype} cannot be written as .safetensors')
        parts.append(value.reshape(-1).view(torch.uint8).numpy().tobytes())
        begin, end = end, end + len(parts[-1])
        header[name] = {
            'dtype': _NAMES[value.dtype],
            'shape': list(value.shape),
            'data_offsets': [begin, end],
        }
    text = json.dumps(header, separators=(',', ':')).encode()
    text += b' ' * (-len(text) % 8)
    return b''.join([struct.pack('<Q', len(text)), text, *parts])


def _check_entries(header: Any, size: int) -> None:
    if not isinstance(header, dict):
        raise ValueError('its header is no JSON object')
    noted = header.get('__metadata__') or {}
    if not isinstance(noted, dict) or not all(isinstance(text, str) for text in noted.values()):
        raise ValueError('its __metadata__ is no JSON object of strings')
    entries = [(name, entry) for name, entry in header.items() if name != '__metadata__']
    expected = 0
    for name, entry in sorted(entries, key=lambda one: tuple(one[1]['data_offsets'])):
        begin, end = map(operator.index, entry['data_offsets'])
        shape = entry['shape']
        if entry['dtype'] not in _DTYPES:
            raise ValueError(f'{name} has the dtype {entry["dtype"]}, which is not known here')
        whole = isinstance(shape, list) and all(type(n) is int and n >= 0 for n in shape)
        if not whole or prod(n or 1 for n in shape) >> 63:
            raise ValueError(f'{name} has the shape {shape}')
        if begin != expected or end - begin != prod(shape) * _DTYPES[entry['dtype']].itemsize:
            raise ValueError(f'{name} has the wrong number of bytes')
        expected = end
    if expected != size:
        raise ValueError(f'{size} bytes of tensors, of {expected}')


def _tensor(mapped: mmap.mmap, first: int, entry: Mapping[str, Any]) -> Tensor:
    begin, end = entry['data_offsets']
    dtype = _DTYPES[entry['dtype']]
    if begin == end:
        return torch.empty(entry['shape'], dtype=dtype)
    # a copy of its own, which begins where numbers of this size may begin
    content = bytearray(mapped[first + begin : first + end])
    return torch.frombuffer(content, dtype=dtype).reshape(entry['shape'])


def _broken(path: Path, reason: str) -> CheckpointError:
    return CheckpointError(
        f'{path}: truncated, or no .safetensors file ({reason}); use another one, or copy it again'
    )
