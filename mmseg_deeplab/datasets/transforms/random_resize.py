"""Resizing to a size drawn for each sample."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from mmcv.transforms import BaseTransform

from mmseg_deeplab.datasets.transforms.resize import Resize, Scale, pair
from mmseg_deeplab.registry import TRANSFORMS
from mmseg_deeplab.utils.errors import ConfigError


def _build_resize(
    resize_type: str,
    first_scale: Scale,
    *,
    keep_ratio: bool,
    interpolation: str,
    backend: str,
    max_size: int | None = None,
) -> Resize | BaseTransform:
    """The transform that is told a new scale for every sample."""
    options: dict = {'interpolation': interpolation}
    if backend != 'cv2' or resize_type == 'Resize':
        options['backend'] = backend
    if max_size is None:
        options['keep_ratio'] = keep_ratio
    else:
        options['max_size'] = max_size
    return TRANSFORMS.build({'type': resize_type, 'scale': first_scale, **options})


def _apply(resize: Resize | BaseTransform, results: dict, scale: tuple[int, int]) -> dict:
    if isinstance(resize, Resize):
        return resize.resize_to(results, scale)
    resize.scale = scale  # the contract of `resize_type`, as in mmcv
    return resize(results)


@TRANSFORMS.register_module()
class RandomResize(BaseTransform):
    """Resize to a random scale.

    Draws one ``random_sample`` with ``ratio_range``, else two ``randint``.

    Required keys:
        - ``img``: (H, W, C), any type
        - ``seg_fields``: names of label maps, (H, W) uint8 each (optional)

    Modified keys:
        - ``img``: (H', W', C)
        - ``gt_seg_map``: (H', W') uint8, if it is loaded; so is every other map in ``seg_fields``
        - ``img_shape``: (H', W')

    Added keys:
        - ``scale``: (W, H) that was drawn
        - ``scale_factor``: (W' / W, H' / H)
        - ``keep_ratio``: bool

    Args:
        scale: (width, height), multiplied by one ratio and cut down to whole pixels; or two such
            pairs, between which each side is drawn, ends included.
        ratio_range: Lowest and highest ratio.
        resize_type: A registered transform that takes ``scale``, ``keep_ratio`` and
            ``interpolation``, and reads its attribute ``scale``.
        keep_ratio: As :class:`Resize`.
        interpolation: As :class:`Resize`.
        backend: As :class:`Resize`.

    Raises:
        ConfigError: The scales or ratios are not as above.
    """

    def __init__(
        self,
        scale: Sequence,
        ratio_range: Sequence[float] | None = None,
        resize_type: str = 'Resize',
        keep_ratio: bool = False,
        interpolation: str = 'bilinear',
        backend: str = 'cv2',
    ) -> None:
        self.is_range = len(scale) == 2 and all(isinstance(end, Sequence) for end in scale)
        if self.is_range:
            self.scale = tuple(pair(end, 'scale') for end in scale)
            self.ratio_range = None
        else:
            self.scale = pair(scale, 'scale')
            self.ratio_range = _checked_range(ratio_range)
        first = self.scale[0] if self.is_range else self.scale
        self.resize = _build_resize(
            resize_type,
            first,
            keep_ratio=keep_ratio,
            interpolation=interpolation,
            backend=backend,
        )

    def transform(self, results: dict) -> dict:
        """Draw a scale and resize."""
        return _apply(self.resize, results, self._draw_scale())

    def _draw_scale(self) -> tuple[int, int]:
        if self.is_range:
            ends = zip(*self.scale, strict=True)
            return tuple(int(np.random.randint(min(pair_), max(pair_) + 1)) for pair_ in ends)
        low, high = self.ratio_range
        ratio = np.random.random_sample() * (high - low) + low
        return int(self.scale[0] * ratio), int(self.scale[1] * ratio)

    def __repr__(self) -> str:
        return (
            f'{type(self).__name__}(scale={self.scale}, ratio_range={self.ratio_range}, '
            f'resize={self.resize!r})'
        )


@TRANSFORMS.register_module()
class RandomChoiceResize(BaseTransform):
    """Resize to one of several scales.

    Draws one ``randint``.

    Required keys:
        - ``img``: (H, W, C), any type
        - ``seg_fields``: names of label maps, (H, W) uint8 each (optional)

    Modified keys:
        - ``img``: (H', W', C)
        - ``gt_seg_map``: (H', W') uint8, if it is loaded; so is every other map in ``seg_fields``
        - ``img_shape``: (H', W')

    Added keys:
        - ``scale``: (W, H) that was drawn
        - ``scale_idx``: its number in ``scales``
        - ``scale_factor``: (W' / W, H' / H)
        - ``keep_ratio``: bool

    Args:
        scales: A list of (width, height) or of single numbers for both; or one (width, height).
        resize_type: As :class:`RandomResize`.
        keep_ratio: As :class:`Resize`.
        interpolation: As :class:`Resize`.
        backend: As :class:`Resize`.
        max_size: For ``resize_type='ResizeShortestEdge'``, which needs it; see there.

    Raises:
        ConfigError: There is no scale, or one is not as above.
    """

    def __init__(
        self,
        scales: Sequence[Scale],
        resize_type: str = 'Resize',
        keep_ratio: bool = False,
        interpolation: str = 'bilinear',
        backend: str = 'cv2',
        max_size: int | None = None,
    ) -> None:
        # MMCV's rule: a list is a list of scales, a tuple is one scale
        choices = [scales] if isinstance(scales, tuple) else list(scales)
        if not choices:
            raise ConfigError('RandomChoiceResize.scales must not be empty')
        self.scales = [pair(scale, 'scales') for scale in choices]
        self.resize = _build_resize(
            resize_type,
            self.scales[0],
            keep_ratio=keep_ratio,
            interpolation=interpolation,
            backend=backend,
            max_size=max_size,
        )

    def transform(self, results: dict) -> dict:
        """Draw a scale and resize."""
        index = int(np.random.randint(len(self.scales)))
        results = _apply(self.resize, results, self.scales[index])
        results['scale_idx'] = index
        return results

    def __repr__(self) -> str:
        return f'{type(self).__name__}(scales={self.scales}, resize={self.resize!r})'


def _checked_range(ratio_range: Sequence[float] | None) -> tuple[float, float]:
    if ratio_range is None or len(ratio_range) != 2 or not 0 < ratio_range[0] <= ratio_range[1]:
        raise ConfigError(
            f'RandomResize.ratio_range must be (low, high) with 0 < low <= high, got {ratio_range}'
        )
    return tuple(ratio_range)
