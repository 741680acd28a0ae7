"""Writing result files, whole or not at all, with errors that name the file; their hash."""

from __future__ import annotations

import contextlib
import hashlib
import os
import secrets
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
    temporary = path.with_name(f'.{path.name}.{secrets.token_hex(4)}')
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with open(temporary, 'xb') as file:
            file.write(content)
        os.replace(temporary, path)
    except OSError as error:
        with contextlib.suppress(OSError):  # the folder itself may be what is wrong
            temporary.unlink()
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


def file_hash(path: str | Path) -> str:
    """The SHA-256 of a file's content, 64 hexadecimal digits.

    Args:
        path: An existing file.
    """
    digest = hashlib.sha256()
    with open(path, 'rb') as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


class UniqueNames:
    """Gives each input file an output name, and refuses two that would be one file.

    Args:
        root: Folder of all the input files, whose sub-folders the names then keep; None for
            names without folders.
    """

    def __init__(self, root: str | Path | None = None) -> None:
        self._root = root
        self._owner: dict[str, str] = {}

    def stem(self, source: str | Path) -> str:
        """Claim the file's name without suffix, and without folder or root; see :meth:`claim`."""
        if self._root is None:
            return self.claim(Path(source).stem, source)
        inside = Path(os.path.relpath(source, self._root))
        return self.claim(inside.with_suffix('').as_posix(), source)

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


def _cannot_write(path: Path, error: OSError) -> str:
    return f'{path}: cannot be written ({error.strerror or error}); check the disk and folder'
