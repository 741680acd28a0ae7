"""Cutting out a part of an image that shows more than one class."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from mmcv.transforms import BaseTransform
from mmcv.transforms.utils import cache_randomness

from mmseg_deeplab.registry import TRANSFORMS
from mmseg_deeplab.utils.errors import ConfigError

Box = tuple[int, int, int, int]  # y0, y1, x0, x1
_EXACT = 1 << 24  # pixels that OpenCV's float32 counts are exact for


@TRANSFORMS.register_module()
class RandomCrop(BaseTransform):
    """Cut out a random part.

    An image smaller than the crop is kept whole; the preprocessor pads it later. Draws
    ``randint`` for the row and the column; if ``cat_max_ratio`` is below 1, again and again,
    ``max_draws`` times in all, until the crop has at least two classes and none fills that
    share of its labelled pixels. The last box drawn is used as it is.

    Required keys:
        - ``img``: (H, W, C), any type
        - ``gt_seg_map``: (H, W) uint8, if ``cat_max_ratio`` is below 1
        - ``seg_fields``: names of label maps, (H, W) uint8 each (optional)

    Modified keys:
        - ``img``: (h, w, C)
        - ``gt_seg_map``: (h, w) uint8, if it is loaded; so is every other map in ``seg_fields``

    Added keys:
        - ``img_shape``: (h, w)

    Args:
        crop_size: (height, width), or one number for both.
        cat_max_ratio: Largest share of one class, 0 to 1; 1 accepts any crop.
        ignore_index: The label that is not counted.
        max_draws: With ``cat_max_ratio`` below 1, how many boxes are drawn at most; 11 is
            MMSegmentation's number, 10 Detectron2's.

    Raises:
        ConfigError: The size is not one or two positive whole numbers, or ``max_draws`` is not
            at least 1.
    """

    def __init__(
        self,
        crop_size: int | Sequence[int],
        cat_max_ratio: float = 1.0,
        ignore_index: int = 255,
        max_draws: int = 11,
    ) -> None:
        size = (crop_size, crop_size) if isinstance(crop_size, int) else tuple(crop_size)
        if len(size) != 2 or not all(isinstance(side, int) and side > 0 for side in size):
            raise ConfigError(
                f'RandomCrop.crop_size must be (height, width) above 0, got {crop_size}'
            )
        self.crop_size = size
        self.cat_max_ratio = cat_max_ratio
        if max_draws < 1:
            raise ConfigError(f'RandomCrop.max_draws must be at least 1, got {max_draws}')
        self.ignore_index = ignore_index
        self.max_draws = max_draws

    def transform(self, results: dict) -> dict:
        """Cut the image and its label maps.

        Raises:
            ConfigError: ``cat_max_ratio`` is below 1 but no label is loaded.
        """
        box = self.crop_bbox(results)
        results['img'] = self.crop(results['img'], box)
        for key in results.get('seg_fields', ()):
            results[key] = self.crop(results[key], box)
        results['img_shape'] = results['img'].shape[:2]
        return results

    def crop(self, img: np.ndarray, crop_bbox: Box) -> np.ndarray:
        """A part of an image or label map.

        Args:
            img: (H, W) or (H, W, C).
            crop_bbox: First row, row after the last, first column, column after the last.
        """
        y0, y1, x0, x1 = crop_bbox
        return img[y0:y1, x0:x1]

    @cache_randomness
    def crop_bbox(self, results: dict) -> Box:
        """Draw the part to cut out.

        Args:
            results: A sample with ``img`` and, if ``cat_max_ratio`` is below 1, ``gt_seg_map``.

        Returns:
            As :meth:`crop` takes it.
        """
        size = results['img'].shape[:2]
        box = self._draw_any_box(size)
        if self.cat_max_ratio >= 1:
            return box
        label = results.get('gt_seg_map')
        if label is None:
            raise ConfigError(
                'RandomCrop with cat_max_ratio needs a label; put LoadAnnotations before it'
            )
        refused: set[Box] = set()  # an image as small as the crop has but one box
        suspect = None
        for _ in range(self.max_draws - 1):
            part = self.crop(label, box)
            if box not in refused and not self._is_filled_by(suspect, part):
                suspect = self._filling(part)
                if suspect is None:
                    break
            refused.add(box)
            box = self._draw_any_box(size)
        return box

    def _draw_any_box(self, size: tuple[int, int]) -> Box:
        margins = [max(old - new, 0) for old, new in zip(size, self.crop_size, strict=True)]
        y0 = int(np.random.randint(0, margins[0] + 1))
        x0 = int(np.random.randint(0, margins[1] + 1))
        return y0, y0 + self.crop_size[0], x0, x0 + self.crop_size[1]

    def is_mixed(self, label: np.ndarray) -> bool:
        """Whether a part has two classes, none of which fills it up to ``cat_max_ratio``.

        Args:
            label: (h, w) uint8.
        """
        return self._filling(label) is None

    def _filling(self, label: np.ndarray) -> int | None:
        """The most frequent value of a part that is not mixed; None if it is mixed."""
        counts = _count_values(label)
        if 0 <= self.ignore_index < len(counts):
            counts[self.ignore_index] = 0
        mixed = np.count_nonzero(counts) > 1 and counts.max() / counts.sum() < self.cat_max_ratio
        return None if mixed else int(counts.argmax())

    def _is_filled_by(self, value: int | None, label: np.ndarray) -> bool:
        """Whether one value is enough to refuse a part, which is quicker than to count all."""
        if value is None:
            return False
        counted = label.size - np.count_nonzero(label == self.ignore_index)
        return counted > 0 and np.count_nonzero(label == value) / counted >= self.cat_max_ratio

    def __repr__(self) -> str:
        return (
            f'{type(self).__name__}(crop_size={self.crop_size}, cat_max_ratio={self.cat_max_ratio})'
        )


def _count_values(label: np.ndarray) -> np.ndarray:
    """How often each value occurs; int64 (256,) for uint8."""
    if label.dtype != np.uint8 or not 0 < label.size < _EXACT:
        return np.bincount(label.ravel(), minlength=256)
    # NumPy would first make an int64 of every pixel
    return cv2.calcHist([label], [0], None, [256], [0, 256]).ravel().astype(np.int64)
