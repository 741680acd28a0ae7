"""Decoding PNG, JPEG, BMP and WebP, refusing files that are cut off.

OpenCV's versions differ in what they do with a truncated file: some return nothing, others
fill the rest with grey without a word. The end of the file is therefore looked at first.
"""

from __future__ import annotations

import io
import re
import struct

import cv2
import numpy as np

from mmseg_deeplab.datasets.fast_png import decode_plain_png
from mmseg_deeplab.utils.errors import ConfigError, DataError
from mmseg_deeplab.utils.log import warn_once

COLOR_TYPES = ('color', 'color_ignore_orientation', 'grayscale', 'unchanged')
_FLAGS = {
    'color': cv2.IMREAD_COLOR,
    'color_ignore_orientation': cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION,
    'grayscale': cv2.IMREAD_GRAYSCALE,
    'unchanged': cv2.IMREAD_UNCHANGED,
}
_PNG = b'\x89PNG\r\n\x1a\n'
_JPEG = b'\xff\xd8\xff'
# inside JPEG's compressed data FF is followed by 00 or a restart marker; else a segment begins
_JPEG_MARKER = re.compile(rb'\xff[^\x00\xd0-\xd7\xff]')
_JPEG_FRAMES = set(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}


def decode_picture(
    content: bytes, path: str, color_type: str = 'color', backend: str = 'cv2'
) -> np.ndarray:
    """Decode a picture.

    Args:
        content: All bytes of the file.
        path: Named in errors.
        color_type: ``'color'``: 8 bits, three channels, turned upright as the file's EXIF
            block says; ``'color_ignore_orientation'``: not turned; ``'grayscale'``: 8 bits, one
            channel; ``'unchanged'``: channels and bits as stored, alpha included.
        backend: ``'cv2'`` or ``'pillow'``; their JPEG decoders differ by a few grey levels.

    Returns:
        (H, W, C), uint8 or uint16; colours as BGR, with alpha BGRA.

    Raises:
        DataError: The file is truncated, CMYK, or no picture.
    """
    _check_color_type(color_type)
    _refuse_truncated(content, path)
    if backend == 'pillow':
        return _by_pillow(content, path, color_type)
    plain = decode_plain_png(content) if color_type != 'grayscale' else None
    if plain is not None:
        if plain.ndim == 2 and color_type == 'unchanged':
            return plain[:, :, None]
        return cv2.cvtColor(plain, cv2.COLOR_GRAY2BGR if plain.ndim == 2 else cv2.COLOR_RGB2BGR)
    array = cv2.imdecode(np.frombuffer(content, dtype=np.uint8), _FLAGS[color_type])
    if array is None:
        return _by_pillow(content, path, color_type)  # a format that OpenCV lacks, or an error
    if color_type != 'unchanged' and content.startswith(_PNG) and content[24] == 16:
        warn_once(
            "16-bit pictures are read as 8 bits; set color_type='unchanged' in "
            'LoadImageFromFile to keep them as they are'
        )
    return array if array.ndim == 3 else array[:, :, None]


def transparency(content: bytes, path: str) -> np.ndarray | None:
    """The alpha channel of a PNG or WebP.

    Args:
        content: All bytes of the file.
        path: Named in errors.

    Returns:
        (H, W) uint8 or uint16, 0 where the picture is fully transparent; None if the file has
        no alpha channel or one of zeros only, which some programs write without meaning it.
    """
    if not _has_alpha(content):
        return None
    array = decode_picture(content, path, 'unchanged')
    alpha = array[:, :, 3] if array.shape[2] == 4 else None
    return alpha if alpha is not None and alpha.any() else None


def open_by_pillow(content: bytes, path: str):
    """Decode a picture to a Pillow image, whose palette and bit depth are those of the file.

    Args:
        content: All bytes of the file.
        path: Named in errors.

    Returns:
        A ``PIL.Image.Image``, fully loaded.

    Raises:
        DataError: The file is truncated, too large for Pillow, or no picture.
    """
    import warnings

    from PIL import Image, UnidentifiedImageError

    _refuse_truncated(content, path)
    try:
        with warnings.catch_warnings():
            # large aerial tiles are no attack
            warnings.simplefilter('ignore', Image.DecompressionBombWarning)
            image = Image.open(io.BytesIO(content))
            image.load()
    except Image.DecompressionBombError as error:
        raise DataError(f'{path}: too many pixels for this format; use TIFF or tiles') from error
    except UnidentifiedImageError as error:
        raise DataError(f'{path}: not an image file of a known format') from error
    except (OSError, SyntaxError, ValueError) as error:
        raise DataError(f'{path}: cannot be decoded ({error}); fetch the file again') from error
    return image


def _by_pillow(content: bytes, path: str, color_type: str) -> np.ndarray:
    from PIL import ImageOps

    image = open_by_pillow(content, path)
    if image.mode == 'CMYK':
        raise DataError(_cmyk(path))
    if color_type == 'color':
        image = ImageOps.exif_transpose(image)
    if color_type == 'grayscale':
        return np.array(image.convert('L'))[:, :, None]
    if color_type == 'unchanged' and image.mode not in ('P', 'PA', 'LA', '1'):
        array = np.array(image)
    else:
        array = np.array(image.convert('RGB'))
    if array.ndim == 2:
        return array[:, :, None]
    array[:, :, :3] = array[:, :, 2::-1].copy()
    return array


def _refuse_truncated(content: bytes, path: str) -> None:
    whole = True
    if content.startswith(_PNG):
        whole = _png_is_whole(content)
    elif content.startswith(_JPEG):
        whole, components = _jpeg_facts(content)
        if components == 4:
            raise DataError(_cmyk(path))
        whole = whole or _pillow_can_read(content)
    elif content.startswith(b'BM') and len(content) >= 34:
        whole = _bmp_is_whole(content)
    elif content.startswith(b'RIFF') and content[8:12] == b'WEBP':
        whole = len(content) >= 8 + struct.unpack_from('<I', content, 4)[0]
    if not whole:
        raise DataError(
            f'{path}: the file is truncated ({len(content)} bytes); copy or download it again'
        )


def _has_alpha(content: bytes) -> bool:
    if content.startswith(_PNG):
        return content[25] in (4, 6)  # grey and colour with alpha
    if content.startswith(b'RIFF') and content[8:12] == b'WEBP':
        flags = {b'VP8X': content[20], b'VP8L': content[24]}
        return bool(flags.get(content[12:16], 0) & 0x10)
    return False


def _png_is_whole(content: bytes) -> bool:
    position = len(_PNG)
    while position + 12 <= len(content):
        length, name = struct.unpack_from('>I4s', content, position)
        position += 12 + length  # length, name, data and checksum
        if name == b'IEND':
            return position <= len(content)
    return False


def _jpeg_facts(content: bytes) -> tuple[bool, int]:
    """Whether the end marker is there, and the number of colour components (0: unknown)."""
    position, components = 2, 0
    while True:
        found = _JPEG_MARKER.search(content, position)
        if found is None:
            return False, components
        marker, position = content[found.end() - 1], found.end()
        if marker == 0xD9:
            return True, components
        if position + 2 > len(content):
            return False, components
        if marker in _JPEG_FRAMES and position + 8 <= len(content):
            components = content[position + 7]
        position += struct.unpack_from('>H', content, position)[0]


def _bmp_is_whole(content: bytes) -> bool:
    start, _, width, height, _, bits, packing = struct.unpack_from('<IIiiHHI', content, 10)
    if packing not in (0, 3):  # compressed: only decoding tells
        return _pillow_can_read(content)
    return len(content) >= start + (width * bits + 31) // 32 * 4 * abs(height)


def _pillow_can_read(content: bytes) -> bool:
    from PIL import Image

    try:
        Image.open(io.BytesIO(content)).load()
    except (OSError, SyntaxError, ValueError):
        return False
    return True


def _check_color_type(color_type: str) -> None:
    if color_type not in COLOR_TYPES:
        raise ConfigError(f'color_type must be one of {", ".join(COLOR_TYPES)}, got {color_type!r}')


def _cmyk(path: str) -> str:
    return (
        f'{path}: a CMYK image, whose colours have no exact RGB values; convert it to RGB first, '
        'for example with `magick IN -colorspace sRGB OUT`'
    )
