"""MMSegmentation's loader of rasters, under its name."""

from __future__ import annotations

import numpy as np
from mmcv.transforms import BaseTransform

from mmseg_deeplab.datasets.reading import read_image
from mmseg_deeplab.datasets.transforms.loading_files import add_image
from mmseg_deeplab.registry import TRANSFORMS


@TRANSFORMS.register_module()
class LoadSingleRSImageFromFile(BaseTransform):
    """Read a raster with its bands as they are stored; GDAL is not needed.

    ``LoadImageFromFile`` reads the same files, choosing bands, and with three bands as BGR.

    Required keys:
        - ``img_path``: path of the file

    Added keys:
        - ``img``: (H, W, C) float32, or as stored; three bands are in stored order
        - ``img_shape``: (H, W)
        - ``ori_shape``: (H, W)
        - ``valid_mask``: (H, W) bool, False where there is no data; only if there is such a place

    Args:
        to_float32: Convert to float32.
    """

    def __init__(self, to_float32: bool = True) -> None:
        self.to_float32 = to_float32

    def transform(self, results: dict) -> dict:
        """Read ``results['img_path']``.

        Raises:
            DataError: The file is missing or broken.
        """
        img, valid = read_image(results['img_path'], color_type='unchanged')
        if img.shape[2] == 3:
            img = np.ascontiguousarray(img[:, :, ::-1])
        return add_image(results, img, valid, self.to_float32)

    def __repr__(self) -> str:
        return f'{type(self).__name__}(to_float32={self.to_float32})'
