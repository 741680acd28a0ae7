"""Fixed changes of grey levels: range, local contrast, gamma, grey."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from mmcv.transforms import BaseTransform

from mmseg_deeplab.registry import TRANSFORMS
from mmseg_deeplab.utils.errors import ConfigError


@TRANSFORMS.register_module()
class Rerange(BaseTransform):
    """Stretch an image so that its lowest value becomes one number and its highest another.

    Required keys:
        - ``img``: (H, W, C), any type

    Modified keys:
        - ``img``: (H, W, C) float32; an image of one value becomes ``min_value`` everywhere

    Args:
        min_value: Of the result.
        max_value: Of the result, above ``min_value``.

    Raises:
        ConfigError: The two are not in order.
    """

    def __init__(self, min_value: float = 0, max_value: float = 255) -> None:
        if not min_value < max_value:
            raise ConfigError(
                f'Rerange.min_value must be below max_value, got {min_value} and {max_value}'
            )
        self.min_value = min_value
        self.max_value = max_value

    def transform(self, results: dict) -> dict:
        """Stretch."""
        img = results['img'].astype(np.float64)
        low, high = img.min(), img.max()
        share = (img - low) / (high - low) if high > low else np.zeros_like(img)
        spread = self.max_value - self.min_value
        results['img'] = (share * spread + self.min_value).astype(np.float32)
        return results

    def __repr__(self) -> str:
        return f'{type(self).__name__}(min_value={self.min_value}, max_value={self.max_value})'


@TRANSFORMS.register_module()
class CLAHE(BaseTransform):
    """Equalise the histogram of each part of an image, with limited contrast (Zuiderveld, 1994).

    Required keys:
        - ``img``: (H, W, C) uint8

    Modified keys:
        - ``img``: (H, W, C) uint8, each band on its own

    Args:
        clip_limit: How far a histogram's bin may stand out before it is cut.
        tile_grid_size: Parts in a row and in a column.

    Raises:
        ConfigError: The limit is no number, or the grid is not a pair of positive whole numbers.
    """

    def __init__(self, clip_limit: float = 40.0, tile_grid_size: Sequence[int] = (8, 8)) -> None:
        grid = tuple(tile_grid_size)
        if len(grid) != 2 or not all(isinstance(n, int) and n > 0 for n in grid):
            raise ConfigError(
                f'CLAHE.tile_grid_size must be two whole numbers above 0, got {tile_grid_size!r}'
            )
        if not isinstance(clip_limit, (int, float)):
            raise ConfigError(f'CLAHE.clip_limit must be a number, got {clip_limit!r}')
        self.clip_limit = float(clip_limit)
        self.tile_grid_size = grid

    def transform(self, results: dict) -> dict:
        """Equalise.

        Raises:
            ConfigError: The image is not uint8.
        """
        img = _eight_bits(self, results)
        equalise = cv2.createCLAHE(self.clip_limit, self.tile_grid_size).apply
        bands = [equalise(np.ascontiguousarray(img[:, :, k])) for k in range(img.shape[2])]
        results['img'] = np.stack(bands, axis=2)
        return results

    def __repr__(self) -> str:
        return (
            f'{type(self).__name__}(clip_limit={self.clip_limit}, '
            f'tile_grid_size={self.tile_grid_size})'
        )


@TRANSFORMS.register_module()
class AdjustGamma(BaseTransform):
    """Raise all values, as shares of 255, to the power 1 / gamma.

    Required keys:
        - ``img``: (H, W, C) uint8

    Modified keys:
        - ``img``: (H, W, C) uint8, rounded down

    Args:
        gamma: Above 1 brightens, below 1 darkens; above 0.

    Raises:
        ConfigError: ``gamma`` is not above 0.
    """

    def __init__(self, gamma: float = 1.0) -> None:
        if not isinstance(gamma, (int, float)) or not gamma > 0:
            raise ConfigError(f'AdjustGamma.gamma must be a number above 0, got {gamma!r}')
        self.gamma = gamma
        shares = np.arange(256) / 255.0
        self._table = (shares ** (1.0 / gamma) * 255).astype(np.uint8)

    def transform(self, results: dict) -> dict:
        """Look every value up.

        Raises:
            ConfigError: The image is not uint8.
        """
        results['img'] = self._table[_eight_bits(self, results)]
        return results

    def __repr__(self) -> str:
        return f'{type(self).__name__}(gamma={self.gamma})'


@TRANSFORMS.register_module()
class RGB2Gray(BaseTransform):
    """Replace the bands by copies of their weighted sum.

    The weights meet the bands in their order, which for pictures is blue, green, red, as in
    MMSegmentation.

    Required keys:
        - ``img``: (H, W, C), any type, with a band for each weight

    Modified keys:
        - ``img``: (H, W, ``out_channels`` or C) float32

    Args:
        out_channels: Copies; None makes as many as there were bands.
        weights: One for each band.

    Raises:
        ConfigError: ``out_channels`` is not above 0.
    """

    def __init__(
        self, out_channels: int | None = None, weights: Sequence[float] = (0.299, 0.587, 0.114)
    ) -> None:
        if out_channels is not None and out_channels < 1:
            raise ConfigError(f'RGB2Gray.out_channels must be at least 1, got {out_channels}')
        self.out_channels = out_channels
        self.weights = tuple(weights)

    def transform(self, results: dict) -> dict:
        """Sum and copy.

        Raises:
            ConfigError: The image has another number of bands than there are weights.
        """
        img = results['img']
        if img.ndim != 3 or img.shape[2] != len(self.weights):
            raise ConfigError(
                f'RGB2Gray has {len(self.weights)} weights, got an image of {img.shape} '
                f'({results.get("img_path")}); give one for each band'
            )
        gray = (img * np.array(self.weights)).sum(axis=2, keepdims=True, dtype=np.float64)
        copies = self.out_channels or img.shape[2]
        results['img'] = gray.astype(np.float32).repeat(copies, axis=2)
        return results

    def __repr__(self) -> str:
        return f'{type(self).__name__}(out_channels={self.out_channels}, weights={self.weights})'


def _eight_bits(transform: BaseTransform, results: dict) -> np.ndarray:
    img = results['img']
    if img.ndim != 3 or img.dtype != np.uint8:
        raise ConfigError(
            f'{type(transform).__name__} needs an image of uint8, got {img.dtype} of {img.shape} '
            f'({results.get("img_path")}); leave it out of the pipeline for such data'
        )
    return img
