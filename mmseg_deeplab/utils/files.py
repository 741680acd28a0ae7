"""Writing result files: whole or not at all, with errors that name the file."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import numpy as np

from mmseg_deeplab.utils.errors import DataError


def write_bytes(path: str | Path, content: bytes) -> Path:
    """Write a file so that an error leaves what was there before.

    The content goes to a temporary file beside it, which then takes its name. Missing folders
    are made.

    Args:
        path: The file to write.
        content: All of its bytes.

    Returns:
        The path.

    Raises:
        DataError: The file cannot be written (disk full, no permission, a folder in its place).
    """
    path = Path(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(prefix=f'.{path.name}.', dir=path.parent)
    except OSError as error:
        raise DataError(_cannot_write(path, error)) from error
    try:
        with os.fdopen(handle, 'wb') as file:
            file.write(content)
        os.chmod(temporary, 0o666 & ~_umask())  # mkstemp makes files private
        os.replace(temporary, path)
    except OSError as error:
        Path(temporary).unlink(missing_ok=True)
        raise DataError(_cannot_write(path, error)) from error
    return path


def write_text(path: str | Path, text: str) -> Path:
    """Write a UTF-8 text file as :func:`write_bytes` does."""
    return write_bytes(path, text.encode('utf-8'))


def write_image(path: str | Path, image: np.ndarray) -> Path:
    """Encode and write an image as :func:`write_bytes` does.

    Args:
        path: Its suffix names the format: ``.png``, ``.jpg``, ``.tif``, ...
        image: (H, W) or (H, W, 3) BGR, uint8; uint16 for formats that hold it.

    Raises:
        DataError: The format is unknown or cannot hold the image, or writing fails.
    """
    import cv2

    path = Path(path)
    try:
        done, encoded = cv2.imencode(path.suffix, np.ascontiguousarray(image))
    except cv2.error as error:
        raise DataError(
            f'{path}: cannot be encoded as {path.suffix or "a file without suffix"!r}; '
            'use .png, .jpg or .tif'
        ) from error
    if not done:
        raise DataError(f'{path}: an image of {image.dtype} {image.shape} does not fit the format')
    return write_bytes(path, encoded.tobytes())


def write_id_map(path: str | Path, ids: np.ndarray) -> Path:
    """Write class ids as a one-channel PNG: 8 bits, or 16 where an id is above 255.

    Args:
        path: The file, ending in ``.png``.
        ids: (H, W), whole numbers 0 to 65535.

    Raises:
        DataError: An id is outside 0 to 65535, or writing fails.
    """
    low, high = (int(ids.min()), int(ids.max())) if ids.size else (0, 0)
    if low < 0 or high > np.iinfo(np.uint16).max:
        raise DataError(f'{path}: class ids must be 0 to 65535 in a PNG, got {low} to {high}')
    return write_image(path, ids.astype(np.uint8 if high <= 255 else np.uint16))


class UniqueNames:
    """Gives each input file an output name, and refuses two that would be one file."""

    def __init__(self) -> None:
        self._owner: dict[str, str] = {}

    def stem(self, source: str | Path) -> str:
        """Claim the file's name without folder and suffix; see :meth:`claim`."""
        return self.claim(Path(source).stem, source)

    def claim(self, name: str, source: str | Path) -> str:
        """Take a name for a source; taking it again for the same source is fine.

        Args:
            name: Of the output.
            source: What it is made from, for the message.

        Returns:
            The name.

        Raises:
            DataError: Another source of this run has the same name.
        """
        before = self._owner.setdefault(name, str(source))
        if before != str(source):
            raise DataError(
                f'{source}: its result would overwrite that of {before}, both are named {name}; '
                'give the images different names'
            )
        return name


def _umask() -> int:
    current = os.umask(0)
    os.umask(current)
    return current


def _cannot_write(path: Path, error: OSError) -> str:
    return f'{path}: cannot be written ({error.strerror or error}); check the disk and folder'
