"""The max pooling behind a ResNet's stem: how it treats the border differs between frameworks."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor, nn

from mmseg_deeplab.utils.errors import ConfigError

_KERNEL, _STRIDE = 3, 2


class SamePaddedMaxPool(nn.MaxPool2d):
    """3x3 max pooling at stride 2, padded as TensorFlow's and MindSpore's "same" does.

    The padding needed in all goes in halves to both sides, an odd pixel to the bottom and right;
    of an even map nothing is added at the top and left.
    """

    def __init__(self) -> None:
        super().__init__(_KERNEL, stride=_STRIDE)

    def forward(self, maps: Tensor) -> Tensor:
        """Pooled map, (N, C, h, w) -> (N, C, h', w'), h' and w' half of them, rounded up."""
        height, width = (_KERNEL - 1 if side % _STRIDE else 1 for side in maps.shape[-2:])
        sides = (width // 2, width - width // 2, height // 2, height - height // 2)
        return super().forward(F.pad(maps, sides, value=float('-inf')))


def make_stem_pool(kind: str) -> nn.MaxPool2d:
    """The pooling layer.

    Args:
        kind: ``'floor'``: one pixel of padding all around, as PyTorch's models have it;
            ``'ceil'``: as Caffe's: the output is a pixel larger where the input's side is even;
            ``'same'``: as TensorFlow's and MindSpore's.

    Raises:
        ConfigError: Another kind.
    """
    if kind == 'same':
        return SamePaddedMaxPool()
    if kind not in ('floor', 'ceil'):
        raise ConfigError(f"stem_pool must be 'floor', 'ceil' or 'same', got {kind!r}")
    return nn.MaxPool2d(_KERNEL, stride=_STRIDE, padding=1, ceil_mode=kind == 'ceil')
