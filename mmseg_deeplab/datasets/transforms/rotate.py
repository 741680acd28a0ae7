"""Turning by any angle, and by quarter turns without resampling."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from mmcv.transforms import BaseTransform

from mmseg_deeplab.datasets.transforms.arrays import warp
from mmseg_deeplab.registry import TRANSFORMS
from mmseg_deeplab.utils.errors import ConfigError


@TRANSFORMS.register_module()
class RandomRotate(BaseTransform):
    """Rotate by a random angle.

    Draws one ``rand`` and one ``uniform``, whether or not it rotates.

    Differs from MMSegmentation: ``pad_val`` fills every band, not only the first, and
    ``img_shape`` follows ``auto_bound``.

    Required keys:
        - ``img``: (H, W, C), any type
        - ``seg_fields``: names of label maps, (H, W) uint8 each (optional)

    Modified keys:
        - ``img``: (H, W, C), or (H', W', C) with ``auto_bound``
        - ``gt_seg_map``: (H, W) uint8, if it is loaded; so is every other map in ``seg_fields``
        - ``img_shape``: (H, W)

    Args:
        prob: Probability of rotating, 0 to 1.
        degree: Angles are drawn from -degree to degree, or from a pair (low, high); in degrees,
            clockwise.
        pad_val: Value of image pixels that come from outside.
        seg_pad_val: Value of label pixels that come from outside.
        center: (x, y) in pixels; None for the middle.
        auto_bound: Enlarge the image so that no part of it is lost.

    Raises:
        ConfigError: The arguments do not fit.
    """

    def __init__(
        self,
        prob: float,
        degree: float | Sequence[float],
        pad_val: float = 0,
        seg_pad_val: float = 255,
        center: Sequence[float] | None = None,
        auto_bound: bool = False,
    ) -> None:
        limits = tuple(degree) if isinstance(degree, Sequence) else (-degree, degree)
        if len(limits) != 2 or (limits[0] > limits[1]):
            raise ConfigError(
                f'RandomRotate.degree must be a number above 0 or (low, high), got {degree}'
            )
        if not 0 <= prob <= 1:
            raise ConfigError(f'RandomRotate.prob must be 0 to 1, got {prob}')
        if center is not None and auto_bound:
            raise ConfigError('RandomRotate takes center or auto_bound, got both')
        self.prob = prob
        self.degree = limits
        self.pad_val = pad_val
        self.seg_pad_val = seg_pad_val
        self.center = None if center is None else tuple(center)
        self.auto_bound = auto_bound

    def transform(self, results: dict) -> dict:
        """Draw an angle and rotate."""
        rotates = np.random.rand() < self.prob
        angle = np.random.uniform(*self.degree)
        if not rotates:
            return results
        matrix, size = self._matrix(angle, results['img'].shape[:2])
        results['img'] = warp(results['img'], matrix, size, 'bilinear', self.pad_val)
        for key in results.get('seg_fields', ()):
            results[key] = warp(results[key], matrix, size, 'nearest', self.seg_pad_val)
        results['img_shape'] = results['img'].shape[:2]
        return results

    def _matrix(self, angle: float, shape: tuple[int, int]) -> tuple[np.ndarray, tuple[int, int]]:
        """The map from old to new (x, y), and the new (width, height)."""
        height, width = shape
        center = self.center or ((width - 1) * 0.5, (height - 1) * 0.5)
        matrix = cv2.getRotationMatrix2D(center, -angle, 1.0)
        if not self.auto_bound:
            return matrix, (width, height)
        cos, sin = np.abs(matrix[0, :2])
        new_width, new_height = height * sin + width * cos, height * cos + width * sin
        matrix[:, 2] += (new_width - width) * 0.5, (new_height - height) * 0.5
        return matrix, (int(np.round(new_width)), int(np.round(new_height)))

    def __repr__(self) -> str:
        return (
            f'{type(self).__name__}(prob={self.prob}, degree={self.degree}, '
            f'pad_val={self.pad_val}, seg_pad_val={self.seg_pad_val}, center={self.center}, '
            f'auto_bound={self.auto_bound})'
        )


@TRANSFORMS.register_module()
class RandomRotate90(BaseTransform):
    """Turn by a quarter, half, three quarters or not at all, pixel for pixel.

    Seen from above, no direction is special: a quarter turn of an aerial image is one too.
    Draws one ``rand`` and one ``randint`` for every sample, whether or not it turns.

    Required keys:
        - ``img``: (H, W, C), any type
        - ``seg_fields``: names of label maps, (H, W) uint8 each (optional)

    Modified keys:
        - ``img``: (H, W, C) or (W, H, C)
        - ``gt_seg_map``: (H, W) or (W, H) uint8, if it is loaded; so is every other map in
          ``seg_fields``
        - ``img_shape``: (H, W) or (W, H)

    Args:
        prob: Probability, 0 to 1, that one of the four turns is taken, each as likely as the
            others; else nothing changes.

    Raises:
        ConfigError: ``prob`` is not 0 to 1.
    """

    def __init__(self, prob: float = 1.0) -> None:
        if not 0 <= prob <= 1:
            raise ConfigError(f'RandomRotate90.prob must be 0 to 1, got {prob}')
        self.prob = prob

    def transform(self, results: dict) -> dict:
        """Draw a number of quarter turns and turn."""
        turns_at_all = np.random.rand() < self.prob
        quarters = int(np.random.randint(4))
        if not turns_at_all or quarters == 0:
            return results
        for key in ('img', *results.get('seg_fields', ())):
            results[key] = np.ascontiguousarray(np.rot90(results[key], quarters))
        results['img_shape'] = results['img'].shape[:2]
        return results

    def __repr__(self) -> str:
        return f'{type(self).__name__}(prob={self.prob})'
