"""Weight files of other DeepLab systems: read without running code from them, and renamed.

A module for each format; none imports models. Each has

* ``NAME``: the system, as people call it; ``TOOL``: its script in ``tools/model_converters``;
* ``read(path) -> Foreign``: the arrays under their original names;
* ``recognises(names) -> bool``: whether a state dict has this system's names, and no other's;
* ``to_ours(state) -> dict[str, Tensor]``: the entries of our model. Every one of ``state`` has a
  place there or is known to have none, else :class:`CheckpointError` names it;
* ``from_ours(state) -> dict``: the way back, where there is one; ``write(path, state)``: a file
  of the system's own format, where there is one;
* ``target(state) -> Target``: which of our configs has the model that ``state`` is for.

``state`` always has the original's names, except in ``from_ours``.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any

from torch import Tensor

from mmseg_deeplab.hub.foreign.contract import BACKBONE, MODEL, Foreign, Target, Weights
from mmseg_deeplab.utils import safe_load
from mmseg_deeplab.utils.errors import CheckpointError

__all__ = [
    'BACKBONE',
    'FORMATS',
    'MODEL',
    'Foreign',
    'Target',
    'Weights',
    'format_of_file',
    'format_of_names',
    'foreign_format',
    'holds_backbone',
    'named_weights',
    'read_weights',
    'state_dict_in',
    'weights_in',
]

FORMATS = ('detectron2', 'mindspore', 'caffe', 'deeplab_pytorch', 'composer')
# files of PyTorch, which only their names tell apart
_IN_PYTORCH_FILES = ('deeplab_pytorch', 'composer', 'detectron2')
_SUFFIXES = {'.pkl': 'detectron2', '.ckpt': 'mindspore', '.caffemodel': 'caffe'}
# how PyTorch's own files begin: zip archives since 1.6, pickles with a magic number, tar archives
_ZIP, _OLD_PICKLE, _TAR = b'PK\x03\x04', b'\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19.', b'ustar'
_PLACES = ((), ('state_dict',), ('model',), ('state', 'model'))


def foreign_format(name: str) -> ModuleType:
    """The module of a format.

    Args:
        name: One of :data:`FORMATS`.

    Raises:
        CheckpointError: There is none of that name.
    """
    place = f'{__name__}.{name}'
    if name not in FORMATS or find_spec(place) is None:
        raise CheckpointError(f'no weight format {name!r}; there are {", ".join(FORMATS)}')
    return import_module(place)


def format_of_file(path: Path) -> str | None:
    """The format of a file that is not one of PyTorch's; None for those, and for safetensors.

    Args:
        path: An existing file; ``.pkl``, ``.ckpt`` and ``.caffemodel`` files are looked into.
    """
    name = _SUFFIXES.get(path.suffix)
    if name is None:
        return None
    with path.open('rb') as file:
        start = file.read(512)
    is_torch = start.startswith((_ZIP, _OLD_PICKLE)) or start[257:262] == _TAR
    return None if is_torch else name


def format_of_names(names: Collection[str]) -> str | None:
    """The system whose names a state dict in a file of PyTorch has; None for ours and unknown.

    Args:
        names: Of its entries.
    """
    if not names:
        return None
    known = (name for name in _IN_PYTORCH_FILES if find_spec(f'{__name__}.{name}'))
    return next((name for name in known if foreign_format(name).recognises(names)), None)


def state_dict_in(content: Any) -> dict[str, Tensor] | None:
    """The state dict in what a file of PyTorch holds, wherever a system keeps it; None if none.

    Args:
        content: As :func:`safe_load.read_file` returns it.
    """
    for place in _PLACES:
        found = content
        for key in place:
            found = found.get(key) if isinstance(found, Mapping) else None
        if isinstance(found, Mapping) and found and all(isinstance(key, str) for key in found):
            tensors = {key: value for key, value in found.items() if isinstance(value, Tensor)}
            if len(tensors) == len(found):
                return tensors
    return None


def read_weights(path: Path, wanted: str | None = None) -> Weights | None:
    """A weight file of another system, under our names.

    Args:
        path: An existing file.
        wanted: The format it must have; None finds out.

    Returns:
        None if ``wanted`` is None and the file is ours, or of no system known here.

    Raises:
        CheckpointError: The file is truncated or unsafe, has another format than wanted, or
            holds an entry that the system's models do not have.
    """
    name = format_of_file(path)
    state = None
    if name is None:
        state = state_dict_in(safe_load.read_file(path, 'cpu'))
        name = format_of_names(state or ())
    if wanted not in (None, name):
        raise CheckpointError(_another(path, name, wanted))
    if name is None:
        return None
    module = foreign_format(name)
    source = Foreign(*module.read(path)) if state is None else Foreign(state, {})
    return _recognised(name, source, path)


def weights_in(content: Any, path: Path) -> Weights | None:
    """The weights in what a file of PyTorch holds, under our names.

    Args:
        content: As :func:`safe_load.read_file` returns it.
        path: The file, for messages.

    Returns:
        None if they are ours, or of no system known here.

    Raises:
        CheckpointError: It holds an entry that the system's models do not have.
    """
    state = state_dict_in(content)
    name = format_of_names(state or ())
    return None if name is None else _renamed(name, Foreign(state, {}), path)


def named_weights(name: str, state: Mapping[str, Any], path: Path) -> Weights:
    """Weights under a system's names as if they had been read from one of its files.

    Args:
        name: The format.
        state: Under the system's names.
        path: Where they come from, for messages.

    Raises:
        CheckpointError: They are of no model of the system.
    """
    return _recognised(name, Foreign(dict(state), {}), path)


def holds_backbone(path: Path) -> bool:
    """Whether a file holds another system's backbone alone, without a head.

    Args:
        path: An existing file; of PyTorch's formats no tensor is read.

    Raises:
        CheckpointError: As for :func:`read_weights`.
    """
    if format_of_file(path) is not None:
        weights = read_weights(path)
    else:
        weights = weights_in(safe_load.read_file(path, 'cpu', mmap=True), path)
    return weights is not None and weights.target.part == BACKBONE


def _recognised(name: str, source: Foreign, path: Path) -> Weights:
    module = foreign_format(name)
    if not module.recognises(source.state):
        raise CheckpointError(_unknown_names(path, module, source.state))
    return _renamed(name, source, path)


def _renamed(name: str, source: Foreign, path: Path) -> Weights:
    module = foreign_format(name)
    try:
        return Weights(name, module.to_ours(source.state), module.target(source.state), source)
    except CheckpointError as error:
        raise CheckpointError(f'{path}: {error}') from error


def _another(path: Path, name: str | None, wanted: str) -> str:
    asked = foreign_format(wanted)
    if name is None:
        return f'{path}: holds no weights of {asked.NAME}; nor of any other system known here'
    found = foreign_format(name)
    return (
        f'{path}: holds weights of {found.NAME}, wanted {asked.NAME}; '
        f'convert it with tools/model_converters/{found.TOOL}.py'
    )


def _unknown_names(path: Path, module: ModuleType, state: Mapping[str, Any]) -> str:
    shown = ', '.join(list(state)[:3])
    return f'{path}: holds {len(state)} entries ({shown}, ...), but no DeepLab of {module.NAME}'
