"""Covering parts of an image."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from mmcv.transforms import BaseTransform

from mmseg_deeplab.registry import TRANSFORMS
from mmseg_deeplab.utils.errors import ConfigError

Pair = Sequence[float]


@TRANSFORMS.register_module()
class RandomCutOut(BaseTransform):
    """Fill rectangles of an image with one colour (arXiv:1708.04552).

    Draws one ``rand``; where it acts, one ``randint`` for the number of rectangles and three
    for each of them: column and row of its upper left corner, and its shape.

    Required keys:
        - ``img``: (H, W, C), any type
        - ``seg_fields``: names of label maps, (H, W) uint8 each (optional)

    Modified keys:
        - ``img``: (H, W, C)
        - ``gt_seg_map``: (H, W) uint8, with ``seg_fill_in``; so is every other map in
          ``seg_fields``

    Args:
        prob: Probability of acting, 0 to 1.
        n_holes: Rectangles, or a pair (fewest, most).
        cutout_shape: (width, height) of a rectangle in pixels, or a list of such to draw from.
        cutout_ratio: (width, height) as shares of the image's, or a list; in place of
            ``cutout_shape``.
        fill_in: Value of each band in a rectangle, or one for all.
        seg_fill_in: Label in a rectangle, 0 to 255; None leaves the label as it is.

    Raises:
        ConfigError: The arguments do not fit.
    """

    def __init__(
        self,
        prob: float,
        n_holes: int | Sequence[int],
        cutout_shape: Pair | Sequence[Pair] | None = None,
        cutout_ratio: Pair | Sequence[Pair] | None = None,
        fill_in: float | Sequence[float] = (0, 0, 0),
        seg_fill_in: int | None = None,
    ) -> None:
        if not 0 <= prob <= 1:
            raise ConfigError(f'RandomCutOut.prob must be 0 to 1, got {prob}')
        if (cutout_shape is None) == (cutout_ratio is None):
            raise ConfigError(
                'RandomCutOut takes cutout_shape or cutout_ratio, got '
                + ('neither' if cutout_shape is None else 'both')
            )
        if seg_fill_in is not None and not (isinstance(seg_fill_in, int) and seg_fill_in in _IDS):
            raise ConfigError(f'RandomCutOut.seg_fill_in must be 0 to 255, got {seg_fill_in}')
        self.prob = prob
        self.n_holes = _range_of(n_holes)
        self.fill_in = fill_in
        self.seg_fill_in = seg_fill_in
        self.with_ratio = cutout_ratio is not None
        self.candidates = _pairs(cutout_ratio if self.with_ratio else cutout_shape)

    def transform(self, results: dict) -> dict:
        """Draw the rectangles and fill them."""
        height, width = results['img'].shape[:2]
        boxes = self._draw_boxes(height, width)
        if not boxes:
            return results
        self._fill(results, 'img', boxes, self.fill_in)
        if self.seg_fill_in is not None:
            for key in results.get('seg_fields', ()):
                self._fill(results, key, boxes, self.seg_fill_in)
        return results

    def _draw_boxes(self, height: int, width: int) -> list[tuple[slice, slice]]:
        if np.random.rand() >= self.prob:
            return []
        boxes = []
        for _ in range(np.random.randint(self.n_holes[0], self.n_holes[1] + 1)):
            left, top = np.random.randint(0, width), np.random.randint(0, height)
            wide, high = self.candidates[np.random.randint(0, len(self.candidates))]
            if self.with_ratio:
                wide, high = int(wide * width), int(high * height)
            boxes.append((slice(top, top + high), slice(left, left + wide)))
        return boxes

    def _fill(self, results: dict, key: str, boxes: list, value: float | Sequence[float]) -> None:
        results[key] = results[key].copy()  # the loader may keep what it read
        for box in boxes:
            results[key][box] = value

    def __repr__(self) -> str:
        name = 'cutout_ratio' if self.with_ratio else 'cutout_shape'
        return (
            f'{type(self).__name__}(prob={self.prob}, n_holes={self.n_holes}, '
            f'{name}={self.candidates}, fill_in={self.fill_in}, seg_fill_in={self.seg_fill_in})'
        )


_IDS = range(256)


def _range_of(n_holes: int | Sequence[int]) -> tuple[int, int]:
    low, high = (n_holes, n_holes) if isinstance(n_holes, int) else tuple(n_holes)
    if not 0 <= low <= high:
        raise ConfigError(f'RandomCutOut.n_holes must be a number or (low, high), got {n_holes}')
    return low, high


def _pairs(shapes: Pair | Sequence[Pair]) -> list[tuple[float, float]]:
    several = [shapes] if isinstance(shapes[0], (int, float)) else shapes
    if not all(len(shape) == 2 for shape in several):
        raise ConfigError(f'RandomCutOut wants (width, height) or a list of such, got {shapes}')
    return [tuple(shape) for shape in several]
