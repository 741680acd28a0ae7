"""Resizing by factors of the image's own size, whole pixels cut down."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from mmcv.transforms import BaseTransform

from mmseg_deeplab.datasets.transforms.resize import Resize
from mmseg_deeplab.registry import TRANSFORMS
from mmseg_deeplab.utils.errors import ConfigError


@TRANSFORMS.register_module()
class RandomScale(BaseTransform):
    """Resize by a random factor of the image's own size.

    Draws one ``uniform``, with ``factors`` one ``randint``.

    Required keys:
        - ``img``: (H, W, C), any type
        - ``seg_fields``: names of label maps, (H, W) uint8 each (optional)

    Modified keys:
        - ``img``: (H', W', C), sides cut down to whole pixels
        - ``gt_seg_map``: (H', W') uint8, if it is loaded; so is every other map in ``seg_fields``
        - ``img_shape``: (H', W')

    Added keys:
        - ``scale``: (W', H')
        - ``scale_factor``: (W' / W, H' / H)
        - ``keep_ratio``: bool

    Args:
        scale_range: Lowest and highest factor.
        interpolation: Of the image, as in :class:`Resize`.
        factors: Choose one of these instead of any in the range.
        label_interpolation: As in :class:`Resize`.

    Raises:
        ConfigError: The range is not two numbers above 0, the lower first; or a factor is not
            above 0.
    """

    def __init__(
        self,
        scale_range: Sequence[float] = (0.5, 2.0),
        interpolation: str = 'bilinear',
        factors: Sequence[float] | None = None,
        label_interpolation: str = 'nearest',
    ) -> None:
        if len(scale_range) != 2 or not 0 < scale_range[0] < scale_range[1]:
            raise ConfigError(
                f'RandomScale.scale_range must be (low, high) with 0 < low < high, got '
                f'{scale_range}'
            )
        if factors is not None and (not factors or min(factors) <= 0):
            raise ConfigError(f'RandomScale.factors must be numbers above 0, got {factors}')
        self.scale_range = tuple(scale_range)
        self.factors = None if factors is None else tuple(factors)
        self._resize = Resize(
            scale=1, interpolation=interpolation, label_interpolation=label_interpolation
        )

    def transform(self, results: dict) -> dict:
        """Draw a factor and resize."""
        height, width = results['img'].shape[:2]
        if self.factors is None:
            factor = np.random.uniform(*self.scale_range)
        else:
            factor = self.factors[np.random.randint(len(self.factors))]
        size = max(int(width * factor), 1), max(int(height * factor), 1)
        return self._resize.resize_to(results, size)

    def __repr__(self) -> str:
        return (
            f'{type(self).__name__}(scale_range={self.scale_range}, factors={self.factors}, '
            f'interpolation={self._resize.interpolation!r})'
        )


@TRANSFORMS.register_module()
class ResizeLongerSide(BaseTransform):
    """Bring the longer side to ``int((base_size - 1) * scale_factor) + 1`` pixels.

    The shorter side follows in proportion, cut down to whole pixels. Multiples of a base less one
    keep corners on each other when the network's maps are resized with aligned corners.

    Required keys:
        - ``img``: (H, W, C), any type
        - ``seg_fields``: names of label maps, (H, W) uint8 each (optional)

    Modified keys:
        - ``img``: (H', W', C)
        - ``gt_seg_map``: (H', W') uint8, if it is loaded; so is every other map in ``seg_fields``
        - ``img_shape``: (H', W')

    Added keys:
        - ``scale``: (W', H')
        - ``scale_factor``: (W' / W, H' / H)
        - ``keep_ratio``: bool

    Args:
        base_size: Pixels, at a factor of 1.
        scale_factor: Above 0.

    Raises:
        ConfigError: A size or factor is not above 0.
    """

    def __init__(self, base_size: int, scale_factor: float = 1.0) -> None:
        if base_size < 1 or not scale_factor > 0:
            raise ConfigError(
                'ResizeLongerSide.base_size and scale_factor must be above 0, got '
                f'{base_size} and {scale_factor}'
            )
        self.base_size = base_size
        self.scale_factor = scale_factor
        self.longer = int((base_size - 1) * scale_factor) + 1
        self._resize = Resize(scale=1)

    def transform(self, results: dict) -> dict:
        """Resize a sample."""
        height, width = results['img'].shape[:2]
        # whole numbers only: nothing is lost to rounding
        sides = (max(side * self.longer // max(height, width), 1) for side in (width, height))
        return self._resize.resize_to(results, tuple(sides))

    def __repr__(self) -> str:
        return (
            f'{type(self).__name__}(base_size={self.base_size}, scale_factor={self.scale_factor})'
        )
