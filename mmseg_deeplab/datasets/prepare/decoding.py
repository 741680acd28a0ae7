"""Pixels of an archive's file, and PNG bytes of an array."""

from __future__ import annotations

import io
import struct

import cv2
import numpy as np

from mmseg_deeplab.datasets.pictures import decode_picture, open_by_pillow
from mmseg_deeplab.datasets.prepare.archives import Member, MemberError
from mmseg_deeplab.datasets.tiff import read_tiff
from mmseg_deeplab.utils.errors import DataError

MAX_PIXELS = 1 << 28  # 16384 x 16384: 0.8 GB decoded; no image of the known sets is as large
_TIFF = (b'II*\0', b'MM\0*', b'II+\0', b'MM\0+')
_PNG = b'\x89PNG\r\n\x1a\n'


def picture_size(member: Member) -> tuple[int, int]:
    """Height and width, from a file's header alone.

    Args:
        member: A PNG, JPEG, BMP or TIFF.

    Raises:
        MemberError: The file is no picture, or one of too many pixels.
    """
    head = member.head(64)
    if head.startswith(_TIFF):
        size = _tiff_size(member)
    elif head.startswith(_PNG) and len(head) >= 24:
        size = struct.unpack_from('>II', head, 16)[::-1]
    else:
        size = _size_by_pillow(member)
    if size[0] * size[1] > MAX_PIXELS or not all(size):
        raise MemberError(
            f'{member}: {size[1]}x{size[0]} pixels, more than any image of a known data set'
        )
    return size


def read_rgb(member: Member, grey: bool = True) -> np.ndarray:
    """Decode a picture.

    Args:
        member: A PNG, JPEG, BMP or TIFF; grey and palettes become colours, alpha is dropped.
        grey: False refuses grey and alpha, which the colours of a label cannot have.

    Returns:
        (H, W, 3) uint8, red first.

    Raises:
        MemberError: The file is damaged, no picture, not 8-bit, or refused by ``grey``.
    """
    picture_size(member)
    content = member.read()
    try:
        if content.startswith(_TIFF):
            raster = read_tiff(str(member), content, None)
            array = raster.colors() if grey or raster.palette is not None else raster.array
        else:
            kind = 'color_ignore_orientation' if grey else 'unchanged'
            array = decode_picture(content, str(member), kind)
            array = cv2.cvtColor(array, cv2.COLOR_BGR2RGB) if array.shape[2] == 3 else array
    except DataError as error:
        raise MemberError(str(error)) from error
    if array.dtype != np.uint8 or array.shape[2] != 3:
        raise MemberError(
            f'{member}: must be an 8-bit RGB image, got {array.dtype} of {array.shape[2]} band(s)'
        )
    return array


def read_ids(member: Member) -> np.ndarray:
    """Decode a label file that holds ids: grey, 1-bit, or a palette's indices.

    Args:
        member: A PNG, BMP or TIFF of one channel, up to 8 bits.

    Returns:
        (H, W) uint8.

    Raises:
        MemberError: The file is damaged, no picture, or holds colours or more than 8 bits.
    """
    picture_size(member)
    content = member.read()
    try:
        image = open_by_pillow(content, str(member))
    except DataError as error:
        raise MemberError(str(error)) from error
    if image.mode not in ('L', 'P', '1'):
        raise MemberError(
            f'{member}: labels must be 8-bit ids in one channel, got mode {image.mode}'
        )
    return np.array(image).astype(np.uint8, copy=False)


def encode_png(array: np.ndarray) -> bytes:
    """A PNG file.

    Args:
        array: (H, W) ids, written as 8-bit grey, or (H, W, 3) RGB; uint8.

    Raises:
        DataError: The array cannot be encoded.
    """
    if array.ndim == 3:
        array = array[:, :, ::-1]
    done, encoded = cv2.imencode('.png', np.ascontiguousarray(array))
    if not done:
        raise DataError(f'an array of {array.dtype} {array.shape} cannot be written as PNG')
    return encoded.tobytes()


def _tiff_size(member: Member) -> tuple[int, int]:
    import tifffile

    with member.opened() as source:
        try:
            with tifffile.TiffFile(source) as file:
                page = file.pages[0]
                return int(page.imagelength), int(page.imagewidth)
        except (tifffile.TiffFileError, IndexError, TypeError, ValueError) as error:
            raise MemberError(f'{member}: not a whole TIFF file ({error})') from error


def _size_by_pillow(member: Member) -> tuple[int, int]:
    from PIL import Image, UnidentifiedImageError

    try:
        with Image.open(io.BytesIO(member.read())) as image:
            return image.height, image.width
    except (UnidentifiedImageError, OSError, Image.DecompressionBombError) as error:
        raise MemberError(f'{member}: not an image that can be read ({error})') from error
