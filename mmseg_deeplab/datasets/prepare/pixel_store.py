"""Images and labels as pixels that are quick to read: what a packed store holds, and its proof."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np

from mmseg_deeplab.datasets.packed import packed_pairs
from mmseg_deeplab.datasets.pictures import open_by_pillow
from mmseg_deeplab.datasets.reading import read_image, read_label
from mmseg_deeplab.datasets.tiff import read_tiff
from mmseg_deeplab.datasets.tiles import best_codec, encode_tile
from mmseg_deeplab.utils.errors import DataError
from mmseg_deeplab.utils.files import file_hash

IMAGE_SUFFIX, LABEL_SUFFIX = '.img', '.lbl'
_TIFF = (b'II*\0', b'MM\0*', b'II+\0', b'MM\0+')
_PICTURES = (b'\x89PNG', b'\xff\xd8\xff', b'BM', b'RIFF', b'GIF8')


def image_tile(path: str, codec: str | None = None) -> bytes:
    """The pixels of an image as :func:`~mmseg_deeplab.datasets.read_image` gives them.

    Args:
        path: A file of 8 bits.
        codec: As :func:`~mmseg_deeplab.datasets.tiles.encode_tile` takes it; None is ``'zstd'``,
            or ``'raw'`` where Zstandard is not installed.

    Raises:
        DataError: The image has more bits or places without data: pack the file itself.
    """
    image, valid = read_image(path)
    if valid is not None:
        raise DataError(f'{path}: has places without data; pack it without --pixels')
    if image.dtype != np.uint8:
        raise DataError(
            f'{path}: has {image.dtype} pixels; pack the files themselves (no --pixels)'
        )
    return encode_tile(image, codec=codec or ('zstd' if best_codec() == 'zstd' else 'raw'))


def label_tile(path: str) -> bytes:
    """A label as stored: ids, ids with their palette, or colours.

    Args:
        path: A file that :func:`~mmseg_deeplab.datasets.read_label` reads.

    Raises:
        DataError: The file is damaged, or its ids have more than 8 bits.
    """
    with open(path, 'rb') as file:
        head = file.read(8)
    if head.startswith(_TIFF):
        raster = read_tiff(path, None, None)
        if raster.array.shape[2] > 1:
            return encode_tile(raster.colors()[:, :, ::-1])
        palette = raster.palette
    elif head.startswith(_PICTURES):
        image = open_by_pillow(Path(path).read_bytes(), path)
        if image.mode not in ('L', 'P', '1'):
            return encode_tile(np.array(image.convert('RGB'))[:, :, ::-1])
        colors = [0, 0, 0, 255, 255, 255] if image.mode == '1' else None
        colors = image.getpalette('RGB') if image.mode == 'P' else colors
        palette = None if colors is None else np.array(colors, np.uint8).reshape(-1, 3)
    else:
        palette = None
    if palette is not None:
        palette = np.concatenate([palette, np.zeros((256 - len(palette), 3), np.uint8)])
    return encode_tile(read_label(path), palette=palette)


def verify(
    index: str | Path, on_progress: Callable[[int, int], None] | None = None
) -> tuple[int, list[str]]:
    """Read every picture of a packed store and compare the files that it was made from.

    Args:
        index: ``NAME.shards.json`` of a store of pixels.
        on_progress: Called with ``(samples read, samples in all)``.

    Returns:
        The number of samples, and the files that are not what they were; a file that is gone
        is not named, for the store does not need it.

    Raises:
        DataError: A picture of the store is damaged, or the index is none of such a store.
    """
    pairs = packed_pairs(str(index))
    sources = json.loads(Path(index).read_text(encoding='utf-8')).get('sources')
    if not isinstance(sources, list) or len(sources) != len(pairs):
        raise DataError(f'{index}: no index of a store of pixels; make one with pack --pixels')
    changed = []
    for number, ((image, label), files) in enumerate(zip(pairs, sources, strict=True), start=1):
        for path in (image, label):
            read_image(path, color_type='unchanged')
        changed += [
            path for path, known in files if Path(path).is_file() and file_hash(path) != known
        ]
        if on_progress is not None:
            on_progress(number, len(pairs))
    return len(pairs), changed
