"""Mirroring."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from mmcv.transforms import BaseTransform
from mmcv.transforms.utils import cache_randomness

from mmseg_deeplab.registry import TRANSFORMS
from mmseg_deeplab.utils.errors import ConfigError

AXES = {'horizontal': 1, 'vertical': 0, 'diagonal': (0, 1)}
_CV2_AXES = {'horizontal': 1, 'vertical': 0, 'diagonal': -1}


@TRANSFORMS.register_module()
class RandomFlip(BaseTransform):
    """Mirror left to right, top to bottom, or both (diagonal), each with its probability.

    Draws one ``choice``, whatever the probabilities.

    Required keys:
        - ``img``: (H, W, C), any type
        - ``seg_fields``: names of label maps, (H, W) uint8 each (optional)

    Modified keys:
        - ``img``: (H, W, C)
        - ``gt_seg_map``: (H, W) uint8, if it is loaded; so is every other map in ``seg_fields``

        - ``img_padding_size``: if it is there, the sides change places

    Added keys:
        - ``flip``: bool
        - ``flip_direction``: ``'horizontal'``, ``'vertical'``, ``'diagonal'`` or None
        - ``swap_seg_labels``: as given, if a label was mirrored

    Args:
        prob: Probability of any flip, shared equally by the directions; or one for each.
        direction: ``'horizontal'``, ``'vertical'``, ``'diagonal'``, or a list of them.
        swap_seg_labels: Pairs of label values that change places in a mirrored label, such as
            left and right.

    Raises:
        ConfigError: A direction is unknown, or the probabilities do not fit.
    """

    def __init__(
        self,
        prob: float | Sequence[float] | None = None,
        direction: str | Sequence[str] = 'horizontal',
        swap_seg_labels: Sequence[Sequence[int]] | None = None,
    ) -> None:
        directions = [direction] if isinstance(direction, str) else list(direction)
        unknown = [each for each in directions if each not in AXES]
        if unknown or not directions:
            raise ConfigError(
                f'RandomFlip.direction must be some of {", ".join(AXES)}, got {direction!r}'
            )
        if isinstance(prob, (int, float)):
            probs = [prob / len(directions)] * len(directions)
            rest = 1.0 - prob
        else:
            probs = list(prob or ())
            rest = 1 - sum(probs)
        if len(probs) != len(directions) or min([*probs, rest + 1e-9]) < 0:
            raise ConfigError(
                'RandomFlip.prob must be a number 0 to 1, or one for each direction that sum to '
                f'at most 1; got {prob!r} for {directions}'
            )
        self.prob = prob
        self.direction = direction
        self.swap_seg_labels = swap_seg_labels
        self._choices = [*directions, None]
        self._probs = [*probs, max(rest, 0.0)]

    def transform(self, results: dict) -> dict:
        """Draw a direction and flip."""
        direction = self._choose_direction()
        results['flip'] = direction is not None
        results['flip_direction'] = direction
        if direction is not None:
            self._flip(results)
        return results

    # the three steps have MMCV's names and duties, for subclasses that replace one of them

    @cache_randomness
    def _choose_direction(self) -> str | None:
        return self._choices[np.random.choice(len(self._choices), p=self._probs)]

    def _flip(self, results: dict) -> None:
        direction = results['flip_direction']
        results['img'] = mirrored(results['img'], direction)
        if 'img_padding_size' in results:
            results['img_padding_size'] = _flip_sides(results['img_padding_size'], direction)
        for key in results.get('seg_fields', ()):
            results[key] = self._flip_seg_map(results[key], direction)
            results['swap_seg_labels'] = self.swap_seg_labels

    def _flip_seg_map(self, seg_map: np.ndarray, direction: str) -> np.ndarray:
        label = mirrored(seg_map, direction)
        if self.swap_seg_labels is None:
            return label
        swapped = label.copy()
        for one, other in self.swap_seg_labels:
            swapped[label == one] = other
            swapped[label == other] = one
        return swapped

    def __repr__(self) -> str:
        return f'{type(self).__name__}(prob={self.prob}, direction={self.direction!r})'


def mirrored(array: np.ndarray, direction: str) -> np.ndarray:
    """A mirrored copy.

    Args:
        array: (H, W) or (H, W, C).
        direction: One of :data:`AXES`.
    """
    if array.dtype == np.uint8 and array.size and array.shape[2:] in ((), (3,)):
        # the same values; NumPy copies a mirrored row value by value, 20 times slower
        return cv2.flip(array, _CV2_AXES[direction])
    return np.ascontiguousarray(np.flip(array, axis=AXES[direction]))


def _flip_sides(padding: Sequence[int], direction: str) -> tuple[int, int, int, int]:
    """Left, right, top and bottom of a mirrored image."""
    left, right, top, bottom = padding
    if direction != 'vertical':
        left, right = right, left
    if direction != 'horizontal':
        top, bottom = bottom, top
    return left, right, top, bottom
