"""Changes of brightness, contrast, saturation and hue."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from mmcv.transforms import BaseTransform

from mmseg_deeplab.registry import TRANSFORMS
from mmseg_deeplab.utils.errors import ConfigError

_VALUES = np.arange(256, dtype=np.uint8)


@TRANSFORMS.register_module()
class PhotoMetricDistortion(BaseTransform):
    """Change the colours at random, each step with probability 0.5.

    Brightness; contrast (here or at the end, with equal probability); saturation; hue. Each
    step is rounded down to uint8, so a value that was clipped stays so. Draws ``randint(2)``
    and, where it acts, the amount, for each step in turn; after brightness one ``randint(2)``
    for the place of contrast.

    Required keys:
        - ``img``: (H, W, 3) uint8, BGR

    Modified keys:
        - ``img``: (H, W, 3) uint8, BGR

    Args:
        brightness_delta: Added: uniform from minus this to this, in grey levels.
        contrast_range: Factor of all values: uniform between these.
        saturation_range: Factor of HSV's saturation: uniform between these.
        hue_delta: Added to HSV's hue, of 180 steps: a whole number from minus this up to, not
            including, this.
    """

    def __init__(
        self,
        brightness_delta: int = 32,
        contrast_range: Sequence[float] = (0.5, 1.5),
        saturation_range: Sequence[float] = (0.5, 1.5),
        hue_delta: int = 18,
    ) -> None:
        self.brightness_delta = brightness_delta
        self.contrast_lower, self.contrast_upper = contrast_range
        self.saturation_lower, self.saturation_upper = saturation_range
        self.hue_delta = hue_delta

    def transform(self, results: dict) -> dict:
        """Draw and apply the changes.

        Raises:
            ConfigError: The image is not one of three uint8 bands.
        """
        img = results['img']
        if img.ndim != 3 or img.shape[2] != 3 or img.dtype != np.uint8:
            raise ConfigError(
                'PhotoMetricDistortion needs three bands of uint8 (BGR), got '
                f'{img.dtype} of {img.shape} ({results.get("img_path")}); leave it out of the '
                'pipeline for such data'
            )
        steps = [self._brightness()]
        contrast_first = np.random.randint(2) == 1
        if contrast_first:
            steps.append(self._contrast())
        img = _look_up(img, steps)
        img = self._saturation(img)
        img = self._hue(img)
        results['img'] = img if contrast_first else _look_up(img, [self._contrast()])
        return results

    def _brightness(self) -> np.ndarray | None:
        if not np.random.randint(2):
            return None
        return _linear(1, np.random.uniform(-self.brightness_delta, self.brightness_delta))

    def _contrast(self) -> np.ndarray | None:
        if not np.random.randint(2):
            return None
        return _linear(np.random.uniform(self.contrast_lower, self.contrast_upper), 0)

    def _saturation(self, img: np.ndarray) -> np.ndarray:
        if not np.random.randint(2):
            return img
        factor = np.random.uniform(self.saturation_lower, self.saturation_upper)
        return _in_hsv(img, 1, _linear(factor, 0))

    def _hue(self, img: np.ndarray) -> np.ndarray:
        if not np.random.randint(2):
            return img
        delta = np.random.randint(-self.hue_delta, self.hue_delta)
        return _in_hsv(img, 0, ((_VALUES.astype(np.int64) + delta) % 180).astype(np.uint8))

    def __repr__(self) -> str:
        return (
            f'{type(self).__name__}(brightness_delta={self.brightness_delta}, '
            f'contrast_range=({self.contrast_lower}, {self.contrast_upper}), '
            f'saturation_range=({self.saturation_lower}, {self.saturation_upper}), '
            f'hue_delta={self.hue_delta})'
        )


def _linear(factor: float, delta: float) -> np.ndarray:
    """What each of the 256 values becomes: float32, clipped, rounded down."""
    return np.clip(_VALUES.astype(np.float32) * factor + delta, 0, 255).astype(np.uint8)


def _look_up(img: np.ndarray, tables: Sequence[np.ndarray | None]) -> np.ndarray:
    """Apply tables of 256 values one after the other, in one pass over the image."""
    drawn = [table for table in tables if table is not None]
    if not drawn:
        return img
    whole = drawn[0]
    for table in drawn[1:]:
        whole = table[whole]
    return cv2.LUT(img, whole)


def _in_hsv(img: np.ndarray, channel: int, table: np.ndarray) -> np.ndarray:
    """Replace the values of one HSV channel (0 hue, 1 saturation) by a table of 256."""
    hsv = cv2.cvtColor(img, cv2.COLOR_BGR2HSV)
    cv2.insertChannel(cv2.LUT(cv2.extractChannel(hsv, channel), table), hsv, channel)
    return cv2.cvtColor(hsv, cv2.COLOR_HSV2BGR)
