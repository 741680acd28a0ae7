"""Resizing by a rule that is written down once."""

from __future__ import annotations

from collections.abc import Sequence

from mmcv.transforms import BaseTransform

from mmseg_deeplab.datasets.transforms.arrays import (
    checked_backend,
    interpolation_code,
    resize,
)
from mmseg_deeplab.registry import TRANSFORMS
from mmseg_deeplab.utils.errors import ConfigError

Scale = int | Sequence[int]


def scaled_size(size: tuple[int, int], factors: tuple[float, float]) -> tuple[int, int]:
    """A size times a factor, rounded half up; at least 1 pixel.

    Args:
        size: (width, height) in pixels.
        factors: Of width and height, > 0.
    """
    width, height = (int(old * factor + 0.5) for old, factor in zip(size, factors, strict=True))
    return max(width, 1), max(height, 1)


def fitted_size(size: tuple[int, int], scale: tuple[int, int]) -> tuple[int, int]:
    """The largest size of the same proportions within a scale, whichever way up that is.

    Args:
        size: (width, height) in pixels.
        scale: Its larger number bounds the longer side, its smaller number the shorter side.
    """
    factor = min(max(scale) / max(size), min(scale) / min(size))
    return scaled_size(size, (factor, factor))


@TRANSFORMS.register_module()
class Resize(BaseTransform):
    """Resize the image, and labels that are already loaded.

    Required keys:
        - ``img``: (H, W, C), any type
        - ``seg_fields``: names of label maps, (H, W) uint8 each (optional)

    Modified keys:
        - ``img``: (H', W', C)
        - ``gt_seg_map``: (H', W') uint8, if it is loaded; so is every other map in ``seg_fields``
        - ``img_shape``: (H', W')

    Added keys:
        - ``scale``: (W, H) that was asked for
        - ``scale_factor``: (W' / W, H' / H)
        - ``keep_ratio``: bool

    Args:
        scale: New (width, height), or one number for both. With ``keep_ratio`` the image becomes
            as large as fits: the larger number bounds its longer side.
        scale_factor: Used where ``scale`` is None: factor of width and height, or one for both.
        keep_ratio: Keep the proportions.
        interpolation: ``'nearest'``, ``'bilinear'``, ``'bicubic'``, ``'area'`` or ``'lanczos'``,
            for the image.
        backend: ``'cv2'``, or ``'pillow'`` for 8-bit images, which smooths what it makes smaller.
        label_interpolation: ``'nearest'``, which takes the pixel at a new pixel's corner, as the
            zoo's training does; ``'nearest_exact'``, the one at its centre, where a bilinear
            image has it too.

    Raises:
        ConfigError: Neither or no valid scale is given.
    """

    def __init__(
        self,
        scale: Scale | None = None,
        scale_factor: float | Sequence[float] | None = None,
        keep_ratio: bool = False,
        interpolation: str = 'bilinear',
        backend: str = 'cv2',
        label_interpolation: str = 'nearest',
    ) -> None:
        if scale is None and scale_factor is None:
            raise ConfigError('Resize needs scale or scale_factor, got neither')
        if label_interpolation not in ('nearest', 'nearest_exact'):
            raise ConfigError(
                "Resize.label_interpolation must be 'nearest' or 'nearest_exact', got "
                f'{label_interpolation!r}'
            )
        interpolation_code(interpolation)
        self.scale = None if scale is None else pair(scale, 'scale')
        self.scale_factor = None if scale_factor is None else pair(scale_factor, 'scale_factor')
        self.keep_ratio = keep_ratio
        self.interpolation = interpolation
        self.backend = checked_backend(backend)
        self.label_interpolation = label_interpolation

    def transform(self, results: dict) -> dict:
        """Resize a sample."""
        return self.resize_to(results, self.scale)

    def resize_to(self, results: dict, scale: tuple[int, int] | None) -> dict:
        """Resize a sample to a scale other than the constructor's.

        Args:
            results: The sample; changed and returned.
            scale: (width, height); None goes by ``scale_factor``.
        """
        if scale is None:
            height, width = results['img'].shape[:2]
            scale = scaled_size((width, height), self.scale_factor)
        results['scale'] = tuple(scale)
        self._resize_img(results)
        self._resize_seg(results)
        return results

    # the two steps have MMCV's names and duties, for subclasses that replace one of them

    def _resize_img(self, results: dict) -> None:
        height, width = results['img'].shape[:2]
        size = self._new_size(results['img'].shape, results['scale'])
        results['img'] = resize(results['img'], size, self.interpolation, self.backend)
        results['img_shape'] = results['img'].shape[:2]
        results['scale_factor'] = (size[0] / width, size[1] / height)
        results['keep_ratio'] = self.keep_ratio

    def _resize_seg(self, results: dict) -> None:
        for key in results.get('seg_fields', ()):
            size = self._new_size(results[key].shape, results['scale'])
            results[key] = resize(results[key], size, self.label_interpolation, self.backend)

    def _new_size(self, shape: tuple[int, ...], scale: tuple[int, int]) -> tuple[int, int]:
        return fitted_size((shape[1], shape[0]), scale) if self.keep_ratio else scale

    def __repr__(self) -> str:
        return (
            f'{type(self).__name__}(scale={self.scale}, scale_factor={self.scale_factor}, '
            f'keep_ratio={self.keep_ratio}, interpolation={self.interpolation!r})'
        )


def pair(value: float | Sequence[float], name: str) -> tuple:
    """Two positive numbers from two or from one.

    Raises:
        ConfigError: Not that.
    """
    values = tuple(value) if isinstance(value, Sequence) else (value, value)
    if len(values) != 2 or not all(isinstance(v, (int, float)) and v > 0 for v in values):
        raise ConfigError(
            f'{name} must be one or two positive numbers (width, height), got {value!r}'
        )
    return values
