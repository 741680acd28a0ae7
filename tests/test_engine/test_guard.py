"""A loss that is not a number: the update is not applied, the files are named."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from mmseg_deeplab.engine import SegOptimWrapper, find_latest
from mmseg_deeplab.engine.guard import FiniteGuard
from mmseg_deeplab.engine.loops import SegIterLoop
from mmseg_deeplab.utils.errors import ConfigError, TrainingError
from tests.test_engine.compare import assert_same, state_of

FUSED = {'optim_wrapper.optimizer.fused': True, 'optim_wrapper.finite_check': 'deferred'}
BAD = {'train_dataloader.dataset.bad': 7}


def first_with_seven(run):
    """The iteration that first trains on image 7, and the files of its batch."""
    seen = next(h.seen for h in run('fine').hooks if type(h).__name__ == 'TracePerSample')
    at = next(iteration for iteration, index, _ in seen if index == 7)
    return at + 1, [f'toy_{index}.png' for iteration, index, _ in seen if iteration == at]


@pytest.mark.parametrize('changes', [{}, FUSED], ids=['each_step', 'deferred'])
def test_bad_image_is_named(changes, run, tmp_path):
    at, files = first_with_seven(run)
    with pytest.raises(TrainingError) as caught:
        run(**BAD, **changes)
    assert f'iteration {at}: the loss is nan; the update was not applied' in str(caught.value)
    assert ', '.join(files) in str(caught.value)
    latest = find_latest(tmp_path / 'run')
    assert latest is None or _finite(state_of(latest)['state_dict'])


def _finite(state):
    return all(torch.isfinite(value).all() for value in state.values())


def test_deferred_reads_only_at_the_log_interval(run, tmp_path, monkeypatch):
    """The bad update is masked at once; the error comes with the next log line."""
    at, _ = first_with_seven(run)
    weights = {}
    original = SegIterLoop.run_iter

    def watching(self, batch):
        original(self, batch)
        weights[self._iter] = self.runner.model.backbone[0].weight.detach().clone()

    monkeypatch.setattr(SegIterLoop, 'run_iter', watching)
    changes = {'default_hooks.logger.interval': 100, 'default_hooks.checkpoint.interval': 100,
               'optim_wrapper.accumulative_counts': 1}  # fmt: skip
    with pytest.raises(TrainingError, match=rf'iteration {at}: .*toy_7\.png'):
        run(**BAD, **FUSED, **changes)
    assert max(weights) == 11  # it went on to the last iteration, which logs
    assert torch.equal(weights[at], weights[at - 1])  # masked
    assert all(torch.isfinite(one).all() for one in weights.values())


def test_bad_update_is_not_applied_at_once():
    layer = nn.Linear(2, 1)
    wrapper = SegOptimWrapper(torch.optim.SGD(layer.parameters(), lr=1.0))
    before = layer.weight.detach().clone()
    wrapper.guard.begin(5, None)
    with pytest.raises(TrainingError, match='iteration 5: the loss is inf; .*: not known'):
        wrapper.update_params(layer(torch.full((1, 2), 1e38)).sum() * 1e38)
    assert torch.equal(layer.weight, before)


def test_bad_gradient_of_a_fine_loss():
    layer = nn.Linear(1, 1, bias=False)
    nn.init.zeros_(layer.weight)
    wrapper = SegOptimWrapper(torch.optim.SGD(layer.parameters(), lr=1.0))
    wrapper.guard.begin(2, None)
    with pytest.raises(TrainingError, match='a gradient is not finite'):
        wrapper.update_params(layer(torch.ones(1, 1)).abs().sqrt().sum())  # slope infinite at 0
    assert layer.weight.item() == 0


def test_deferred_and_each_step_agree(run, tmp_path):
    """The guard's two ways leave the numbers of a healthy run as they are."""
    run('fused', **{'optim_wrapper.optimizer.fused': True})
    run('deferred', **FUSED)
    names = ('fused', 'deferred')
    one, other = (state_of(tmp_path / name / 'iter_12.pth') for name in names)
    assert_same(one['state_dict'], other['state_dict'])


def test_deferred_needs_a_fused_optimiser():
    optimizer = torch.optim.SGD(nn.Linear(1, 1).parameters(), lr=1.0)
    with pytest.raises(ConfigError, match='needs an optimiser with fused=True'):
        SegOptimWrapper(optimizer, finite_check='deferred')


def test_settle_without_losses_is_quiet():
    guard = FiniteGuard(deferred=True)
    assert guard.settle() is None
    guard.begin(1, {})
    guard.check_loss(torch.tensor(float('nan')))
    with pytest.raises(TrainingError):  # the silence above was not for want of looking
        guard.settle()
