"""Names before keys, and images of a batch padded to one size."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

import torch
import torch.nn.functional as F
from mmengine.structures import PixelData
from torch import Tensor

from mmseg_deeplab.utils.errors import BatchError, ConfigError, DataError

Value = TypeVar('Value')
Size = tuple[int, int]


def add_prefix(inputs: Mapping[str, Value], prefix: str) -> dict[str, Value]:
    """``inputs`` with ``prefix.`` before each key.

    Args:
        inputs: Such as a head's losses.
        prefix: Such as ``'decode'``.
    """
    return {f'{prefix}.{name}': value for name, value in inputs.items()}


def stack_batch(
    inputs: Sequence[Tensor],
    data_samples: Sequence[Any] | None = None,
    size: Size | None = None,
    size_divisor: int | None = None,
    pad_val: float = 0,
    seg_pad_val: int = 255,
) -> tuple[Tensor, list[Any]]:
    """One batch of images, and of their labels, that are padded at the right and bottom.

    Args:
        inputs: Each (C, H, W).
        data_samples: Their samples: ``gt_sem_seg``, where there is one, is padded too;
            ``img_shape``, ``pad_shape`` and ``padding_size`` (left, right, top, bottom) become
            metainfo.
        size: Height and width wanted; an image larger than it is not cropped.
        size_divisor: Instead: the next multiple of it above the largest height and width.
        pad_val: Value of padded pixels.
        seg_pad_val: Their label.

    Returns:
        (N, C, H', W'), and the samples; where there are none, a dict of ``img_padding_size``
        and ``pad_shape`` for each image.

    Raises:
        BatchError: ``inputs`` is no list of tensors (C, H, W) with one number of bands.
        DataError: The images do not fit ``size``, or a label its image.
        ConfigError: Not exactly one of ``size`` and ``size_divisor`` is given.
    """
    if (size is None) == (size_divisor is None):
        raise ConfigError(
            f'exactly one of size and size_divisor must be given, got {size} and {size_divisor}'
        )
    if not isinstance(inputs, (list, tuple)) or not all(isinstance(i, Tensor) for i in inputs):
        raise BatchError(
            f'inputs must be a list of tensors (C, H, W), got a {type(inputs).__name__}'
        )
    shapes = [tuple(image.shape) for image in inputs]
    if len({shape[:-2] for shape in shapes}) != 1 or len(shapes[0]) != 3:
        raise BatchError(f'inputs must be (C, H, W) with one number of bands, got {shapes}')
    batch = pad_and_stack(inputs, size, size_divisor, pad_val)
    pad_shape = (batch.shape[-2], batch.shape[-1])
    paddings = [(0, pad_shape[1] - shape[-1], 0, pad_shape[0] - shape[-2]) for shape in shapes]
    if data_samples is None:
        facts = [{'img_padding_size': padding, 'pad_shape': pad_shape} for padding in paddings]
        return batch, facts
    for sample, shape, padding in zip(data_samples, shapes, paddings, strict=True):
        _pad_label(sample, shape[-2:], padding, seg_pad_val)
        sample.set_metainfo(
            {'img_shape': shape[-2:], 'pad_shape': pad_shape, 'padding_size': padding}
        )
    return batch, list(data_samples)


def pad_and_stack(
    images: Sequence[Tensor], size: Size | None, size_divisor: int | None, pad_val: float
) -> Tensor:
    """One batch of images that are padded at the right and bottom.

    Args:
        images: Each (C, H, W) float.
        size: Height and width wanted; an image larger than it is not cropped.
        size_divisor: Instead: the next multiple of it above the largest height and width.
        pad_val: Value of the padding.

    Returns:
        (N, C, H', W').

    Raises:
        DataError: With ``size``, images larger than it that differ in size.
    """
    if size is None:
        height, width = (max(image.shape[axis] for image in images) for axis in (-2, -1))
        divisor = size_divisor or 1
        targets = {(-(-height // divisor) * divisor, -(-width // divisor) * divisor)}
    else:
        targets = {(max(size[0], im.shape[-2]), max(size[1], im.shape[-1])) for im in images}
    if len(targets) > 1:
        raise DataError(
            f'images must fit into size={tuple(size)} to be stacked, got '
            f'{[tuple(image.shape[-2:]) for image in images]}; crop them in the pipeline'
        )
    height, width = targets.pop()
    batch = images[0].new_full((len(images), images[0].shape[0], height, width), pad_val)
    for row, image in zip(batch, images, strict=True):
        row[:, : image.shape[-2], : image.shape[-1]] = image
    return batch


def _pad_label(
    sample: Any, img_shape: tuple[int, ...], padding: tuple[int, int, int, int], fill: int
) -> None:
    if 'gt_sem_seg' not in sample:
        return
    labels = sample.gt_sem_seg.data
    if tuple(labels.shape[-2:]) != img_shape:
        raise DataError(
            f'label map of {sample.get("img_path", "an image")} must be {img_shape} like '
            f'its image, got {tuple(labels.shape[-2:])}'
        )
    sample.gt_sem_seg = PixelData(data=F.pad(labels, padding, value=fill))


def resize_labels(labels: Tensor, size: Sequence[int]) -> Tensor:
    """Labels in another size: of each new pixel's centre, the old pixel it lies in, as Pillow.

    Args:
        labels: (N, H, W).
        size: New height and width.
    """
    if tuple(size) == tuple(labels.shape[-2:]):
        return labels
    # whole numbers only: floor((i + 0.5) * old / new)
    rows, columns = (
        (2 * torch.arange(new, device=labels.device) + 1) * old // (2 * new)
        for old, new in zip(labels.shape[-2:], size, strict=True)
    )
    return labels[:, rows[:, None], columns]
