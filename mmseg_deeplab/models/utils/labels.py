"""Labels of a batch: stacked, and checked before a loss meets them."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from mmseg_deeplab.structures import SampleList
from mmseg_deeplab.utils.errors import DataError

_SHOWN = 8


def is_soft(target: Tensor) -> bool:
    """Whether a target is (N, K, H, W) probabilities, such as MixUp makes, not class ids."""
    return target.dim() == 4 and target.is_floating_point()


def hard_target(target: Tensor, ignore_index: int) -> Tensor:
    """Likeliest classes (N, H, W) of probabilities; ``ignore_index`` where all are zero.

    Args:
        target: (N, K, H, W) probabilities; or class ids, which are returned as they are.
        ignore_index: Label that does not count.
    """
    if not is_soft(target):
        return target
    return torch.where(target.sum(dim=1) > 0, target.argmax(dim=1), ignore_index)


def plain_labels(target: Tensor) -> Tensor:
    """Class ids as int64; one-hot integers (N, K, H, W) as float32; probabilities as they are.

    Args:
        target: (N, H, W) integers; or (N, K, H, W) of any type.
    """
    if target.is_floating_point():
        return target
    return target.float() if target.dim() == 4 else target.long()


def stack_labels(data_samples: SampleList) -> Tensor:
    """Ground truth of a batch.

    Args:
        data_samples: Each with ``gt_sem_seg`` of one size, (1, H, W) int64; or, after MixUp,
            (K, H, W) float probabilities.

    Returns:
        (N, H, W) int64, or (N, K, H, W) float.

    Raises:
        DataError: A sample has no ground truth.
    """
    for index, sample in enumerate(data_samples):
        if 'gt_sem_seg' not in sample:
            raise DataError(
                f'{_name(sample, index)} must have a label map to train on, got none; '
                'check LoadAnnotations in the pipeline'
            )
    labels = [sample.gt_sem_seg.data for sample in data_samples]
    if labels[0].is_floating_point() and len(labels[0]) > 1:
        return torch.stack(labels)
    return torch.cat(labels).long()


def check_labels(
    labels: Tensor, num_labels: int, ignore_index: int, data_samples: SampleList | None = None
) -> None:
    """Refuse labels that are no class, before a loss crashes on them.

    Only on a CPU: elsewhere the check would make every step wait for the device, and the
    loading transform has looked already.

    Args:
        labels: (N, H, W) int64; probabilities are not checked.
        num_labels: Labels run from 0 to ``num_labels - 1``.
        ignore_index: The one other value that may occur.
        data_samples: Name the files in the error.

    Raises:
        DataError: Another value occurs; names the values and the file.
    """
    if labels.device.type != 'cpu' or is_soft(labels) or torch.compiler.is_compiling():
        return
    wrong = (labels != ignore_index) & ((labels < 0) | (labels >= num_labels))
    if not wrong.any():
        return
    index = int(wrong.flatten(1).any(dim=1).nonzero()[0])
    values = torch.unique(labels[index][wrong[index]]).tolist()
    name = (
        f'image {index} of the batch' if data_samples is None else _name(data_samples[index], index)
    )
    raise DataError(
        f'labels must be 0 to {num_labels - 1} or {ignore_index} (ignored), got '
        f'{_listed(values)} in {name}; correct the masks, num_classes or reduce_zero_label'
    )


def _listed(values: Sequence[int]) -> str:
    return ', '.join(map(str, values[:_SHOWN])) + (', ...' if len(values) > _SHOWN else '')


def _name(sample: object, index: int) -> str:
    path = sample.metainfo.get('seg_map_path') or sample.metainfo.get('img_path')
    return f'image {index} of the batch' if path is None else str(path)
