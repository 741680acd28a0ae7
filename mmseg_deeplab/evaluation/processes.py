"""Counts of several processes as one."""

from __future__ import annotations

import numpy as np
import torch
from mmengine.dist import all_gather_object, all_reduce, get_world_size

from mmseg_deeplab.evaluation.confusion import ConfusionMatrix


def sum_over_processes(matrix: ConfusionMatrix) -> None:
    """Add the counts of all processes in place: one exchange of names, one sum of numbers.

    Args:
        matrix: This process's counts; every process must call, those without images too.
    """
    if get_world_size() == 1:
        return
    names = sorted({name for part in all_gather_object(list(matrix.groups)) for name in part})
    size = matrix.num_classes
    counts = np.zeros((len(names), size, size), dtype=np.int64)
    for index, name in enumerate(names):
        if name in matrix.groups:
            counts[index] = matrix.groups[name]
    flat = torch.from_numpy(np.append(counts.ravel(), matrix.images))
    all_reduce(flat, op='sum')
    summed = flat[:-1].view(len(names), size, size).numpy()
    matrix.groups = dict(zip(names, summed, strict=True))
    matrix.images = int(flat[-1])


def sum_array_over_processes(counts: np.ndarray) -> np.ndarray:
    """The sum of an array over all processes; every process must call.

    Args:
        counts: int64, or float64, of the same shape everywhere.
    """
    if get_world_size() == 1:
        return counts
    summed = torch.from_numpy(np.ascontiguousarray(counts))
    all_reduce(summed, op='sum')
    return summed.numpy()
