"""The one way from a file to pixels: any format, any bands, any window, with no-data apart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from os import fspath
from pathlib import Path
from typing import Any

import numpy as np

from mmseg_deeplab.datasets.color_table import ColorTable
from mmseg_deeplab.datasets.fast_png import decode_plain_png
from mmseg_deeplab.datasets.mat_files import MAGIC, NoLabelMap, label_map
from mmseg_deeplab.datasets.nodata import NoData, fill_invalid, invalid_pixels
from mmseg_deeplab.datasets.packed import PREFIX, mapped, read_packed
from mmseg_deeplab.datasets.pictures import decode_picture, open_by_pillow, transparency
from mmseg_deeplab.datasets.rasters import Raster, WindowLike, cut, kept_type, read_npy
from mmseg_deeplab.datasets.tiff import read_tiff
from mmseg_deeplab.datasets.tiles import MAGIC as TILE_MAGIC
from mmseg_deeplab.datasets.tiles import read_tile
from mmseg_deeplab.utils.errors import ConfigError, DataError, DatasetNotFoundError

BACKENDS = ('cv2', 'pillow')
_RASTERS = {'tiff': read_tiff, 'npy': read_npy, 'tile': read_tile}
_MAGIC = {
    b'II*\0': 'tiff',
    b'MM\0*': 'tiff',
    b'II+\0': 'tiff',  # BigTIFF
    b'MM\0+': 'tiff',
    b'\x93NUMPY': 'npy',
    MAGIC: 'mat',
    TILE_MAGIC: 'tile',
}
_MAT_KEY = 'S'  # COCO-Stuff's name of the label map


def read(
    record: Mapping[str, Any],
    window: WindowLike | None = None,
    bands: Sequence[int] | None = None,
) -> tuple[np.ndarray, np.ndarray | None]:
    """Read the image of a data set's record, as :func:`read_image` does.

    Args:
        record: Its ``img_path`` is read; ``nodata`` is used where it has one.
        window: ``(y0, y1, x0, x1)`` in pixels, or None for the whole image.
        bands: Indices of stored bands, or None.
    """
    return read_image(record['img_path'], window, bands, record.get('nodata'))


def read_image(
    path: str | Path,
    window: WindowLike | None = None,
    bands: Sequence[int] | None = None,
    nodata: NoData = None,
    *,
    color_type: str = 'color',
    imdecode_backend: str = 'cv2',
    backend_args: Mapping[str, Any] | None = None,
) -> tuple[np.ndarray, np.ndarray | None]:
    """Read an image file: PNG, JPEG, BMP, WebP, TIFF or NumPy, told by its content.

    The order of bands: stored order, or that of ``bands``; but three bands come reversed, as
    BGR, whatever the file and its type. That is MMSegmentation's convention for pictures; the
    preprocessor's ``bgr_to_rgb=True`` undoes it, so that ``mean`` and ``std`` are in stored
    order, or in that of ``bands``.

    Pixels without data keep their place but not their value: each band is filled with its
    mean over the valid pixels, so that no extreme value reaches the network.

    Args:
        path: The file.
        window: ``(y0, y1, x0, x1)`` in pixels, or None for the whole image. TIFF and NumPy
            files are read in part where their encoding allows it.
        bands: Indices of stored bands from 0, or None for all.
        nodata: A number: a pixel has no data where all bands hold it. A sequence, one entry
            for each band read: no data where any band holds its own entry (None: never).
            ``None``: what the file itself declares (GDAL's tag). Pixels that are NaN or
            infinite in any band never count as data.
        color_type: ``'color'``: 8-bit grey and palette files become three bands; alpha is
            dropped, and where it is 0 there is no data; TIFF and NumPy files of more bands or
            bits come as stored. ``'color_ignore_orientation'``: the same, not turned upright.
            ``'grayscale'``: one 8-bit band. ``'unchanged'``: as stored, 16 bits and alpha
            included.
        imdecode_backend: ``'cv2'`` or ``'pillow'``, for pictures.
        backend_args: MMEngine's file backend; None reads local files.

    Returns:
        The image, (H, W, C) uint8, uint16, int16 or float32 (other types become float32, or
        int16 if they fit), and a (H, W) bool mask that is False where there is no data; None
        if all pixels are valid.

    Raises:
        DatasetNotFoundError: There is no such file.
        DataError: It is truncated, CMYK, no image, or lacks a band that was asked for.
    """
    path = fspath(path)
    if imdecode_backend not in BACKENDS:
        known = ', '.join(BACKENDS)
        raise ConfigError(f'imdecode_backend must be one of {known}, got {imdecode_backend!r}')
    kind, content = _fetch(path, backend_args)
    if kind in _RASTERS:
        raster = _RASTERS[kind](path, content, window)
        array, invalid = raster.select(bands, color_type, path)
    else:
        wanted = color_type if bands is None else 'unchanged'
        array = _swap_colors(decode_picture(content, path, wanted, imdecode_backend))
        invalid = _transparent(content, path, wanted, array.shape[:2])
        raster = Raster(cut(array, window, path))
        array = raster.array if bands is None else raster.select(bands, wanted, path)[0]
        invalid = None if invalid is None else cut(invalid, window, path)
    with np.errstate(over='ignore'):  # what is too large for float32 becomes inf: no data
        array = array.astype(kept_type(array.dtype, path), copy=False)
    declared = invalid_pixels(array, raster.nodata if nodata is None else nodata, path)
    if invalid is not None and declared is not None:
        invalid = invalid | declared
    array, valid = fill_invalid(array, declared if invalid is None else invalid)
    if array.shape[2] == 3:
        array = array[:, :, ::-1]
    return np.ascontiguousarray(array), valid


def read_label(
    path: str | Path,
    color_table: ColorTable | None = None,
    *,
    backend_args: Mapping[str, Any] | None = None,
) -> np.ndarray:
    """Read a label file: stored class ids, or colours through a table.

    Args:
        path: The file. Palette files hold the palette's indices, 1-bit files 0 and 1, MATLAB
            files a variable ``S``.
        color_table: Which colour means which id; palettes are then looked up by colour too.
        backend_args: MMEngine's file backend; None reads local files.

    Returns:
        (H, W) uint8, ids as stored (no ``reduce_zero_label``, no ``label_map``).

    Raises:
        DatasetNotFoundError: There is no such file.
        DataError: It is truncated or no image; its colours are not in the table; it holds
            colours but no table was given; an id is outside 0 to 255 or not whole.
    """
    path = fspath(path)
    kind, content = _fetch(path, backend_args)
    if kind in _RASTERS:
        raster = _RASTERS[kind](path, content, None)
        if color_table is not None:
            return color_table.look_up(raster.colors(), path)
        return _whole_ids(raster.array, path)
    if kind == 'mat':
        return _whole_ids(_mat_label(content, path), path)
    plain = decode_plain_png(content)
    plain = decode_plain_png(content)
    if plain is not None:
        if color_table is None:
            return _whole_ids(plain, path)
        colors = plain if plain.ndim == 3 else np.repeat(plain[:, :, None], 3, axis=2)
        return color_table.look_up(colors, path)
    image = open_by_pillow(content, path)
    if color_table is not None:
        return color_table.look_up(np.array(image.convert('RGB')), path)
    return _whole_ids(np.array(image), path)


def _fetch(path: str, backend_args: Mapping[str, Any] | None) -> tuple[str, bytes | None]:
    """The kind of file by its first bytes, and its content unless it can be read in part."""
    try:
        if path.startswith(PREFIX):
            with mapped(path) as packed:
                head = bytes(packed[:16])
            kind = _kind(head)
            content = None if kind == 'tile' else read_packed(path)
        elif backend_args is not None or '://' in path:
            from mmengine import fileio

            args = dict(backend_args) if backend_args is not None else None
            content = head = fileio.get(path, backend_args=args)
            kind = _kind(head)
        else:
            with open(path, 'rb') as file:
                head = file.read(16)
                kind = _kind(head)
                content = None if kind in _RASTERS else head + file.read()
    except FileNotFoundError as error:
        raise DatasetNotFoundError(
            f'{path}: no such file; check data_root, data_prefix and the suffixes'
        ) from error
    except OSError as error:
        raise DataError(f'{path}: cannot be read ({error.strerror or error})') from error
    if not head:
        raise DataError(f'{path}: the file is empty (0 bytes); copy or download it again')
    return kind, content


def _kind(head: bytes) -> str:
    for magic, kind in _MAGIC.items():
        if head.startswith(magic):
            return kind
    return 'picture'


def _mat_label(content: bytes, path: str) -> np.ndarray:
    try:
        return label_map(content, _MAT_KEY)
    except NoLabelMap as error:
        raise DataError(f'{path}: {error}') from error


def _transparent(
    content: bytes, path: str, color_type: str, size: tuple[int, int]
) -> np.ndarray | None:
    if not color_type.startswith('color'):
        return None
    alpha = transparency(content, path)
    return alpha == 0 if alpha is not None and alpha.shape == size else None


def _swap_colors(array: np.ndarray) -> np.ndarray:
    """BGR(A) to RGB(A); other band counts as they are."""
    if array.shape[2] == 3:
        return array[:, :, ::-1]
    return array[:, :, [2, 1, 0, 3]] if array.shape[2] == 4 else array


def _whole_ids(array: np.ndarray, path: str) -> np.ndarray:
    if array.ndim == 3 and array.shape[2] == 1:
        array = array[:, :, 0]
    if array.ndim != 2:
        raise DataError(
            f'{path}: the mask has {array.shape[2]} channels, so it holds colours; give the data '
            "set a color_table ('palette' where they are those of the palette)"
        )
    if array.dtype in (np.uint8, np.bool_):
        return array.astype(np.uint8, copy=False)
    if array.size and (array.min() < 0 or array.max() > 255 or np.any(array % 1)):
        raise DataError(
            f'{path}: labels must be whole numbers 0 to 255, got {array.dtype} from '
            f'{array.min()} to {array.max()}'
        )
    return array.astype(np.uint8)
