"""Reading a checkpoint without running code from it, old MMEngine files included."""

from __future__ import annotations

import json
import pickle
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch

from mmseg_deeplab.utils import safetensors_file
from mmseg_deeplab.utils.errors import CheckpointError
from mmseg_deeplab.utils.weight_formats import SAFETENSORS_SUFFIX

META_KEY = 'mmseg_deeplab.meta'  # under which a .safetensors file of ours holds `meta`, as JSON
_WOULD_RUN = re.compile(r'GLOBAL ([\w.]+)|unrecognized function (.+)|but got (<.+>)')
_LOOKED_AT = 1024  # bytes; a pickle begins with one beyond ASCII
_HISTORY_METHODS = ('min', 'max', 'mean', 'current')


class _History:
    """Stands in for MMEngine's ``HistoryBuffer``: takes its numbers, and nothing else of it."""

    log_history: Any = ()
    count_history: Any = ()

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.log_history = state.get('_log_history', ())
        self.count_history = state.get('_count_history', ())


def _history_method(owner: Any, name: str) -> None:
    """Stands in for ``getattr``, which old files call for four methods of HistoryBuffer."""
    if owner is not _History or name not in _HISTORY_METHODS:
        raise pickle.UnpicklingError(f'Unsupported global: GLOBAL getattr.{name}')


def _allowed() -> list[Callable[..., Any] | tuple[Callable[..., Any], str]]:
    """The names that a file may use beyond PyTorch's own list, and what is put in their place."""
    array = np.zeros(1)
    rebuild = array.__reduce__()[0]
    scalar = np.float64(0).__reduce__()[0]
    old_numpy, new_numpy = 'numpy.core.multiarray', 'numpy._core.multiarray'
    dtypes = [type(np.dtype(kind)) for kind in ('?', *'bhilqBHILQefd')]
    return [
        (_History, 'mmengine.logging.history_buffer.HistoryBuffer'),
        (_history_method, 'builtins.getattr'),
        (_history_method, '__builtin__.getattr'),
        (dict, 'mmengine.config.config.ConfigDict'),
        (rebuild, f'{old_numpy}._reconstruct'),
        (rebuild, f'{new_numpy}._reconstruct'),
        (scalar, f'{old_numpy}.scalar'),
        (scalar, f'{new_numpy}.scalar'),
        np.ndarray,
        np.dtype,
        *dtypes,
    ]


def read_file(path: Path, map_location: Any, mmap: bool = False) -> Any:
    """Unpickle a file by PyTorch's ``weights_only`` machine, or read a ``.safetensors`` file.

    Args:
        path: An existing file.
        map_location: As for ``torch.load``.
        mmap: Leave tensors on the disk until they are used; for looking at a file's meta.

    Returns:
        What was pickled; of a ``.safetensors`` file ``dict(state_dict, meta)``.

    Raises:
        CheckpointError: The file is truncated, is no checkpoint, or asks for code to be run.
    """
    if path.suffix == SAFETENSORS_SUFFIX:
        return _read_safetensors(path, map_location)
    try:
        with torch.serialization.safe_globals(_allowed()):
            return torch.load(path, map_location=map_location, weights_only=True, mmap=mmap)
    except pickle.UnpicklingError as error:
        raise CheckpointError(_unpickling_message(path, str(error))) from error
    except Exception as error:  # the unpickler stumbles over foreign bytes in many ways
        if mmap and isinstance(error, RuntimeError) and 'mmap' in str(error):
            return read_file(path, map_location)  # files of PyTorch before 1.6 cannot be mapped
        raise CheckpointError(_broken(path, str(error))) from error


def _read_safetensors(path: Path, map_location: Any) -> dict[str, Any]:
    noted = safetensors_file.read_header(path).get('__metadata__') or {}
    tensors = safetensors_file.read_tensors(path)
    if isinstance(map_location, (str, torch.device)):
        tensors = {name: value.to(map_location) for name, value in tensors.items()}
    try:
        meta = json.loads(noted.get(META_KEY, '{}'))
    except (ValueError, RecursionError) as error:
        raise CheckpointError(f'{path}: its {META_KEY} is no JSON ({error})') from error
    if not isinstance(meta, dict):
        raise CheckpointError(
            f'{path}: its {META_KEY} must be a JSON object, got {type(meta).__name__}'
        )
    return {'state_dict': tensors, 'meta': meta}


def without_stand_ins(value: Any) -> Any:
    """Replace the stand-ins of old histories by ``dict(log_history, count_history)``."""
    if isinstance(value, _History):
        return dict(log_history=value.log_history, count_history=value.count_history)
    if type(value) is dict:
        return {key: without_stand_ins(item) for key, item in value.items()}
    if type(value) in (list, tuple):
        return type(value)(without_stand_ins(item) for item in value)
    if isinstance(value, dict) and not hasattr(value, '_metadata'):
        return type(value)((key, without_stand_ins(item)) for key, item in value.items())
    return value


def _unpickling_message(path: Path, reason: str) -> str:
    """PyTorch's reasons are long; what a reader needs is the name of what would be run."""
    found = _WOULD_RUN.search(reason)
    if found is None:
        return _broken(path, reason.rsplit('error: ', 1)[-1])
    name = next(group for group in found.groups() if group)
    return (
        f'{path}: refused, because loading it would run code ({name}); take checkpoints only '
        'from those you trust, and save its weights anew as a plain state_dict'
    )


def _broken(path: Path, reason: str) -> str:
    """The unpickler's reason is told where it has words: often it is a mere number."""
    if path.stat().st_size == 0:
        reason = 'it is empty'
    elif _is_text(path):
        reason = 'it is a text file'
    else:
        reason = reason.strip().split('\n')[0].split('. ')[0]
    detail = f' ({reason})' if ' ' in reason else ''
    return f'{path}: truncated, or no checkpoint{detail}; use another one, or copy it again'


def _is_text(path: Path) -> bool:
    with open(path, 'rb') as file:
        start = file.read(_LOOKED_AT)
    return bool(start) and b'\0' not in start and start.isascii()
