"""Sampling by class, for data sets where some classes are in few images."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from mmengine.dist import get_dist_info
from torch.utils.data import Sampler

from mmseg_deeplab.registry import DATA_SAMPLERS
from mmseg_deeplab.utils.errors import ConfigError, DataError
from mmseg_deeplab.utils.log import get_logger

_CHUNK = 1024  # draws at a time; part of the order's definition


@DATA_SAMPLERS.register_module()
class ClassBalancedSampler(Sampler):
    """An endless stream in which rare classes are seen about as often as common ones.

    Each draw chooses a class, then one of the images that hold it, all alike. A class of n
    images is chosen with a probability in proportion to n ** (1 - strength).

    Source: Shen et al., Relay Backpropagation, ECCV 2016, section 3.3 (class-aware sampling).

    Args:
        dataset: Its ``get_cat_ids(index)`` gives the classes in an image's label.
        seed: Of the order; the same in all processes.
        strength: 1 for all classes alike, 0 for plain proportion.

    Raises:
        ConfigError: ``strength`` is outside 0 to 1, or the data set has no ``get_cat_ids``.
        DataError: No image has a label that is not ignored.
    """

    endless = True

    def __init__(self, dataset: Any, seed: int | None = None, strength: float = 1.0) -> None:
        if not 0 <= strength <= 1:
            raise ConfigError(f'strength must be from 0 to 1, got {strength}')
        self.size = len(dataset)
        self.seed = 0 if seed is None else seed
        self.rank, self.world_size = get_dist_info()
        self._images = _images_by_class(dataset)
        counts = torch.tensor([len(images) for images in self._images], dtype=torch.float64)
        self._weights = counts ** (1 - strength)
        self._stream = self._of_rank()

    def __len__(self) -> int:
        return -(-self.size // self.world_size)  # of one process

    def __iter__(self) -> Iterator[int]:
        yield from self._stream

    def set_epoch(self, epoch: int) -> None:
        """Nothing to do: the stream does not end."""

    def _of_rank(self) -> Iterator[int]:
        generator = torch.Generator().manual_seed(self.seed)
        place = 0
        while True:
            kinds = torch.multinomial(
                self._weights, _CHUNK, replacement=True, generator=generator
            ).tolist()
            picks = torch.rand(_CHUNK, generator=generator, dtype=torch.float64).tolist()
            for kind, pick in zip(kinds, picks, strict=True):
                if place % self.world_size == self.rank:
                    images = self._images[kind]
                    yield int(images[int(pick * len(images))])
                place += 1


def _images_by_class(dataset: Any) -> list[np.ndarray]:
    """For every class that occurs, the indices of the images that hold it."""
    if not hasattr(dataset, 'get_cat_ids'):
        raise ConfigError(
            'sampler ClassBalancedSampler needs a data set with get_cat_ids(index), got '
            f'{type(dataset).__name__}; use InfiniteSampler, or add that method'
        )
    get_logger().info('ClassBalancedSampler: looking which classes each image holds')
    images: dict[int, list[int]] = {}
    for index in range(len(dataset)):
        for kind in sorted({int(kind) for kind in dataset.get_cat_ids(index)}):
            images.setdefault(kind, []).append(index)
    if not images:
        raise DataError(
            'ClassBalancedSampler: no image has a label that is not ignored; check the label '
            'folder, reduce_zero_label and label_map'
        )
    return [np.asarray(images[kind]) for kind in sorted(images)]
