"""Normalising in the pipeline, where what follows must see normalised values."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from mmcv.transforms import BaseTransform

from mmseg_deeplab.registry import TRANSFORMS
from mmseg_deeplab.utils.errors import ConfigError


@TRANSFORMS.register_module()
class Normalize(BaseTransform):
    """Subtract a mean and divide by a deviation.

    ``SegDataPreProcessor`` does the same for a whole batch, on its device, and is the place for
    it. Here it is for recipes that pad with the mean before they mirror or crop; the
    preprocessor is then given no ``mean``.

    Required keys:
        - ``img``: (H, W, C), any type

    Modified keys:
        - ``img``: (H, W, C) float32

    Args:
        mean: Of each band, in the order in which the image has them: BGR for three bands.
        std: Of each band, above 0.

    Raises:
        ConfigError: They differ in length, or a deviation is not above 0.
    """

    def __init__(self, mean: Sequence[float], std: Sequence[float]) -> None:
        if len(mean) != len(std) or not mean or min(std) <= 0:
            raise ConfigError(
                'Normalize.mean and std must have one entry for each band, and std be above 0, '
                f'got {list(mean)} and {list(std)}'
            )
        self.mean = tuple(mean)
        self.std = tuple(std)

    def transform(self, results: dict) -> dict:
        """Normalise a sample.

        Raises:
            ConfigError: The image has another number of bands.
        """
        image = results['img']
        if image.shape[2] != len(self.mean):
            raise ConfigError(
                f'Normalize has {len(self.mean)} means, but {results.get("img_path", "the image")} '
                f'has {image.shape[2]} bands'
            )
        mean, std = (np.array(values, np.float32) for values in (self.mean, self.std))
        results['img'] = (image.astype(np.float32) - mean) / std
        return results

    def __repr__(self) -> str:
        return f'{type(self).__name__}(mean={self.mean}, std={self.std})'
