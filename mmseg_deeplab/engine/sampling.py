"""Which sample comes when: a batch sampler that knows its place in the stream of samples."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from mmengine.dataset import InfiniteSampler
from mmengine.dist import get_dist_info
from torch.utils.data import Sampler

from mmseg_deeplab.engine import seeding

_EPOCH_STRIDE = 1 << 40  # more samples than an epoch can have: positions never meet


def is_endless(sampler: Any) -> bool:
    """Whether a sampler, or a class of samplers, gives indices without end.

    Args:
        sampler: It, or its class; one of ours or a user's says so by an attribute ``endless``.
    """
    kind = sampler if isinstance(sampler, type) else type(sampler)
    return issubclass(kind, InfiniteSampler) or bool(getattr(sampler, 'endless', False))


class SampleIndex(NamedTuple):
    """What the loader asks the data set for.

    Attributes:
        seed: The run's seed.
        position: The sample's place in the stream of all samples of all processes, from 0;
            each pass over a finite sampler begins at a multiple of 2**40.
        index: The sample's index in the data set.
    """

    seed: int
    position: int
    index: int


class ResumableBatchSampler(Sampler):
    """Wraps any batch sampler so that it counts, draws its own numbers and can start late.

    Indices are skipped without loading a sample, whatever the sampler's type. While the
    wrapped sampler runs, the global generators are its own, seeded from (seed, epoch), so the
    training's draws and the sampler's cannot disturb each other.

    With :attr:`in_epochs`, a pass over an endless sampler is as many batches as ``len`` says,
    and the next goes on where it ended.

    Args:
        batch_sampler: Yields lists of indices; it may end (an epoch) or not.
        seed: The run's seed, >= 0.
    """

    def __init__(self, batch_sampler: Any, seed: int) -> None:
        self.batch_sampler = batch_sampler
        self.seed = seed
        self.epoch = 0
        self.in_epochs = False
        self._skip = 0
        self._stream: _Epoch | None = None  # of an endless sampler

    @property
    def sampler(self) -> ResumableBatchSampler:
        """Itself: MMEngine's seed hook looks here for ``set_epoch``."""
        return self

    @property
    def batch_size(self) -> int | None:
        """Samples in a batch of this process, where the wrapped sampler knows it."""
        return getattr(self.batch_sampler, 'batch_size', None)

    @property
    def drop_last(self) -> bool:
        """Whether an incomplete last batch is dropped."""
        return bool(getattr(self.batch_sampler, 'drop_last', False))

    def __len__(self) -> int:
        return len(self.batch_sampler)

    def set_epoch(self, epoch: int) -> None:
        """Choose the order of an epoch's samples, where the wrapped sampler has several.

        Args:
            epoch: From 0.
        """
        self.epoch = epoch
        for sampler in (self.batch_sampler, getattr(self.batch_sampler, 'sampler', None)):
            if hasattr(sampler, 'set_epoch'):
                sampler.set_epoch(epoch)

    def skip(self, batches: int) -> None:
        """Let the next pass begin after ``batches`` batches, going on over epochs' ends."""
        self._skip = batches

    def __iter__(self) -> Iterator[list[SampleIndex]]:
        skip, self._skip = self._skip, 0
        if self.in_epochs and is_endless(getattr(self.batch_sampler, 'sampler', None)):
            yield from self._part_of_stream(skip)
        else:
            yield from self._pass(skip)

    def _part_of_stream(self, skip: int) -> Iterator[list[SampleIndex]]:
        if self._stream is None:
            self._stream = _Epoch(self.batch_sampler, self.seed, 0)
        stream, size = self._stream, len(self)
        stream.skip(self.epoch * size + skip - stream.drawn)
        for _ in range(size - skip):
            if (batch := stream.next()) is None:
                return
            yield batch

    def _pass(self, skip: int) -> Iterator[list[SampleIndex]]:
        stream = _Epoch(self.batch_sampler, self.seed, self.epoch)
        while skip:
            done = stream.skip(skip)
            skip -= done
            if skip and not done:
                return  # an empty epoch: there is nothing to go on to
            if skip:
                self.set_epoch(self.epoch + 1)
                stream = _Epoch(self.batch_sampler, self.seed, self.epoch)
        while (batch := stream.next()) is not None:
            yield batch


class _Epoch:
    """One pass over a batch sampler, with its own random numbers and a count of samples."""

    def __init__(self, batch_sampler: Any, seed: int, epoch: int) -> None:
        self._seed = seed
        self._epoch = epoch
        self._generators = seeding.OwnGenerators(seed, seeding.SAMPLER, epoch)
        self._samples = 0  # of this process, drawn so far
        self.drawn = 0  # batches
        with self._generators:
            self._batches = iter(batch_sampler)

    def skip(self, batches: int) -> int:
        """Pass over at most ``batches`` batches; returns how many there were."""
        with self._generators:
            for done in range(batches):
                batch = next(self._batches, None)
                if batch is None:
                    return done
                self._count(batch)
        return batches

    def next(self) -> list[SampleIndex] | None:
        with self._generators:
            batch = next(self._batches, None)
        if batch is None:
            return None
        rank, world = get_dist_info()
        first = self._epoch * _EPOCH_STRIDE + rank + self._samples * world
        self._count(batch)
        return [
            SampleIndex(self._seed, first + k * world, int(index)) for k, index in enumerate(batch)
        ]

    def _count(self, batch: list[int]) -> None:
        self._samples += len(batch)
        self.drawn += 1
