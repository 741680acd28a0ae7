"""Resizing by rules other than a given size."""

from __future__ import annotations

from collections.abc import Sequence

from mmcv.transforms import BaseTransform

from mmseg_deeplab.datasets.transforms.arrays import interpolation_code, resize
from mmseg_deeplab.datasets.transforms.resize import Resize, fitted_size, scaled_size
from mmseg_deeplab.registry import TRANSFORMS
from mmseg_deeplab.utils.errors import ConfigError


@TRANSFORMS.register_module()
class ResizeToMultiple(BaseTransform):
    """Enlarge the image to the next multiple of a number of pixels.

    Required keys:
        - ``img``: (H, W, C), any type
        - ``seg_fields``: names of label maps, (H, W) uint8 each (optional)

    Modified keys:
        - ``img``: (H', W', C)
        - ``gt_seg_map``: (H', W') uint8, if it is loaded; so is every other map in ``seg_fields``
        - ``img_shape``: (H', W')

    Added keys:
        - ``pad_shape``: (H', W')

    Args:
        size_divisor: Height and width become multiples of it.
        interpolation: Of the image, as in :class:`Resize`; None is ``'bilinear'``.

    Raises:
        ConfigError: ``size_divisor`` is not above 0, or the interpolation is unknown.
    """

    def __init__(self, size_divisor: int = 32, interpolation: str | None = None) -> None:
        if size_divisor < 1:
            raise ConfigError(
                f'ResizeToMultiple.size_divisor must be at least 1, got {size_divisor}'
            )
        interpolation_code(interpolation or 'bilinear')
        self.size_divisor = size_divisor
        self.interpolation = interpolation

    def transform(self, results: dict) -> dict:
        """Resize a sample."""
        height, width = results['img'].shape[:2]
        step = self.size_divisor
        size = (-(-width // step) * step, -(-height // step) * step)
        results['img'] = resize(results['img'], size, self.interpolation or 'bilinear')
        for key in results.get('seg_fields', ()):
            results[key] = resize(results[key], size, 'nearest')
        results['img_shape'] = results['pad_shape'] = results['img'].shape[:2]
        return results

    def __repr__(self) -> str:
        return (
            f'{type(self).__name__}(size_divisor={self.size_divisor}, '
            f'interpolation={self.interpolation!r})'
        )


@TRANSFORMS.register_module()
class ResizeShortestEdge(BaseTransform):
    """Bring the shorter side to a length, unless the longer one would become too long.

    With OpenCV the sizes are MMSegmentation's, which fits the size found once more into itself
    with the ratio kept; with Pillow, Detectron2's, which are now and then a pixel larger.

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
        - ``keep_ratio``: True

    Args:
        scale: Length of the shorter side in pixels; of several numbers the smallest.
        max_size: The longer side's greatest length in pixels.
        interpolation: As :class:`Resize`.
        backend: As :class:`Resize`; ``'pillow'`` means Detectron2's sizes, too.

    Raises:
        ConfigError: A length is not above 0.
    """

    def __init__(
        self,
        scale: int | Sequence[int],
        max_size: int,
        interpolation: str = 'bilinear',
        backend: str = 'cv2',
    ) -> None:
        if min(_shorter(scale), max_size) < 1:
            raise ConfigError(
                'ResizeShortestEdge.scale and max_size must be at least 1, got '
                f'{scale} and {max_size}'
            )
        self.scale = scale
        self.max_size = max_size
        self._refit = backend == 'cv2'
        self._resize = Resize(1, interpolation=interpolation, backend=backend)

    def transform(self, results: dict) -> dict:
        """Resize a sample."""
        height, width = results['img'].shape[:2]
        size = shortest_edge_size((width, height), _shorter(self.scale), self.max_size)
        if self._refit:
            size = fitted_size((width, height), size)
        results = self._resize.resize_to(results, size)
        results['keep_ratio'] = True
        return results

    def __repr__(self) -> str:
        return f'{type(self).__name__}(scale={self.scale}, max_size={self.max_size})'


def shortest_edge_size(size: tuple[int, int], shorter: int, longest: int) -> tuple[int, int]:
    """A size whose shorter side is ``shorter``, or less where the longer one would be too long.

    The order of the operations decides how halves are rounded; it is Detectron2's.

    Args:
        size: (width, height), pixels.
        shorter: Pixels.
        longest: Pixels.
    """
    factor = shorter / min(size)
    sides = [shorter if side == min(size) else factor * side for side in size]
    if max(sides) > longest:
        shrink = longest / max(sides)
        sides = [side * shrink for side in sides]
    width, height = (max(int(side + 0.5), 1) for side in sides)
    return width, height


def _shorter(scale: int | Sequence[int]) -> int:
    return scale if isinstance(scale, int) else min(scale)


@TRANSFORMS.register_module()
class SegRescale(BaseTransform):
    """Resize the labels alone, as for a loss at the network's own stride.

    Required keys:
        - ``seg_fields``: names of label maps, (H, W) uint8 each (optional)

    Modified keys:
        - ``gt_seg_map``: (H', W') uint8, if it is loaded; so is every other map in ``seg_fields``

    Args:
        scale_factor: Of both sides, above 0.

    Raises:
        ConfigError: ``scale_factor`` is not above 0.
    """

    def __init__(self, scale_factor: float = 1) -> None:
        if not scale_factor > 0:
            raise ConfigError(f'SegRescale.scale_factor must be above 0, got {scale_factor}')
        self.scale_factor = scale_factor

    def transform(self, results: dict) -> dict:
        """Resize the labels."""
        factors = (self.scale_factor, self.scale_factor)
        for key in results.get('seg_fields', ()):
            height, width = results[key].shape[:2]
            results[key] = resize(results[key], scaled_size((width, height), factors), 'nearest')
        return results

    def __repr__(self) -> str:
        return f'{type(self).__name__}(scale_factor={self.scale_factor})'


@TRANSFORMS.register_module()
class UseAsOriginal(BaseTransform):
    """Let the sample count as stored in its present size.

    Predictions then come in that size and are scored in it, as where a protocol evaluates
    images that were brought to one size.

    Required keys:
        - ``img``: (H, W, C), any type

    Modified keys:
        - ``ori_shape``: (H, W)

    Removed keys:
        - ``scale``, ``scale_factor``, ``keep_ratio``
    """

    def transform(self, results: dict) -> dict:
        """Note the size."""
        results['ori_shape'] = results['img'].shape[:2]
        for key in ('scale', 'scale_factor', 'keep_ratio'):
            results.pop(key, None)
        return results

    def __repr__(self) -> str:
        return f'{type(self).__name__}()'
