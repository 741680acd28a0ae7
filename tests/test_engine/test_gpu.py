"""What only a GPU can show; the same code runs on the CPU in the other tests."""

from __future__ import annotations

import pytest
import torch

from mmseg_deeplab.engine.loops import SegIterLoop
from mmseg_deeplab.utils.errors import TrainingError
from tests.test_engine.compare import assert_same, log_of, state_of
from tests.test_engine.conftest import Crash, crash_in
from tests.test_engine.processes import train_toy

pytestmark = pytest.mark.gpu
GPU = dict(device='cuda')
AMP = {'optim_wrapper.type': 'AmpOptimWrapper', 'optim_wrapper.loss_scale': 'dynamic'}


@pytest.mark.parametrize('dtype', ['float16', 'bfloat16'])
def test_mixed_precision(dtype, run):
    """Training in float16 with loss scaling, and in bfloat16."""
    plain = run('plain', **GPU).message_hub.get_scalar('train/loss').data[0]
    runner = run('amp', **GPU, **AMP, **{'optim_wrapper.dtype': dtype})
    mixed = runner.message_hub.get_scalar('train/loss').data[0]
    assert (runner.optim_wrapper.loss_scaler is not None) == (dtype == 'float16')
    assert abs(plain[:4] - mixed[:4]).max() < 0.05


def test_bad_image_is_named(run):
    """A NaN loss on a GPU: masked update, named files, found at the log interval."""
    with pytest.raises(TrainingError, match=r'the loss is nan; .*toy_7\.png'):
        run(**GPU, **{'train_dataloader.dataset.bad': 7, 'default_hooks.logger.interval': 4})


def test_a_step_does_not_wait_for_the_gpu(run, monkeypatch):
    """No host sync between forward and optimiser step of the engine's own doing."""
    from mmseg_deeplab.engine import SegOptimWrapper

    original = SegOptimWrapper.update_params

    def watched(self, *args, **kwargs):
        torch.cuda.set_sync_debug_mode('error')
        try:
            return original(self, *args, **kwargs)
        finally:
            torch.cuda.set_sync_debug_mode('default')

    monkeypatch.setattr(SegOptimWrapper, 'update_params', watched)
    changes = {'optim_wrapper.clip_grad': None, 'default_hooks.logger.interval': 4}
    assert run(**GPU, **changes).iter == 12


def test_resume_is_exact_with_the_deterministic_option(run, tmp_path, monkeypatch):
    """Exact resume on a GPU, which needs ``randomness.deterministic``."""
    changes = dict(GPU, randomness=dict(seed=1, deterministic=True))
    run('unbroken', **changes)
    with monkeypatch.context() as patch, pytest.raises(Crash):
        crash_in(patch, SegIterLoop, 'run_iter', 9)
        run('broken', **changes)
    run('broken', resume='auto', **changes)
    states = [state_of(tmp_path / name / 'iter_12.pth') for name in ('unbroken', 'broken')]
    assert_same(*states)
    assert_same(log_of(tmp_path / 'unbroken'), log_of(tmp_path / 'broken'))


def test_nccl(tmp_path):
    """The process group on GPUs, one process per GPU."""
    count = min(torch.cuda.device_count(), 2)
    ended = train_toy(tmp_path / 'run', processes=count, mode='train+test', **GPU)
    assert ended.returncode == 0, ended.stderr[-3000:]
