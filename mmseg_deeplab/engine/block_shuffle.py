"""Shuffling in blocks, so that samples packed one behind the other are read nearly so."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from mmengine.dist import get_dist_info
from torch.utils.data import Sampler

from mmseg_deeplab.registry import DATA_SAMPLERS
from mmseg_deeplab.utils.errors import ConfigError


@DATA_SAMPLERS.register_module()
class BlockShuffleSampler(Sampler):
    """An endless stream that shuffles blocks of neighbours, then samples of a few blocks.

    In each pass every sample comes once, in one of the processes. Without shards there is no
    reason for it: ``InfiniteSampler`` shuffles better.

    Args:
        dataset: Its length counts.
        seed: Of the order; the same in all processes.
        block: Neighbours that stay together, as many as are to be read in a row.
        window: Blocks whose samples are mixed.

    Raises:
        ConfigError: ``block`` or ``window`` is below 1, or the data set is empty.
    """

    endless = True

    def __init__(
        self, dataset: Any, seed: int | None = None, block: int = 64, window: int = 8
    ) -> None:
        if min(block, window) < 1 or len(dataset) < 1:
            raise ConfigError(
                'BlockShuffleSampler needs block and window of 1 or more and a sample, got '
                f'{block}, {window} and {len(dataset)} samples'
            )
        self.size = len(dataset)
        self.seed = 0 if seed is None else seed
        self.block = block
        self.window = window
        self.rank, self.world_size = get_dist_info()
        self._stream = self._of_rank()

    def __len__(self) -> int:
        return -(-self.size // self.world_size)  # of one process

    def __iter__(self) -> Iterator[int]:
        yield from self._stream

    def set_epoch(self, epoch: int) -> None:
        """Nothing to do: the stream does not end."""

    def _of_rank(self) -> Iterator[int]:
        order = torch.Generator().manual_seed(self.seed)
        mixing = torch.Generator().manual_seed(self.seed + 1 + self.rank)
        waiting: list[torch.Tensor] = []
        place = 0
        while True:
            blocks = torch.arange(self.size).split(self.block)
            for number in torch.randperm(len(blocks), generator=order).tolist():
                if place % self.world_size == self.rank:
                    waiting.append(blocks[number])
                place += 1
                if len(waiting) == self.window:
                    samples = torch.cat(waiting)
                    waiting = []
                    mixed = torch.randperm(len(samples), generator=mixing)
                    yield from samples[mixed].tolist()
