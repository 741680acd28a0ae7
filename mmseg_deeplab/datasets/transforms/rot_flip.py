"""Turning by a small angle, or by quarters with a flip."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from mmcv.transforms import BaseTransform

from mmseg_deeplab.datasets.transforms.arrays import warp
from mmseg_deeplab.registry import TRANSFORMS
from mmseg_deeplab.utils.errors import ConfigError


@TRANSFORMS.register_module()
class RandomRotFlip(BaseTransform):
    """Rotate by a random angle; else, perhaps, turn by quarters and flip.

    Draws one ``random`` and, where it rotates, ``uniform``; then another ``random`` and, where
    it flips, ``randint`` for the turns and the axis.

    Differs from MMSegmentation: there a rotated label is interpolated, which makes up classes,
    and filled with class 0; here it keeps its values and is filled with 255.

    Required keys:
        - ``img``: (H, W, C), any type
        - ``seg_fields``: names of label maps, (H, W) uint8 each (optional)

    Modified keys:
        - ``img``: (H, W, C) or (W, H, C)
        - ``gt_seg_map``: (H, W) or (W, H) uint8, if it is loaded; so is every other map in
          ``seg_fields``
        - ``img_shape``: (H, W) or (W, H)

    Args:
        rotate_prob: Probability of rotating, 0 to 1.
        flip_prob: Probability of turning and flipping what was not rotated, 0 to 1.
        degree: Angles are drawn between these two, or from -degree to degree; clockwise.

    Raises:
        ConfigError: A probability or ``degree`` does not fit.
    """

    def __init__(
        self,
        rotate_prob: float = 0.5,
        flip_prob: float = 0.5,
        degree: float | Sequence[float] = (-20, 20),
    ) -> None:
        limits = tuple(degree) if isinstance(degree, Sequence) else (-degree, degree)
        if len(limits) != 2 or limits[0] > limits[1]:
            raise ConfigError(
                f'RandomRotFlip.degree must be a number above 0 or (low, high), got {degree}'
            )
        if not (0 <= rotate_prob <= 1 and 0 <= flip_prob <= 1):
            raise ConfigError(
                'RandomRotFlip.rotate_prob and flip_prob must be 0 to 1, got '
                f'{rotate_prob} and {flip_prob}'
            )
        self.rotate_prob = rotate_prob
        self.flip_prob = flip_prob
        self.degree = limits

    def transform(self, results: dict) -> dict:
        """Draw what to do and do it."""
        rotated = np.random.random() < self.rotate_prob
        if rotated:
            self._rotate(results, np.random.uniform(*self.degree))
        if np.random.random() < self.flip_prob and not rotated:
            quarters, axis = np.random.randint(0, 4), np.random.randint(0, 2)
            for key in ('img', *results.get('seg_fields', ())):
                turned = np.flip(np.rot90(results[key], quarters), axis=axis)
                results[key] = np.ascontiguousarray(turned)
        results['img_shape'] = results['img'].shape[:2]
        return results

    def _rotate(self, results: dict, angle: float) -> None:
        height, width = results['img'].shape[:2]
        matrix = cv2.getRotationMatrix2D(((width - 1) * 0.5, (height - 1) * 0.5), -angle, 1.0)
        results['img'] = warp(results['img'], matrix, (width, height), 'bilinear', 0)
        for key in results.get('seg_fields', ()):
            results[key] = warp(results[key], matrix, (width, height), 'nearest', 255)

    def __repr__(self) -> str:
        return (
            f'{type(self).__name__}(rotate_prob={self.rotate_prob}, flip_prob={self.flip_prob}, '
            f'degree={self.degree})'
        )
