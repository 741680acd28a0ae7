"""Reading TIFF files: any number of bands, any window, no-data and alpha.

tifffile says what a file holds, so that this does not depend on what is installed, and decodes
the common encodings. The others, and windows of compressed files, are left to rasterio where it
is installed, else to Pillow or OpenCV.
"""

from __future__ import annotations

import contextlib
import io
import zlib
from typing import Any

import numpy as np

from mmseg_deeplab.datasets.rasters import Raster, WindowLike, cut
from mmseg_deeplab.utils.errors import DataError

_PALETTE, _CMYK = 3, 5  # values of TIFF's PhotometricInterpretation
_GDAL_NODATA = 42113


def read_tiff(path: str, content: bytes | None, window: WindowLike | None) -> Raster:
    """Read a TIFF.

    Args:
        path: Read from there if ``content`` is None; named in errors.
        content: All bytes of the file.
        window: ``(y0, y1, x0, x1)`` in pixels, or None for all.

    Raises:
        DataError: The file is truncated, CMYK, no TIFF, or compressed in a way that nothing
            installed can decode.
    """
    import tifffile

    source = path if content is None else io.BytesIO(content)
    try:
        with tifffile.TiffFile(source) as file:
            series = file.series[0]
            page = series.keyframe
            if page.photometric == _CMYK:
                raise DataError(f'{path}: a CMYK image; convert it to RGB first')
            _refuse_truncated(series, file.filehandle.size, path)
            array = _decode(series, path, content, window)
            return Raster(
                # a window must not keep the whole file in memory, or open
                array if window is None else np.array(array),
                _declared_nodata(page),
                _alpha_band(page, array.shape[2]),
                _palette(page),
            )
    except DataError:
        raise
    except (
        tifffile.TiffFileError, IndexError, OSError, ValueError,
        zlib.error, RuntimeError,  # the last is what imagecodecs raises
    ) as error:  # fmt: skip
        raise DataError(f'{path}: not a whole TIFF file ({error})') from error


def _decode(series: Any, path: str, content: bytes | None, window: WindowLike | None) -> np.ndarray:
    """The window as (H, W, C), reading no more of the file than must be."""
    import tifffile

    if window is not None and content is None:
        with contextlib.suppress(ValueError):  # said of files that cannot be mapped
            return cut(_bands_last(tifffile.memmap(path, mode='r'), series.axes), window, path)
        array = _by_rasterio(path, series, window)
        if array is not None:
            return array
    try:
        return cut(_bands_last(series.asarray(), series.axes), window, path)
    except ValueError as error:
        if 'imagecodecs' not in str(error):
            raise
    array = _by_rasterio(path, series, window) if content is None else None
    if array is not None:
        return array
    array = _by_picture_library(path, content, series.keyframe)
    if array is None:
        raise DataError(
            f'{path}: {series.keyframe.compression.name}-compressed TIFF of {series.shape} '
            f'{series.dtype} cannot be decoded; pip install rasterio (or imagecodecs)'
        )
    return cut(array, window, path)


def _by_rasterio(path: str, series: Any, window: WindowLike | None) -> np.ndarray | None:
    """None where rasterio is not installed, or sees other bands in the file than tifffile."""
    import warnings

    try:
        import rasterio
    except ImportError:
        return None
    if window is not None:
        height, width = series.keyframe.imagelength, series.keyframe.imagewidth
        cut(np.empty((height, width, 0)), window, path)
        window = (tuple(window[:2]), tuple(window[2:]))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter('ignore', rasterio.errors.NotGeoreferencedWarning)
            with rasterio.open(path) as file:
                if file.count * file.height * file.width != series.size:
                    return None
                return np.moveaxis(file.read(window=window), 0, -1)
    except rasterio.errors.RasterioError as error:
        raise DataError(f'{path}: cannot be read ({error}); fetch the file again') from error


def _by_picture_library(path: str, content: bytes | None, page: Any) -> np.ndarray | None:
    """One to four bands in the compressions of libtiff; None if that does not fit."""
    if content is None:
        with open(path, 'rb') as file:
            content = file.read()
    if page.dtype == np.uint8 or page.samplesperpixel == 1:
        from mmseg_deeplab.datasets.pictures import open_by_pillow

        array = np.array(open_by_pillow(content, path))
    else:  # of 16-bit colours Pillow keeps 8 bits
        import cv2

        array = cv2.imdecode(np.frombuffer(content, dtype=np.uint8), cv2.IMREAD_UNCHANGED)
        if array is not None and array.ndim == 3:
            array[:, :, :3] = array[:, :, 2::-1].copy()
    if array is None or array.dtype != page.dtype:
        return None
    array = array if array.ndim == 3 else array[:, :, None]
    return array if array.shape[2] == page.samplesperpixel else None


def _bands_last(array: np.ndarray, axes: str) -> np.ndarray:
    if array.ndim == 2:
        return array[:, :, None]
    if array.ndim != 3:
        raise ValueError(f'axes {axes} of shape {array.shape} are not those of one image')
    # pages and planes are bands, unless an array with bands last was written without saying so
    bands_first = axes[-1] == 'X' and array.shape[0] <= array.shape[2]
    return np.moveaxis(array, 0, -1) if bands_first else array


def _refuse_truncated(series: Any, size: int, path: str) -> None:
    for page in series.pages:
        if page is None:
            continue
        ends = (a + b for a, b in zip(page.dataoffsets, page.databytecounts, strict=False))
        if max(ends, default=0) > size:
            raise DataError(
                f'{path}: the file is truncated ({size} bytes); copy or download it again'
            )


def _declared_nodata(page: Any) -> float | None:
    tag = page.tags.get(_GDAL_NODATA)
    if tag is None:
        return None
    try:
        return float(str(tag.value).strip('\0 '))
    except ValueError:
        return None


def _alpha_band(page: Any, bands: int) -> int | None:
    """TIFF marks bands beyond the colours; 1 and 2 mean (un)associated alpha."""
    extra = [int(kind) for kind in page.extrasamples]
    for offset, kind in enumerate(extra):
        if kind in (1, 2):
            return bands - len(extra) + offset
    return None


def _palette(page: Any) -> np.ndarray | None:
    if page.photometric != _PALETTE or page.colormap is None:
        return None
    return (page.colormap.T >> 8).astype(np.uint8)  # 16 bits each, the low ones v or 0
