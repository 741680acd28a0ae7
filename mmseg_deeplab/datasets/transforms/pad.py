"""Enlarging images at the right and at the bottom, or all around."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from mmcv.transforms import BaseTransform

from mmseg_deeplab.registry import TRANSFORMS
from mmseg_deeplab.utils.errors import ConfigError

_MODES = ('constant', 'edge', 'reflect', 'symmetric')


@TRANSFORMS.register_module()
class Pad(BaseTransform):
    """Add pixels at the right and at the bottom, or all around; nothing is ever cut off.

    Required keys:
        - ``img``: (H, W, C), any type
        - ``seg_fields``: names of label maps, (H, W) uint8 each (optional)

    Modified keys:
        - ``img``: (H', W', C)
        - ``gt_seg_map``: (H', W') uint8, if it is loaded; so is every other map in ``seg_fields``
        - ``img_shape``: (H', W')

    Added keys:
        - ``pad_shape``: (H', W')
        - ``img_padding_size``: (left, right, top, bottom) pixels that predictions will lose again
        - ``pad_fixed_size``: ``size`` as given
        - ``pad_size_divisor``: as given

    Args:
        size: At least this (width, height).
        size_divisor: Up to the next multiple of this.
        pad_to_square: Make the shorter side as long as the longer one; ``size_divisor`` may
            come on top.
        pad_val: Value of new image pixels, one number or one for each band; or a dict of ``img``
            (such a value, default 0) and ``seg`` (a number, default 255).
        padding_mode: ``'constant'``, ``'edge'``, ``'reflect'`` or ``'symmetric'``.
        centred: Half of the new pixels at the left and at the top, rounded down.

    Raises:
        ConfigError: The arguments do not fit.
    """

    def __init__(
        self,
        size: Sequence[int] | None = None,
        size_divisor: int | None = None,
        pad_to_square: bool = False,
        pad_val: float | Sequence[float] | Mapping[str, Any] | None = None,
        padding_mode: str = 'constant',
        centred: bool = False,
    ) -> None:
        if sum((size is not None, size_divisor is not None and not pad_to_square,
                pad_to_square)) != 1:  # fmt: skip
            raise ConfigError(
                'Pad needs exactly one of size, size_divisor and pad_to_square, got '
                f'size={size}, size_divisor={size_divisor}, pad_to_square={pad_to_square}'
            )
        if padding_mode not in _MODES:
            known = ', '.join(_MODES)
            raise ConfigError(f'Pad.padding_mode must be one of {known}, got {padding_mode!r}')
        values = pad_val if isinstance(pad_val, Mapping) else {'img': pad_val or 0}
        unknown = sorted(set(values) - {'img', 'seg'})
        if unknown:
            raise ConfigError(f"Pad.pad_val must have no keys but 'img' and 'seg', got {unknown}")
        self.size = None if size is None else tuple(size)
        self.size_divisor = size_divisor
        self.pad_to_square = pad_to_square
        self.pad_val = {'img': 0, 'seg': 255, **values}
        self.padding_mode = padding_mode
        self.centred = centred

    def transform(self, results: dict) -> dict:
        """Pad the image and its label maps."""
        height, width = results['img'].shape[:2]
        new_height, new_width = self._new_size(height, width)
        margins = (self._margin(new_height - height), self._margin(new_width - width))
        results['img'] = self._pad(results['img'], margins, self.pad_val['img'])
        for key in results.get('seg_fields', ()):
            results[key] = self._pad(results[key], margins, self.pad_val['seg'])
        results['pad_shape'] = results['img_shape'] = results['img'].shape[:2]
        _, right, _, bottom = results.get('img_padding_size', (0, 0, 0, 0))
        results['img_padding_size'] = (0, right + margins[1][1], 0, bottom + margins[0][1])
        results['pad_fixed_size'] = self.size
        results['pad_size_divisor'] = self.size_divisor
        return results

    def _margin(self, missing: int) -> tuple[int, int]:
        missing = max(missing, 0)
        before = missing // 2 if self.centred else 0
        return before, missing - before

    def _new_size(self, height: int, width: int) -> tuple[int, int]:
        if self.size is not None:
            return self.size[1], self.size[0]
        if self.pad_to_square:
            height = width = max(height, width)
        divisor = self.size_divisor or 1
        return -(-height // divisor) * divisor, -(-width // divisor) * divisor

    def _pad(self, array: np.ndarray, margins: tuple, value: float | Sequence[float]) -> np.ndarray:
        if self.padding_mode == 'constant' and isinstance(value, Sequence):
            return self._pad_bands(array, margins, value)
        margins = (*margins, (0, 0)) if array.ndim == 3 else margins
        if self.padding_mode == 'constant':
            return np.pad(array, margins, constant_values=value)
        return np.pad(array, margins, mode=self.padding_mode)

    @staticmethod
    def _pad_bands(array: np.ndarray, margins: tuple, values: Sequence[float]) -> np.ndarray:
        if array.ndim != 3 or array.shape[2] != len(values):
            raise ConfigError(
                f'Pad.pad_val must have one value for each band, got {len(values)} for an image '
                f'of shape {array.shape}'
            )
        bands = zip(np.moveaxis(array, 2, 0), values, strict=True)
        return np.stack([np.pad(band, margins, constant_values=v) for band, v in bands], axis=2)

    def __repr__(self) -> str:
        return (
            f'{type(self).__name__}(size={self.size}, size_divisor={self.size_divisor}, '
            f'pad_to_square={self.pad_to_square}, pad_val={self.pad_val}, '
            f'padding_mode={self.padding_mode!r}, centred={self.centred})'
        )
