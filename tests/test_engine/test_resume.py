"""A run that is cut off and resumed ends as if it had not been, bit for bit."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import torch

from mmseg_deeplab.engine import SegRunner, checkpoint, loops
from mmseg_deeplab.registry import DATA_SAMPLERS
from tests.test_engine.compare import assert_same, assert_same_runs, log_of, state_of
from tests.test_engine.conftest import Crash, crash_in
from tests.test_engine.toy import ToyDataset, ToyModel, toy_config


@pytest.fixture
def unbroken(run, tmp_path) -> Path:
    run('unbroken')
    return tmp_path / 'unbroken'


# What is cut off, at which call of which function.
MOMENTS = {
    'before the first checkpoint': (ToyModel, 'forward', 2),
    'in a fetch': (ToyDataset, '__getitem__', 16),
    'in a step': (ToyModel, 'forward', 7),
    'between the batches of one update': (ToyModel, 'forward', 16),
    'in the first validation': (ToyModel, 'forward', 8),
    'in the second validation': (ToyModel, 'forward', 18),
    'while writing a checkpoint': (os, 'fsync', 4),
    'before a checkpoint takes its name': (os, 'replace', 4),
    'before the pointer to it is written': (checkpoint, 'write_pointer', 2),
    'in the last validation': (ToyModel, 'forward', 24),
}


@pytest.mark.parametrize('moment', MOMENTS)
def test_resume_is_exact(moment, run, unbroken, tmp_path, monkeypatch):
    owner, name, call = MOMENTS[moment]
    if owner is checkpoint:  # the hook has its own reference
        from mmseg_deeplab.engine.hooks import checkpoint_hook as owner
    with monkeypatch.context() as patch, pytest.raises(Crash):
        crash_in(patch, owner, name, call)
        run('broken')
    run('broken', resume='auto')
    assert_same_runs(unbroken, tmp_path / 'broken', 'iter_12.pth')


def test_resume_twice_with_workers(run, unbroken, tmp_path, monkeypatch):
    for call in (5, 7):
        with monkeypatch.context() as patch, pytest.raises(Crash):
            crash_in(patch, loops.SegIterLoop, 'run_iter', call)
            run('broken', workers=2, resume='auto')
    run('broken', workers=2, resume='auto')
    assert_same_runs(unbroken, tmp_path / 'broken', 'iter_12.pth')


def test_resume_skips_without_loading(run, unbroken, tmp_path, monkeypatch):
    with monkeypatch.context() as patch, pytest.raises(Crash):
        crash_in(patch, loops.SegIterLoop, 'run_iter', 12)
        run('broken')
    loaded = []
    original = ToyDataset.__getitem__
    monkeypatch.setattr(
        ToyDataset, '__getitem__', lambda self, k: loaded.append(k) or original(self, k)
    )
    config = toy_config(tmp_path / 'broken', resume=True, **{'val_cfg.type': 'ValLoop'})
    runner = SegRunner.from_cfg(config)
    runner.train()
    # two iterations of two images, and the last validation
    assert len(loaded) == 2 * 2 + 5


@pytest.mark.parametrize('workers', [0, 1])
def test_epochs_resume_in_the_middle(workers, run, tmp_path, monkeypatch):
    """11 images in batches of 2 make epochs of 6; with 4 gradients to an update, a checkpoint
    falls due within an update."""
    changes = {
        'by_epoch': True,
        'iters': 4,
        'workers': workers,
        'optim_wrapper.accumulative_counts': 4,
        'param_scheduler': [dict(type='StepLR', step_size=1, gamma=0.5, by_epoch=True)],
    }
    run('unbroken', **changes)
    for call in (9, 8, 2):
        with monkeypatch.context() as patch, pytest.raises(Crash):
            crash_in(patch, loops.SegEpochLoop, 'run_iter', call)
            run('broken', resume='auto', **changes)
    run('broken', resume='auto', **changes)
    assert_same_runs(tmp_path / 'unbroken', tmp_path / 'broken', 'epoch_4.pth')


def test_endless_sampler_in_epochs(run, tmp_path, monkeypatch):
    """Epochs end where `len` says, and the stream goes on over their ends, resumed or not."""
    changes = {
        'by_epoch': True,
        'iters': 3,
        'workers': 1,
        'train_dataloader.sampler': dict(
            type='BlockShuffleSampler', block=2, window=2, _delete_=True
        ),
        'default_hooks.checkpoint.by_epoch': False,
        'default_hooks.checkpoint.interval': 2,  # also at the end of an epoch, before its hooks
    }
    whole = run('unbroken', **changes)
    assert (whole.iter, whole.epoch) == (18, 3)
    seen = [k for _, k, _ in _trace(whole)]
    for start in (0, 11, 22):  # passes over the data, which an epoch of 12 samples does not begin
        assert sorted(seen[start : start + 11]) == list(range(11))
    for call in (7, 4):  # after the end of an epoch, and in its middle
        with monkeypatch.context() as patch, pytest.raises(Crash):
            crash_in(patch, loops.SegEpochLoop, 'run_iter', call)
            run('broken', resume='auto', **changes)
    resumed = run('broken', resume='auto', **changes)
    assert _trace(resumed) == _trace(whole)[-len(_trace(resumed)) :]
    assert_same_runs(tmp_path / 'unbroken', tmp_path / 'broken', 'iter_18.pth')


@DATA_SAMPLERS.register_module(force=True)
class NeverEnding:
    """A user's sampler without end that does not say so."""

    def __init__(self, dataset, seed=None):
        self.size = len(dataset)

    def __len__(self):
        return self.size

    def __iter__(self):
        while True:
            yield from range(self.size)


def test_unknown_endless_sampler_in_epochs(run):
    sampler = {'train_dataloader.sampler': dict(type='NeverEnding', _delete_=True)}
    whole = run(by_epoch=True, iters=2, **sampler)
    assert (whole.iter, whole.epoch) == (12, 2)


def test_finite_sampler_in_an_iteration_loop(run, tmp_path, monkeypatch):
    changes = {'train_dataloader.sampler.type': 'DefaultSampler', 'iters': 20}
    whole = run('unbroken', **changes)
    with monkeypatch.context() as patch, pytest.raises(Crash):
        crash_in(patch, loops.SegIterLoop, 'run_iter', 17)
        run('broken', **changes)
    resumed = run('broken', resume='auto', **changes)
    assert_same_runs(tmp_path / 'unbroken', tmp_path / 'broken', 'iter_20.pth')
    assert _trace(resumed) == _trace(whole)[-len(_trace(resumed)) :]
    first, second = _trace(whole)[:11], _trace(whole)[11:22]
    assert sorted(k for _, k, _ in first) == sorted(k for _, k, _ in second) == list(range(11))
    assert [k for _, k, _ in first] != [k for _, k, _ in second]


def _trace(runner):
    return next(h.seen for h in runner.hooks if type(h).__name__ == 'TracePerSample')


def test_number_of_workers_does_not_matter(run, unbroken, tmp_path):
    for workers in (1, 2):
        run(f'workers{workers}', workers=workers)
        assert_same_runs(unbroken, tmp_path / f'workers{workers}', 'iter_12.pth')


def test_seed_matters(run, unbroken, tmp_path):
    run('other', **{'randomness.seed': 4})
    one, other = (state_of(tmp_path / name / 'iter_12.pth') for name in ('unbroken', 'other'))
    key = 'backbone.0.weight'
    assert not torch.equal(one['state_dict'][key], other['state_dict'][key])


def test_no_seed_is_seed_zero(run, tmp_path, said):
    run('none', randomness=dict(seed=None), iters=3)
    run('zero', randomness=dict(seed=0), iters=3)
    assert_same_runs(tmp_path / 'none', tmp_path / 'zero', 'iter_3.pth')
    assert 'seed 0 (none was given)' in said.text


def test_resumed_run_keeps_its_seed(run, unbroken, tmp_path, monkeypatch, said):
    with monkeypatch.context() as patch, pytest.raises(Crash):
        crash_in(patch, loops.SegIterLoop, 'run_iter', 9)
        run('broken')
    run('broken', resume='auto', **{'randomness.seed': 99})
    assert_same_runs(unbroken, tmp_path / 'broken', 'iter_12.pth')
    assert 'was trained with seed 3, which is kept' in said.text


def test_resume_before_any_checkpoint_begins_anew(run, unbroken, tmp_path, said):
    run('fresh', resume='auto')
    assert 'no checkpoint yet, so training begins anew' in said.text
    assert_same_runs(unbroken, tmp_path / 'fresh', 'iter_12.pth')


def test_resume_of_a_finished_run_changes_nothing(run, unbroken, said):
    before, log = state_of(unbroken / 'iter_12.pth'), log_of(unbroken)
    run('unbroken', resume='auto')
    assert_same(state_of(unbroken / 'iter_12.pth'), before)
    assert_same(log_of(unbroken), log)


def test_resume_from_a_named_checkpoint(run, unbroken, tmp_path):
    source = unbroken / 'iter_10.pth'
    run('named', resume=str(source))
    assert_same(state_of(tmp_path / 'named' / 'iter_12.pth')['state_dict'],
                state_of(unbroken / 'iter_12.pth')['state_dict'])  # fmt: skip


def test_resume_with_another_length(run, tmp_path, said):
    """A schedule that is a function of the step goes on as if it had been so long from the start;
    of another one it is said that it does not."""
    schedule = dict(type='StepwisePolyLR', interval=1, by_epoch=False)
    short = dict(optim_wrapper=dict(accumulative_counts=1), custom_hooks=[], val_cfg=None,
                 val_dataloader=None, val_evaluator=None)  # fmt: skip
    short['default_hooks.checkpoint'] = dict(save_best=None, interval=2)

    def rates(name, iters, kind=schedule, **more):
        run(name, iters=iters, param_scheduler=[dict(kind, end=iters)], **short, **more)
        return [event['lr'] for event in log_of(tmp_path / name)]

    whole = rates('whole', 4)
    rates('cut', 2)
    assert rates('cut', 4, resume=True)[2:] == whole[2:]
    assert 'StepwisePolyLR goes on with end=4 (was 2)' in said.text
    rates('cut', 3, resume=True)
    assert 'nothing is left to train: 4 of 3 iters are done' in said.text
    poly = dict(type='PolyLR', by_epoch=False)
    rates('other', 2, kind=poly)
    rates('other', 4, kind=poly, resume=True)
    assert 'PolyLR keeps its saved length, not end=4 (was 2)' in said.text


def test_early_stopping_goes_on_counting(run, tmp_path, monkeypatch):
    stop = dict(type='EarlyStoppingHook', monitor='mIoU', patience=2, min_delta=90)
    changes = dict(iters=40, custom_hooks=[stop, dict(type='EMAHook')])
    whole = run('unbroken', **changes)
    assert whole.iter == 15  # the second validation without progress
    with monkeypatch.context() as patch, pytest.raises(Crash):
        crash_in(patch, loops.SegIterLoop, 'run_iter', 13)
        run('broken', **changes)
    assert run('broken', resume='auto', **changes).iter == 15
    assert run('broken', resume='auto', **changes).iter == 15  # and it stays stopped
    assert_same(log_of(tmp_path / 'unbroken'), log_of(tmp_path / 'broken'))


def test_another_batch_size_is_said(run, unbroken, said):
    run('unbroken', resume='auto', iters=14, **{'train_dataloader.batch_size': 3})
    assert 'was trained with batch_size 2, now 3' in said.text


def test_deterministic_option(run, tmp_path):
    run('one', iters=3, randomness=dict(seed=1, deterministic=True))
    assert torch.are_deterministic_algorithms_enabled()
