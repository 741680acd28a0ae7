"""Labels of a batch: stacked, and checked before a loss meets them."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from mmseg_deeplab.structures import SampleList
from mmseg_deeplab.utils.errors import DataError

_SHOWN = 8


def stack_labels(data_samples: SampleList) -> Tensor:
    """Ground truth of a batch.

    Args:
        data_samples: Each with ``gt_sem_seg`` of one size, (1, H, W) int64.

    Returns:
        (N, H, W) int64.

    Raises:
        DataError: A sample has no ground truth.
    """
    for index, sample in enumerate(data_samples):
        if 'gt_sem_seg' not in sample:
            raise DataError(
                f'{_name(sample, index)} must have a label map to train on, got none; '
                'check LoadAnnotations in the pipeline'
            )
    return torch.cat([sample.gt_sem_seg.data for sample in data_samples]).long()


def check_labels(
    labels: Tensor, num_labels: int, ignore_index: int, data_samples: SampleList | None = None
) -> None:
    """Refuse labels that are no class, before a loss crashes on them.

    Only on a CPU: elsewhere the check would make every step wait for the device, and the
    loading transform has looked already.

    Args:
        labels: (N, H, W) int64.
        num_labels: Labels run from 0 to ``num_labels - 1``.
        ignore_index: The one other value that may occur.
        data_samples: Name the files in the error.

    Raises:
        DataError: Another value occurs; names the values and the file.
    """
    if labels.device.type != 'cpu' or torch.compiler.is_compiling():
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
