"""Loader workers that fail or die, and what hooks see of a data set."""

from __future__ import annotations

import pytest
from mmengine.registry import init_default_scope

from mmseg_deeplab.engine import SegRunner
from mmseg_deeplab.engine.loader import SeededDataset
from mmseg_deeplab.utils.errors import DataError, TrainingError
from tests.test_engine.toy import ToyDataset


@pytest.mark.parametrize('workers', [0, 2])
def test_error_in_a_worker_is_plain(workers, run):
    with pytest.raises(DataError) as caught:
        run(workers=workers, **{'train_dataloader.dataset.error': 4})
    assert str(caught.value) == 'toy_4.png: label 200 is outside the 3 classes'


# PyTorch's signal handler may interrupt its own probe for free file descriptors and leave it open
@pytest.mark.filterwarnings('ignore::pytest.PytestUnraisableExceptionWarning')
@pytest.mark.filterwarnings('ignore:unclosed file:ResourceWarning')
def test_dead_worker_is_explained(run):
    with pytest.raises(TrainingError, match=r'a loader worker died: .*lower num_workers.*--resume'):
        run(workers=1, **{'train_dataloader.dataset.die': 4})


def test_worker_settings_without_workers():
    """``--cfg-options train_dataloader.num_workers=0`` must not fail on the other settings."""
    init_default_scope('mmseg_deeplab')
    loader = SegRunner.build_dataloader(
        dict(batch_size=2, num_workers=0, persistent_workers=True, prefetch_factor=2,
             dataset=dict(type='ToyDataset'), sampler=dict(type='DefaultSampler')), seed=0,
    )  # fmt: skip
    assert len(loader) == 6 and len(list(loader)) == 6
    assert len(list(loader)) == 6


def test_data_set_inside_is_seen_and_changed():
    inner = ToyDataset()
    outer = SeededDataset(inner)
    assert outer.metainfo is inner.metainfo and len(outer) == 11
    outer.bad = 3
    assert inner.bad == 3
    assert outer[2]['data_samples'].index == 2
    assert not hasattr(outer, 'not_there')


def test_spawned_workers_give_the_same(run, tmp_path):
    """Where processes cannot be forked, the loader and its data set are pickled."""
    import pickle

    outer = pickle.loads(pickle.dumps(SeededDataset(ToyDataset(size=5))))
    assert len(outer) == 5


def test_batches_per_epoch():
    init_default_scope('mmseg_deeplab')
    loader = SegRunner.build_dataloader(
        dict(batch_size=2, num_batch_per_epoch=2, dataset=dict(type='ToyDataset'),
             sampler=dict(type='DefaultSampler')), seed=0,
    )  # fmt: skip
    assert len(list(loader)) == 2
