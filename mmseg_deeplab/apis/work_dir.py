"""The folder of a run: made and tried once, and one message when writing there fails later."""

from __future__ import annotations

import errno
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from os import PathLike
from pathlib import Path

from mmseg_deeplab.utils.errors import ConfigError, SegError, TrainingError

_PROBE = 1 << 16  # bytes: what a run writes into its folder before the first iteration
_WRITE_FAILURES = {errno.ENOSPC, errno.EROFS, errno.EACCES, errno.EPERM, errno.EDQUOT}


def make_work_dir(folder: str | PathLike) -> None:
    """Make the folder of a run and try to write into it; nothing is left behind there.

    Args:
        folder: ``work_dir``.

    Raises:
        ConfigError: It cannot be made, is a file, is read-only, or has no room.
    """
    path = Path(folder).absolute()
    try:
        path.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=path) as file:
            file.write(bytes(_PROBE))
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        reason = 'it is a file' if path.is_file() else error.strerror or str(error)
        raise ConfigError(
            f'work dir {folder}: cannot be written ({reason}; {free_space(path)}); choose '
            'another folder with --work-dir, or make this one writable and give it room'
        ) from error


@contextmanager
def write_failures(folder: str | PathLike) -> Iterator[None]:
    """Turn a full disk or a refused write during a run into an error with a clear message.

    Args:
        folder: ``work_dir``.

    Raises:
        TrainingError: In place of an ``OSError`` of that kind; others pass unchanged.
    """
    try:
        yield
    except SegError:
        raise
    except OSError as error:
        if error.errno not in _WRITE_FAILURES:
            raise
        path = error.filename if isinstance(error.filename, (str, PathLike)) else folder
        raise TrainingError(
            f'{path}: {error.strerror or error} ({free_space(path)}) while the run used it; '
            'what was saved before is untouched. Make room or choose another work dir'
        ) from error


def free_space(path: str | PathLike) -> str:
    """How much room the disk of a file or folder has, in words.

    Args:
        path: It need not exist.
    """
    path = Path(path).absolute()
    for place in (path, *path.parents):
        try:
            return f'{shutil.disk_usage(place).free / 2**20:.1f} MiB free'
        except OSError:
            continue
    return 'free space unknown'
