"""Reading and writing MindSpore's ``.ckpt`` without MindSpore: plain protobuf, nothing that runs.

The format, as its own writer makes it: the file is a repeated field 1, an entry each; an entry is
a name (1) and a tensor (2); a tensor is dimensions (1, repeated), the name of its type (2) and
its numbers (3), little-endian, row by row. A check sum of 17 bytes may follow.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Mapping
from math import prod
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor

from mmseg_deeplab.utils.errors import CheckpointError, CheckpointNotFoundError
from mmseg_deeplab.utils.protobuf import BYTES, VARINT, bytes_field, read_fields, varint_field

_DTYPES = {
    'Float32': torch.float32, 'Float16': torch.float16, 'BFloat16': torch.bfloat16,
    'Float64': torch.float64, 'Int8': torch.int8, 'Int16': torch.int16, 'Int32': torch.int32,
    'Int64': torch.int64, 'UInt8': torch.uint8, 'UInt16': torch.uint16, 'UInt32': torch.uint32,
    'UInt64': torch.uint64, 'Bool': torch.bool,
}  # fmt: skip
_NAMES = {dtype: name for name, dtype in _DTYPES.items()}
_TEXT = 'str'
_CHECKSUM = b'crc_num'
_CHECKSUM_SIZE = len(_CHECKSUM) + 10
_MOST_DIMENSIONS = 16
_LARGEST_PART = 512 << 20  # bytes; MindSpore splits larger tensors over several entries


class _Part(NamedTuple):
    name: str
    shape: tuple[int, ...]
    kind: str
    content: memoryview


def read_entries(path: str | Path) -> dict[str, Tensor | str]:
    """Everything in a file by name: tensors on the CPU, and text.

    Args:
        path: A ``.ckpt`` of ``mindspore.save_checkpoint`` or of its training callbacks.

    Raises:
        CheckpointNotFoundError: There is no such file.
        CheckpointError: It is truncated, encrypted, damaged (its check sum is wrong), or in
            another format.
    """
    path = Path(path)
    try:
        data = path.read_bytes()
    except FileNotFoundError as error:
        raise CheckpointNotFoundError(f'{path}: there is no such file') from error
    except OSError as error:
        raise CheckpointError(f'{path}: cannot be read ({error.strerror or error})') from error
    try:
        entries = _read(memoryview(data))
    except ValueError as error:
        raise CheckpointError(
            f'{path}: truncated, encrypted, or no MindSpore checkpoint ({error}); copy it again, '
            'or save it once more with MindSpore, without encryption'
        ) from error
    return entries


def to_bytes(entries: Mapping[str, Tensor | str], *, checksum: bool = False) -> bytes:
    """A file's content, byte for byte as MindSpore writes these entries.

    Args:
        entries: Tensors on the CPU, or text, in the order of the file.
        checksum: Append the check sum that ``mindspore.save_checkpoint(..., crc_check=True)``
            would.

    Raises:
        CheckpointError: A tensor's dtype has no name in the format, or it is too large.
    """
    content = b''.join(bytes_field(1, _entry(name, value)) for name, value in entries.items())
    if not checksum:
        return content
    return content + _CHECKSUM + zlib.crc32(content).to_bytes(10, 'big')


def _read(data: memoryview) -> dict[str, Tensor | str]:
    joined: dict[str, Tensor | str] = {}
    waiting: list[_Part] = []
    for part in _parts(_without_checksum(data)):
        if waiting and part.name != waiting[0].name:
            joined[waiting[0].name] = _value(waiting)
            waiting = []
        if part.name in joined:
            raise ValueError(f'two entries named {part.name}')
        waiting.append(part)
    if not waiting:
        raise ValueError('it holds nothing')
    joined[waiting[0].name] = _value(waiting)
    return joined


def _without_checksum(data: memoryview) -> memoryview:
    body, tail = data[:-_CHECKSUM_SIZE], bytes(data[-_CHECKSUM_SIZE:])
    if not tail.startswith(_CHECKSUM):
        return data
    if zlib.crc32(body) != int.from_bytes(tail[len(_CHECKSUM) :], 'big'):
        raise ValueError('its check sum is wrong')
    return body


def _parts(data: memoryview) -> Iterator[_Part]:
    for number, kind, entry in read_fields(data):
        if (number, kind) != (1, BYTES):
            raise ValueError(f'field {number} where an entry should be')
        name, tensor = '', None
        for inner, kind, value in read_fields(entry):
            if (inner, kind) == (1, BYTES):
                name = bytes(value).decode()
            elif (inner, kind) == (2, BYTES):
                tensor = value
            else:
                raise ValueError(f'{name or "an entry"} is no tensor (field {inner})')
        if not name or tensor is None:
            raise ValueError(f'{name or "an entry"} lacks its {"tensor" if name else "name"}')
        yield _part(name, tensor)


def _part(name: str, tensor: memoryview) -> _Part:
    shape: list[int] = []
    dtype, content = '', memoryview(b'')
    for number, kind, value in read_fields(tensor):
        if (number, kind) == (1, VARINT) and len(shape) < _MOST_DIMENSIONS:
            shape.append(value)
        elif (number, kind) == (2, BYTES):
            dtype = bytes(value).decode()
        elif (number, kind) == (3, BYTES):
            content = value
        else:
            raise ValueError(f'{name} has an unknown field {number}')
    return _Part(name, tuple(shape), dtype, content)


def _value(parts: list[_Part]) -> Tensor | str:
    """The tensor or text whose parts stand one after the other."""
    name, shape, kind, _ = parts[0]
    if any((part.shape, part.kind) != (shape, kind) for part in parts):
        raise ValueError(f'two entries named {name}')
    content = bytearray().join(part.content for part in parts)
    if kind == _TEXT:
        return content.decode('utf-32-le')
    if kind not in _DTYPES:
        raise ValueError(f'{name} has the type {kind or "none"}, which is not known here')
    if shape == (0,):
        shape = ()  # how older versions write a scalar
    if len(content) != prod(shape) * _DTYPES[kind].itemsize:
        raise ValueError(f'{name} of shape {shape} and {kind} has {len(content)} bytes')
    return torch.frombuffer(content, dtype=_DTYPES[kind]).reshape(shape)


def _entry(name: str, value: Tensor | str) -> bytes:
    if isinstance(value, str):
        return bytes_field(1, name.encode()) + bytes_field(
            2, _tensor((0,), _TEXT, value.encode('utf-32-le'))
        )
    if value.dtype not in _NAMES:
        raise CheckpointError(f'{name}: {value.dtype} cannot be written as a MindSpore .ckpt')
    content = value.detach().contiguous().reshape(-1).view(torch.uint8).numpy()
    if not 0 < content.nbytes <= _LARGEST_PART:
        raise CheckpointError(
            f'{name}: {content.nbytes} bytes cannot be written as one entry of a MindSpore .ckpt'
        )
    tensor = _tensor(tuple(value.shape), _NAMES[value.dtype], content.tobytes())
    return bytes_field(1, name.encode()) + bytes_field(2, tensor)


def _tensor(shape: tuple[int, ...], kind: str, content: bytes) -> bytes:
    dimensions = b''.join(varint_field(1, size) for size in shape)
    return dimensions + bytes_field(2, kind.encode()) + bytes_field(3, content)
