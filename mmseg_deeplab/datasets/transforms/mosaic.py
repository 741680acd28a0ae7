"""Four images as one."""

from __future__ import annotations

from collections.abc import Sequence, Sized

import numpy as np
from mmcv.transforms import BaseTransform

from mmseg_deeplab.datasets.transforms.arrays import resize
from mmseg_deeplab.registry import TRANSFORMS
from mmseg_deeplab.utils.errors import ConfigError

# place of each image: right of the centre?, below it?
_PLACES = ((False, False), (True, False), (False, True), (True, True))


@TRANSFORMS.register_module()
class RandomMosaic(BaseTransform):
    """Put an image and three others around a random centre (arXiv:2004.10934, figure 3).

    Works inside a ``MultiImageMixDataset``, which fetches the other images. Each is resized
    to fit ``img_scale`` and put with one corner at the centre; what reaches out is cut. Draws
    one ``rand`` and, where it acts, two ``uniform`` for the centre; before, ``get_indices`` has
    drawn three ``randint``.

    Required keys:
        - ``img``: (H, W, C), any type
        - ``mix_results``: three further samples
        - ``seg_fields``: names of label maps, (H, W) uint8 each (optional)

    Modified keys:
        - ``img``: (2 h, 2 w, C)
        - ``gt_seg_map``: (2 h, 2 w) uint8, if it is loaded; so is every other map in
          ``seg_fields``
        - ``img_shape``: (2 h, 2 w)
        - ``ori_shape``: (2 h, 2 w)

    Args:
        prob: Probability of acting, 0 to 1.
        img_scale: (h, w), half of the result's size in pixels.
        center_ratio_range: The centre is between these shares of (h, w).
        pad_val: Value of pixels that no image covers.
        seg_pad_val: Their label.

    Raises:
        ConfigError: ``prob`` or ``img_scale`` does not fit.
    """

    def __init__(
        self,
        prob: float,
        img_scale: Sequence[int] = (640, 640),
        center_ratio_range: Sequence[float] = (0.5, 1.5),
        pad_val: float = 0,
        seg_pad_val: int = 255,
    ) -> None:
        if not 0 <= prob <= 1:
            raise ConfigError(f'RandomMosaic.prob must be 0 to 1, got {prob}')
        if not isinstance(img_scale, Sequence) or len(img_scale) != 2:
            raise ConfigError(f'RandomMosaic.img_scale must be (height, width), got {img_scale}')
        self.prob = prob
        self.img_scale = tuple(img_scale)
        self.center_ratio_range = tuple(center_ratio_range)
        self.pad_val = pad_val
        self.seg_pad_val = seg_pad_val

    def get_indices(self, dataset: Sized) -> list[int]:
        """Which three samples to mix in.

        Args:
            dataset: That they come from.
        """
        return [int(np.random.randint(0, len(dataset))) for _ in range(3)]

    def transform(self, results: dict) -> dict:
        """Draw a centre and put the images around it.

        Raises:
            ConfigError: There are no other images: the data set is no ``MultiImageMixDataset``.
        """
        if np.random.rand() >= self.prob:
            return results
        if 'mix_results' not in results:
            raise ConfigError(
                'RandomMosaic needs three more images; put it into the pipeline of a '
                'MultiImageMixDataset around the data set'
            )
        x = int(np.random.uniform(*self.center_ratio_range) * self.img_scale[1])
        y = int(np.random.uniform(*self.center_ratio_range) * self.img_scale[0])
        samples = [results, *results['mix_results']]
        for key in results.get('seg_fields', ()):
            labels = [sample[key] for sample in samples]
            results[key] = self._mosaic(labels, (x, y), self.seg_pad_val, 'nearest')
        pictures = [sample['img'] for sample in samples]
        results['img'] = self._mosaic(pictures, (x, y), self.pad_val, 'bilinear')
        results['img_shape'] = results['ori_shape'] = results['img'].shape[:2]
        return results

    def _mosaic(
        self, parts: Sequence[np.ndarray], centre: tuple[int, int], fill: float, how: str
    ) -> np.ndarray:
        height, width = self.img_scale
        shape = (2 * height, 2 * width, *parts[0].shape[2:])
        canvas = np.full(shape, fill, dtype=parts[0].dtype)
        for part, (right, below) in zip(parts, _PLACES, strict=True):
            h, w = part.shape[:2]
            factor = min(height / h, width / w)
            part = resize(part, (int(w * factor), int(h * factor)), how)
            rows, from_rows = _span(centre[1], part.shape[0], 2 * height, below)
            columns, from_columns = _span(centre[0], part.shape[1], 2 * width, right)
            canvas[rows, columns] = part[from_rows, from_columns]
        return canvas

    def __repr__(self) -> str:
        return (
            f'{type(self).__name__}(prob={self.prob}, img_scale={self.img_scale}, '
            f'center_ratio_range={self.center_ratio_range}, pad_val={self.pad_val}, '
            f'seg_pad_val={self.seg_pad_val})'
        )


def _span(centre: int, length: int, limit: int, after: bool) -> tuple[slice, slice]:
    """Along one axis: where a part lies on the canvas, and which of its pixels are there."""
    if after:
        shown = min(length, limit - centre)
        return slice(centre, centre + shown), slice(0, shown)
    shown = min(length, centre)
    return slice(centre - shown, centre), slice(length - shown, length)
