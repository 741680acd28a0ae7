"""Checkpoint files: written whole or not at all, read without running code, found again."""

from __future__ import annotations

import io
import os
import re
import shutil
from contextlib import suppress
from pathlib import Path
from typing import Any

import torch

from mmseg_deeplab.engine.plain import to_plain
from mmseg_deeplab.hub.foreign import (
    Weights,
    foreign_format,
    format_of_file,
    read_weights,
    weights_in,
)
from mmseg_deeplab.utils import safe_load
from mmseg_deeplab.utils.errors import CheckpointError, CheckpointNotFoundError, TrainingError
from mmseg_deeplab.utils.log import get_logger

LAST = 'last_checkpoint'  # MMEngine's name of the file that holds the newest one's path
_ADDRESS = re.compile(r'[A-Za-z][\w+.-]+://')
_NUMBERED = re.compile(r'(?:iter|epoch)_(\d+)\.pth')


def save_checkpoint(content: Any, path: str | Path) -> None:
    """Write a checkpoint so that a crash at any moment leaves the old file or the new one.

    Args:
        content: Nested state; it is written in plain form (see :func:`plain.to_plain`).
        path: Where to; missing folders are made.

    Raises:
        TrainingError: The disk is full, or the folder cannot be written. What was there
            before is untouched.
    """
    path = Path(path)
    plain = to_plain(content)
    with _writing(path) as file:
        torch.save(plain, file)


def write_pointer(folder: str | Path, target: str | Path) -> None:
    """Note in ``folder/last_checkpoint`` which checkpoint is the newest.

    Args:
        folder: The work directory.
        target: The checkpoint's path.

    Raises:
        TrainingError: As for :func:`save_checkpoint`.
    """
    with _writing(Path(folder) / LAST) as file:
        file.write(str(target).encode())


def existing_file(path: str | Path) -> Path:
    """The path of a checkpoint that is a file on this machine, fetched if it has to be.

    Args:
        path: As the user gave it: a path, a ``file://`` address, or an address that
            :func:`mmseg_deeplab.hub.fetch` knows.

    Raises:
        CheckpointError: There is no such file, it is a folder, or it cannot be fetched.
    """
    if _ADDRESS.match(str(path)):
        from mmseg_deeplab.hub import fetch
        from mmseg_deeplab.hub.addresses import as_path

        local = as_path(str(path))
        if local == str(path):
            return fetch(local)
        path = local
    path = Path(path).expanduser()
    if path.is_dir():
        inside = max(path.glob('*.pth'), key=lambda file: file.stat().st_mtime, default=None)
        hint = 'it has no .pth file' if inside is None else f'name a file in it, e.g. {inside}'
        raise CheckpointError(f'{path}: is a folder, not a checkpoint; {hint}')
    if not path.is_file():
        raise CheckpointNotFoundError(f'{path}: no such checkpoint; check the path')
    return path


def load_checkpoint(path: str | Path, map_location: Any = 'cpu') -> dict[str, Any]:
    """Read a checkpoint of ours, of MMEngine or of MMCV, or a bare state dict.

    A weight file of another DeepLab system is read too (see :mod:`hub.foreign`); its entries
    come under our names.

    Args:
        path: As for :func:`existing_file`; ``.safetensors`` files are read as well.
        map_location: As for ``torch.load``.

    Returns:
        A dict that has at least ``state_dict``; histories of old MMEngine files come as
        ``dict(log_history, count_history)``.

    Raises:
        CheckpointError: The file is missing, truncated, no checkpoint, or not safe to load.
    """
    path = existing_file(path)
    if format_of_file(path) is not None:
        return _of_another_system(read_weights(path), path)
    content = safe_load.read_file(path, map_location)
    weights = weights_in(content, path)
    return _as_checkpoint(content, path) if weights is None else _of_another_system(weights, path)


def read_meta(path: str | Path) -> dict[str, Any]:
    """The ``meta`` of a checkpoint, without reading its tensors.

    Args:
        path: The file.

    Raises:
        CheckpointError: As for :func:`load_checkpoint`.
    """
    path = existing_file(path)
    if format_of_file(path) is not None:
        return {}
    content = _as_checkpoint(safe_load.read_file(path, 'cpu', mmap=True), path)
    return content.get('meta') or {}


def find_latest(folder: str | Path) -> Path | None:
    """The newest whole checkpoint of a work directory.

    That is the one that ``last_checkpoint`` names; if it is missing or broken, the whole
    ``iter_N.pth`` or ``epoch_N.pth`` that got furthest. Files that a crash left half written
    bear other names and are not looked at.

    Args:
        folder: The work directory.

    Returns:
        A path, or None where there is no checkpoint.

    Raises:
        CheckpointError: There are checkpoints, but none of them can be read.
    """
    folder = Path(folder)
    broken: list[str] = []
    named = _named_by_pointer(folder)
    if named is not None and _is_whole(named, broken):
        return named
    groups: dict[str, list[tuple[int, Path]]] = {}
    for path in folder.glob('*.pth'):
        match = _NUMBERED.fullmatch(path.name)
        if match and path != named:
            groups.setdefault(path.name.split('_')[0], []).append((int(match[1]), path))
    newest = []
    for group in groups.values():
        whole = (path for _, path in sorted(group, reverse=True) if _is_whole(path, broken))
        newest.append(next(whole, None))
    candidates = [path for path in newest if path is not None]
    if not candidates and broken:
        raise CheckpointError(f'{folder}: no whole checkpoint to resume from; {broken[0]}')
    return max(candidates, key=lambda path: read_meta(path).get('iter', 0), default=None)


def _named_by_pointer(folder: Path) -> Path | None:
    try:
        target = Path((folder / LAST).read_text(encoding='utf-8').strip())
    except OSError:
        return None
    # A work directory may have been moved or mounted elsewhere since.
    beside = folder / target.name
    return next((path for path in (target, beside) if path.is_file()), None)


def _is_whole(path: Path, broken: list[str]) -> bool:
    try:
        read_meta(path)
    except CheckpointError as error:
        broken.append(str(error))
        return False
    return True


def _of_another_system(weights: Weights, path: Path) -> dict[str, Any]:
    system = foreign_format(weights.format).NAME
    get_logger().info(f'{path}: weights of {system}, read under our names')
    return {'state_dict': weights.state, 'meta': {'converted_from': {'system': system}}}


def _as_checkpoint(content: Any, path: Path) -> dict[str, Any]:
    if isinstance(content, dict) and isinstance(content.get('state_dict'), dict):
        meta = content.get('meta')
        if meta is not None and not isinstance(meta, dict):
            raise CheckpointError(f'{path}: its meta must be a dict, got {type(meta).__name__}')
        if not all(isinstance(name, str) for name in content['state_dict']):
            raise CheckpointError(f'{path}: its state_dict must have text as keys')
        return safe_load.without_stand_ins(content)
    tensors = isinstance(content, dict) and content
    if tensors and all(isinstance(value, torch.Tensor) for value in content.values()):
        return {'state_dict': content}
    raise CheckpointError(
        f'{path}: must hold a state_dict, got {type(content).__name__}'
        f'{f" with {sorted(map(str, content))[:5]}" if isinstance(content, dict) else ""}; '
        'is it a checkpoint of a segmentation model?'
    )


class _writing:
    """Opens a temporary file beside ``path``, which takes its name when all went well."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._temporary = path.with_name(f'.{path.name}.tmp')

    def __enter__(self) -> _RememberingFile:
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._file = _RememberingFile(open(self._temporary, 'wb', buffering=0))
        except OSError as error:
            raise self._cannot_write(error) from error
        return self._file

    def __exit__(self, kind: Any, error: BaseException | None, trace: Any) -> None:
        try:
            if error is None:
                self._file.flush()
                os.fsync(self._file.fileno())
            self._file.close()
            if error is None:
                os.replace(self._temporary, self._path)
                _sync_folder(self._path.parent)
                return
        except OSError as failure:
            self._discard()
            raise self._cannot_write(failure) from failure
        self._discard()
        # torch.save may wrap what the file raised in an error of its own.
        cause = error if isinstance(error, OSError) else self._file.error
        if cause is not None:
            raise self._cannot_write(cause) from error

    def _discard(self) -> None:
        with suppress(OSError):
            self._file.close()
        self._temporary.unlink(missing_ok=True)

    def _cannot_write(self, error: OSError) -> TrainingError:
        try:
            free = f'{shutil.disk_usage(self._path.parent).free / 2**20:.0f} MB free there'
        except OSError:
            free = 'the folder cannot be reached'
        return TrainingError(
            f'{self._path}: cannot be written ({error.strerror or error}; {free}); earlier '
            'checkpoints are untouched. Make room or choose another work directory, then go on '
            'with --resume'
        )


class _RememberingFile(io.BufferedWriter):
    """A file that keeps the error of a failed write."""

    def __init__(self, raw: io.FileIO) -> None:
        super().__init__(raw)
        self.error: OSError | None = None

    def write(self, data: Any) -> int:
        try:
            return super().write(data)
        except OSError as error:
            self.error = error
            raise


def _sync_folder(folder: Path) -> None:
    """Make a rename last through a power cut, where the system lets folders be synced."""
    with suppress(OSError, AttributeError):
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
