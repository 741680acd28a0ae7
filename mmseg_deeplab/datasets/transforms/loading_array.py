"""Images that are already in memory, and inputs that may be either."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from os import fspath
from pathlib import Path

import numpy as np
from mmcv.transforms import BaseTransform

from mmseg_deeplab.datasets.nodata import NoData, fill_invalid, invalid_pixels
from mmseg_deeplab.datasets.rasters import kept_type
from mmseg_deeplab.datasets.transforms.loading_files import LoadImageFromFile, add_image
from mmseg_deeplab.registry import TRANSFORMS
from mmseg_deeplab.utils.errors import DataError


@TRANSFORMS.register_module()
class LoadImageFromNDArray(BaseTransform):
    """Take an array as the image.

    Required keys:
        - ``img``: (H, W) or (H, W, C), any real type; three bands are BGR

    Modified keys:
        - ``img``: (H, W, C); grey images have three equal bands if ``color_type`` is ``'color'``

    Added keys:
        - ``img_path``: None
        - ``img_shape``: (H, W)
        - ``ori_shape``: (H, W)
        - ``valid_mask``: (H, W) bool, False where there is no data; only if there is such a place

    Args:
        to_float32: Convert to float32.
        color_type: ``'color'`` repeats a grey uint8 image to three bands; any other leaves it.
        bands: Indices of the bands to keep, in the array's order; None for all.
        nodata: The value, or one for each band, that means no data. NaN always does.
    """

    def __init__(
        self,
        to_float32: bool = False,
        color_type: str = 'color',
        *,
        bands: Sequence[int] | None = None,
        nodata: NoData = None,
    ) -> None:
        self.to_float32 = to_float32
        self.color_type = color_type
        self.bands = None if bands is None else tuple(bands)
        self.nodata = tuple(nodata) if isinstance(nodata, Sequence) else nodata

    def transform(self, results: dict) -> dict:
        """Check and complete ``results['img']``.

        Raises:
            DataError: It is not an image, or lacks a band.
        """
        img = np.asarray(results['img'])
        if img.ndim == 2:
            img = img[:, :, None]
        if img.ndim != 3 or img.size == 0:
            raise DataError(
                'an image must be a non-empty array of (height, width) or (height, width, bands), '
                f'got shape {np.shape(results["img"])}'
            )
        img = img.astype(kept_type(img.dtype, 'the array'), copy=False)
        if self.bands is not None:
            if not all(0 <= band < img.shape[2] for band in self.bands):
                raise DataError(
                    f'bands must be indices below {img.shape[2]}, got {list(self.bands)}'
                )
            img = img[:, :, list(self.bands)]
        elif img.shape[2] == 1 and img.dtype == np.uint8 and self.color_type == 'color':
            img = np.repeat(img, 3, axis=2)
        img, valid = fill_invalid(img, invalid_pixels(img, self.nodata, 'the array'))
        results['img_path'] = None
        return add_image(results, img, valid, self.to_float32)

    def __repr__(self) -> str:
        return f'{type(self).__name__}(bands={self.bands}, nodata={self.nodata})'


@TRANSFORMS.register_module()
class InferencerLoader(BaseTransform):
    """Take a path, an array, or a dict with ``img_path`` or ``img``, whichever comes.

    Required keys:
        - ``img_path``: path of the file, or
        - ``img``: (H, W) or (H, W, C)

    Added keys:
        - as :class:`LoadImageFromFile` or :class:`LoadImageFromNDArray`

    Args:
        to_float32: Convert to float32.
        color_type: As :class:`LoadImageFromFile`.
        imdecode_backend: As :class:`LoadImageFromFile`.
        backend_args: MMEngine's file backend; None reads local files.
        bands: Indices of the bands to read, from 0; None for all.
        nodata: The value, or one for each band, that means no data.
    """

    def __init__(
        self,
        to_float32: bool = False,
        color_type: str = 'color',
        imdecode_backend: str = 'cv2',
        *,
        backend_args: Mapping | None = None,
        bands: Sequence[int] | None = None,
        nodata: NoData = None,
    ) -> None:
        self.from_file = LoadImageFromFile(
            to_float32,
            color_type,
            imdecode_backend,
            backend_args=backend_args,
            bands=bands,
            nodata=nodata,
        )
        self.from_ndarray = LoadImageFromNDArray(to_float32, color_type, bands=bands, nodata=nodata)

    def transform(self, results: str | Path | np.ndarray | dict) -> dict:
        """Read or take the image.

        Raises:
            DataError: It cannot be read, or is none of the kinds above.
        """
        if isinstance(results, (str, Path)):
            return self.from_file({'img_path': fspath(results)})
        if isinstance(results, np.ndarray):
            return self.from_ndarray({'img': results})
        if not isinstance(results, dict):
            raise DataError(f'an input must be a path, an array or a dict, got {type(results)}')
        return self.from_ndarray(results) if 'img' in results else self.from_file(results)

    def __repr__(self) -> str:
        return f'{type(self).__name__}({self.from_file!r})'
