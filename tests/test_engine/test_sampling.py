"""Samplers: positions, skipping, several processes, classes in balance."""

from __future__ import annotations

import itertools
import random
from collections import Counter

import numpy as np
import pytest
import torch
from mmengine.dataset import DefaultSampler, InfiniteSampler
from torch.utils.data import BatchSampler, RandomSampler

from mmseg_deeplab.engine import ClassBalancedSampler, sampling, seeding
from mmseg_deeplab.engine.sampling import ResumableBatchSampler, SampleIndex
from mmseg_deeplab.utils.errors import ConfigError, DataError
from tests.test_engine.toy import ToyDataset


def batches(sampler, count, skip=0, size=2, drop_last=False):
    resumable = ResumableBatchSampler(BatchSampler(sampler, size, drop_last), seed=5)
    resumable.skip(skip)
    return list(itertools.islice(iter(resumable), count))


class GlobalSampler:
    """A user's sampler that draws from all the global generators as it goes."""

    def __init__(self, size):
        self.size = size

    def __len__(self):
        return self.size

    def __iter__(self):
        for _ in range(self.size):
            yield (random.randrange(9) + int(np.random.randint(9)) + int(torch.randint(9, ()))) % 9


SAMPLERS = {
    'InfiniteSampler': lambda: InfiniteSampler(range(7), seed=1),
    'DefaultSampler': lambda: DefaultSampler(range(31), seed=1),
    "torch's RandomSampler": lambda: RandomSampler(range(31)),
    'own': lambda: GlobalSampler(31),
}


@pytest.mark.parametrize('name', SAMPLERS)
@pytest.mark.parametrize('skip', [1, 6])
def test_skipping_is_like_having_had(name, skip):
    random.seed(0)
    whole = batches(SAMPLERS[name](), 12)
    random.seed(1)  # what others draw meanwhile does not matter
    np.random.seed(1)
    torch.manual_seed(1)
    assert batches(SAMPLERS[name](), 12 - skip, skip=skip) == whole[skip:]


def test_positions_count_samples():
    found = [item for batch in batches(InfiniteSampler(range(3), seed=0), 4) for item in batch]
    assert [item.position for item in found] == list(range(8))
    assert all(isinstance(item, SampleIndex) and item.seed == 5 for item in found)


def test_skip_goes_on_over_epochs():
    resumable = ResumableBatchSampler(BatchSampler(DefaultSampler(range(5), seed=0), 2, False), 0)
    epochs = []
    for epoch in range(3):
        resumable.set_epoch(epoch)
        epochs.append(list(resumable))
    resumable.set_epoch(0)
    resumable.skip(4)
    assert list(resumable) == epochs[1][1:] and resumable.epoch == 1
    assert [len(epoch) for epoch in epochs] == [3, 3, 3]
    positions = [item.position for epoch in epochs for batch in epoch for item in batch]
    assert len(set(positions)) == 15


def test_global_generators_are_left_alone():
    states = seeding.get_state()
    batches(GlobalSampler(9), 3)
    after = seeding.get_state()
    assert states[0] == after[0] and torch.equal(states[2], after[2])
    np.testing.assert_array_equal(states[1][1], after[1][1])


def test_processes_share_one_stream(monkeypatch):
    """The samples of two processes, interleaved, are those of one process at their places."""
    alone = [item for batch in batches(InfiniteSampler(range(7), seed=1), 6) for item in batch]
    shares = []
    for rank in range(2):
        for module in (sampling, InfiniteSampler.__init__):
            target = module if module is sampling else __import__(
                'mmengine.dataset.sampler', fromlist=['x'])  # fmt: skip
            monkeypatch.setattr(target, 'get_dist_info', lambda rank=rank: (rank, 2))
        sampler = InfiniteSampler(range(7), seed=1)
        shares += [item for batch in batches(sampler, 3) for item in batch]
    assert sorted(shares, key=lambda item: item.position) == alone


def test_seeds_of_samples_differ():
    seen = set()
    for words in ((0, seeding.SAMPLE, 0), (0, seeding.SAMPLE, 1), (1, seeding.SAMPLE, 0),
                  (0, seeding.ITERATION, 0)):  # fmt: skip
        with seeding.borrowed_generators(*words):
            seen.add((random.random(), np.random.rand(), torch.rand(()).item()))
    assert len(seen) == 4
    with seeding.borrowed_generators(0, seeding.SAMPLE, 0):
        assert (random.random(), np.random.rand(), torch.rand(()).item()) in seen


@pytest.mark.parametrize('strength, expected', [(1.0, 1 / 3 + 2 / 3 / 11), (0.0, 1 / 23 + 2 / 23)])
def test_class_balance(strength, expected):
    """Class 2 is in image 0 only. Alike, it is drawn every third time; image 0 also comes by
    the other two classes, which are in all 11 images."""
    sampler = ClassBalancedSampler(ToyDataset(), seed=0, strength=strength)
    drawn = Counter(itertools.islice(iter(sampler), 20_000))
    assert abs(drawn[0] / 20_000 - expected) < 0.01
    assert set(drawn) == set(range(11)) and len(sampler) == 11


def test_class_balance_is_deterministic_and_shared(monkeypatch):
    from mmseg_deeplab.engine import balanced

    first = list(itertools.islice(iter(ClassBalancedSampler(ToyDataset(), seed=3)), 40))
    again = list(itertools.islice(iter(ClassBalancedSampler(ToyDataset(), seed=3)), 40))
    assert first == again
    monkeypatch.setattr(balanced, 'get_dist_info', lambda: (1, 2))
    second_rank = itertools.islice(iter(ClassBalancedSampler(ToyDataset(), seed=3)), 20)
    assert list(second_rank) == first[1::2]


def test_class_balance_of_nothing():
    class Empty(ToyDataset):
        def get_cat_ids(self, index):
            return []

    with pytest.raises(DataError, match='no image has a label that is not ignored'):
        ClassBalancedSampler(Empty())
    with pytest.raises(ConfigError, match='needs a data set with get_cat_ids'):
        ClassBalancedSampler([1, 2])
    with pytest.raises(ConfigError, match='strength must be from 0 to 1, got 2'):
        ClassBalancedSampler(ToyDataset(), strength=2)


def test_class_balance_in_a_run(run, tmp_path):
    runner = run(
        iters=4, **{'train_dataloader.sampler': dict(type='ClassBalancedSampler', _delete_=True)}
    )
    assert runner.iter == 4
