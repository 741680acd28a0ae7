"""The plain PNGs that data sets consist of, decoded faster where imagecodecs is installed."""

from __future__ import annotations

import struct
from functools import cache
from types import ModuleType

import numpy as np

_SIGNATURE = b'\x89PNG\r\n\x1a\n'
_GREY, _RGB = 0, 2
# none of these changes a pixel; others (transparency, EXIF's rotation, palettes) may
_HARMLESS = {b'IHDR', b'IDAT', b'IEND', b'pHYs', b'tEXt', b'zTXt', b'iTXt', b'tIME', b'bKGD'}


def decode_plain_png(content: bytes) -> np.ndarray | None:
    """Decode a PNG of 8-bit grey or RGB that holds nothing but pixels and remarks.

    Such a file has one meaning, so that every decoder gives the same values. imagecodecs takes
    about 0.6 of the time of OpenCV and Pillow.

    Args:
        content: All bytes of the file.

    Returns:
        (H, W) or (H, W, 3) uint8 RGB; None where the file is of another kind or damaged, or
        imagecodecs is not installed: the usual way then says what is wrong.
    """
    library = _imagecodecs()
    if library is None or not _is_plain(content):
        return None
    try:
        array = library.png_decode(content)
    except (RuntimeError, ValueError):  # its errors, and those of its checks
        return None
    height, width = struct.unpack_from('>II', content, 16)[::-1]
    shape = (height, width) if content[25] == _GREY else (height, width, 3)
    return array if array.shape == shape and array.dtype == np.uint8 else None


@cache
def _imagecodecs() -> ModuleType | None:
    try:
        import imagecodecs
    except ImportError:
        return None
    return imagecodecs


def _is_plain(content: bytes) -> bool:
    """8 bits, grey or RGB, not interlaced, no part that changes pixels, and not cut off."""
    if not content.startswith(_SIGNATURE) or len(content) < 33:
        return False
    if content[24] != 8 or content[25] not in (_GREY, _RGB) or content[28]:
        return False
    position = len(_SIGNATURE)
    while position + 12 <= len(content):
        length, name = struct.unpack_from('>I4s', content, position)
        position += 12 + length
        if name not in _HARMLESS:
            return False
        if name == b'IEND':
            return position <= len(content)
    return False
