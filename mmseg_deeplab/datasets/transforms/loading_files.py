"""Reading the image and the label of a record."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from mmcv.transforms import BaseTransform

from mmseg_deeplab.datasets.labels import IGNORE, check_train_ids, to_train_ids
from mmseg_deeplab.datasets.nodata import NoData
from mmseg_deeplab.datasets.reading import read_image, read_label
from mmseg_deeplab.registry import TRANSFORMS
from mmseg_deeplab.utils.errors import ConfigError, DataError
from mmseg_deeplab.utils.log import warn_once


@TRANSFORMS.register_module()
class LoadImageFromFile(BaseTransform):
    """Read an image file of any kind; see :func:`mmseg_deeplab.datasets.read_image`.

    Required keys:
        - ``img_path``: path of the file

    Added keys:
        - ``img``: (H, W, C) uint8, uint16, int16 or float32; three bands are BGR
        - ``img_shape``: (H, W)
        - ``ori_shape``: (H, W)
        - ``valid_mask``: (H, W) bool, False where there is no data; only if there is such a place

    Args:
        to_float32: Convert to float32.
        color_type: ``'color'``, ``'color_ignore_orientation'``, ``'grayscale'``, ``'unchanged'``.
        imdecode_backend: ``'cv2'`` or ``'pillow'``, for PNG, JPEG, BMP and WebP.
        ignore_empty: Give None, so that another sample is tried, for a file that is missing or
            broken; else that is an error.
        backend_args: MMEngine's file backend; None reads local files.
        bands: Indices of the bands to read, from 0; None for all.
        nodata: The value, or one for each band, that means no data; None: what the file declares.
    """

    def __init__(
        self,
        to_float32: bool = False,
        color_type: str = 'color',
        imdecode_backend: str = 'cv2',
        ignore_empty: bool = False,
        *,
        backend_args: Mapping | None = None,
        bands: Sequence[int] | None = None,
        nodata: NoData = None,
    ) -> None:
        self.to_float32 = to_float32
        self.color_type = color_type
        self.imdecode_backend = imdecode_backend
        self.ignore_empty = ignore_empty
        self.backend_args = dict(backend_args) if backend_args else None
        self.bands = None if bands is None else tuple(bands)
        self.nodata = tuple(nodata) if isinstance(nodata, Sequence) else nodata

    def transform(self, results: dict) -> dict | None:
        """Read ``results['img_path']``.

        Raises:
            DataError: The file is missing or broken, unless ``ignore_empty``.
        """
        try:
            img, valid = read_image(
                results['img_path'],
                bands=self.bands,
                nodata=self.nodata,
                color_type=self.color_type,
                imdecode_backend=self.imdecode_backend,
                backend_args=self.backend_args,
            )
        except DataError:
            if self.ignore_empty:
                return None
            raise
        return add_image(results, img, valid, self.to_float32)

    def __repr__(self) -> str:
        return (
            f'{type(self).__name__}(color_type={self.color_type!r}, bands={self.bands}, '
            f'nodata={self.nodata}, to_float32={self.to_float32})'
        )


@TRANSFORMS.register_module()
class LoadAnnotations(BaseTransform):
    """Read the label file of a record and translate it to train ids.

    The order is MMSegmentation 1.x's: colours to ids, ``reduce_zero_label``, ``label_map``.
    Where the image has no data the label becomes 255.

    Required keys:
        - ``seg_map_path``: path of the file
        - ``ori_shape``: (H, W) of the image
        - ``seg_fields``: list of names of label maps
        - ``reduce_zero_label``: bool
        - ``label_map``: dict or None (optional)
        - ``num_classes``: int or None, for the check (optional)
        - ``color_table``: ColorTable (optional)
        - ``ignore_index``: int (optional)
        - ``valid_mask``: (H, W) bool (optional)
        - ``other_seg_map_paths``: name to path of further labels (optional)

    Modified keys:
        - ``seg_fields``: the added keys are appended

    Added keys:
        - ``gt_seg_map``: (H, W) uint8, 255 = ignored
        - ``gt_seg_map_NAME``: the same of further labels

    Args:
        reduce_zero_label: Leave it None: the data set's value is used, and another is an error.
        backend_args: MMEngine's file backend; None reads local files.
        imdecode_backend: Only ``'pillow'``, which keeps a palette's indices.
    """

    def __init__(
        self,
        reduce_zero_label: bool | None = None,
        backend_args: Mapping | None = None,
        imdecode_backend: str = 'pillow',
    ) -> None:
        if imdecode_backend != 'pillow':
            raise ConfigError(
                f"LoadAnnotations.imdecode_backend must be 'pillow', got {imdecode_backend!r}; "
                'other decoders turn palette indices into colours'
            )
        if reduce_zero_label is not None:
            warn_once('LoadAnnotations.reduce_zero_label is deprecated: set it in the data set')
        self.reduce_zero_label = reduce_zero_label
        self.backend_args = dict(backend_args) if backend_args else None
        self.imdecode_backend = imdecode_backend

    def transform(self, results: dict) -> dict:
        """Read ``results['seg_map_path']``.

        Raises:
            DataError: The file is missing or broken, its size is not that of the image, or it
                holds values outside the classes.
            ConfigError: ``reduce_zero_label`` is not the data set's.
        """
        self._load_seg_map(results)
        for name, path in results.get('other_seg_map_paths', {}).items():
            results[f'gt_seg_map_{name}'] = self._train_ids(path, results)
            results['seg_fields'].append(f'gt_seg_map_{name}')
        return results

    def _load_seg_map(self, results: dict) -> None:
        """Add ``gt_seg_map``; the name is MMSegmentation's, for subclasses that replace it."""
        path = results.get('seg_map_path')
        if path is None:
            raise DataError(
                f'{results.get("img_path")}: the data set has no labels; set '
                'data_prefix.seg_map_path, or leave LoadAnnotations out of the pipeline'
            )
        results['gt_seg_map'] = self._train_ids(path, results)
        results['seg_fields'].append('gt_seg_map')

    def _train_ids(self, path: str, results: dict) -> np.ndarray:
        stored = read_label(path, results.get('color_table'), backend_args=self.backend_args)
        _check_size(stored, path, results)
        ids = to_train_ids(
            stored,
            reduce_zero_label=self._reduction(results),
            label_map=results.get('label_map'),
            ignore_index=results.get('ignore_index', IGNORE),
        )
        if results.get('num_classes') is not None:
            check_train_ids(ids, results['num_classes'], stored, path)
        if results.get('valid_mask') is not None:
            ids[~results['valid_mask']] = IGNORE
        return ids

    def _reduction(self, results: dict) -> bool:
        of_dataset = results['reduce_zero_label']
        if self.reduce_zero_label not in (None, of_dataset):
            raise ConfigError(
                f"LoadAnnotations.reduce_zero_label must be the data set's {of_dataset}, "
                f'got {self.reduce_zero_label}; set it in the data set only'
            )
        return of_dataset

    def __repr__(self) -> str:
        return f'{type(self).__name__}(reduce_zero_label={self.reduce_zero_label})'


def add_image(results: dict, img: np.ndarray, valid: np.ndarray | None, to_float32: bool) -> dict:
    """Put a loaded image into a sample, with its shape.

    Args:
        results: The sample; changed and returned.
        img: (H, W, C).
        valid: (H, W) bool, or None.
        to_float32: Convert the image to float32.
    """
    results['img'] = img.astype(np.float32) if to_float32 else img
    results['img_shape'] = img.shape[:2]
    results['ori_shape'] = img.shape[:2]
    if valid is not None:
        results['valid_mask'] = valid
    return results


def _check_size(stored: np.ndarray, path: str, results: dict) -> None:
    size = tuple(results['ori_shape'][:2])
    if stored.shape != size:
        raise DataError(
            f'{path}: the label is {stored.shape[0]}x{stored.shape[1]} '
            f'(height x width) but its image {results.get("img_path")} is {size[0]}x{size[1]}; '
            "they must be of one size (a photo's EXIF rotation is applied unless color_type is "
            "'color_ignore_orientation')"
        )
