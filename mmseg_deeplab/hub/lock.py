"""One process at a time, between processes and users of one machine or shared disk."""

from __future__ import annotations

import errno
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from mmseg_deeplab.utils.errors import CheckpointError

_LOOK_AGAIN = 0.1  # seconds
_NO_LOCKS_HERE = {errno.ENOLCK, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP}


@contextmanager
def exclusive(path: Path, on_wait: Callable[[], None]) -> Iterator[bool]:
    """Hold the lock file ``path`` while the block runs.

    The system drops the lock of a process that dies, however it dies, so none is ever stale.
    The file is removed at the end.

    Args:
        path: The lock file; its folder is made.
        on_wait: Called once if another process has it.

    Yields:
        Whether the lock is held; False on disks that have no locks, as some networked ones.

    Raises:
        CheckpointError: The folder cannot be written.
    """
    handle = _acquire(path, on_wait)
    try:
        yield handle is not None
    finally:
        if handle is not None:
            with suppress(OSError):  # Windows does not remove open files
                path.unlink()
            handle.close()


def _acquire(path: Path, on_wait: Callable[[], None]) -> IO[bytes] | None:
    waited = False
    while True:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            handle = path.open('ab')
        except OSError as error:
            raise CheckpointError(
                f'{path.parent} cannot be written ({error.strerror}); choose another folder with '
                'MMSEG_DEEPLAB_CACHE, or --dest'
            ) from error
        try:
            held = _try_lock(handle)
        except OSError as error:
            handle.close()
            if error.errno in _NO_LOCKS_HERE:
                return None
            raise
        # the holder before us may have removed the file between our opening and locking it
        if held and _is_still(path, handle):
            return handle
        handle.close()
        if not held:
            if not waited:
                on_wait()
                waited = True
            time.sleep(_LOOK_AGAIN)


def _is_still(path: Path, handle: IO[bytes]) -> bool:
    try:
        return os.path.samestat(os.fstat(handle.fileno()), path.stat())
    except FileNotFoundError:
        return False


def _try_lock(handle: IO[bytes]) -> bool:
    try:
        if os.name == 'nt':
            import msvcrt

            msvcrt.locking(handle.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):
        return False
    return True
