"""Precision, accumulation and clipping, against plain PyTorch."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from mmseg_deeplab.engine import SegOptimWrapper
from mmseg_deeplab.engine.loops import SegIterLoop
from mmseg_deeplab.engine.optim import adapt_config
from mmseg_deeplab.utils.errors import ConfigError
from tests.test_engine.compare import assert_same_runs
from tests.test_engine.conftest import Crash, crash_in


def make(**options):
    torch.manual_seed(0)
    layer = nn.Linear(3, 1)
    optimizer = torch.optim.SGD(layer.parameters(), lr=0.1, momentum=0.9)
    return layer, optimizer, SegOptimWrapper(optimizer, **options)


def test_accumulation_and_clipping_by_hand():
    batches = torch.randn(4, 2, 3)
    layer, _, wrapper = make(accumulative_counts=2, clip_grad=dict(max_norm=0.1))
    wrapper.initialize_count_status(layer, 0, 4)
    for batch in batches:
        wrapper.update_params(layer(batch).pow(2).mean())
    torch.manual_seed(0)
    other = nn.Linear(3, 1)
    optimizer = torch.optim.SGD(other.parameters(), lr=0.1, momentum=0.9)
    for pair in batches.reshape(2, 2, 2, 3):
        optimizer.zero_grad()
        for batch in pair:
            (other(batch).pow(2).mean() / 2).backward()
        nn.utils.clip_grad_norm_(other.parameters(), 0.1)
        optimizer.step()
    torch.testing.assert_close(layer.weight, other.weight, rtol=0, atol=0)


def test_boundary_of_an_update():
    layer, _, wrapper = make(accumulative_counts=3)
    wrapper.initialize_count_status(layer, 0, 7)
    found = []
    for _ in range(7):
        wrapper.update_params(layer(torch.randn(1, 3)).sum())
        found.append(wrapper.should_update())
    assert found == [False, False, True, False, False, True, True]  # the last ends the run


@pytest.mark.parametrize('dtype', [None, 'bfloat16', torch.bfloat16])
def test_bfloat16_on_the_cpu(dtype):
    layer, _, wrapper = make(amp=True, dtype=dtype)
    with wrapper.optim_context(layer):
        assert layer(torch.randn(2, 3)).dtype == torch.bfloat16
    assert wrapper.loss_scaler is None


def test_float16_on_the_cpu_becomes_bfloat16(said):
    _, _, wrapper = make(amp=True, dtype='float16')
    assert wrapper.cast_dtype == torch.bfloat16
    assert 'float16 is for GPUs' in said.text


def test_full_precision_without_amp():
    layer, _, wrapper = make()
    with wrapper.optim_context(layer):
        assert layer(torch.randn(2, 3)).dtype == torch.float32


def test_wrong_arguments():
    with pytest.raises(ConfigError, match="dtype must be one of .*, got 'float8'"):
        make(amp=True, dtype='float8')
    with pytest.raises(ConfigError, match='accumulative_counts must be >= 1, got 0'):
        make(accumulative_counts=0)
    with pytest.raises(ConfigError, match='finite_check must be one of'):
        make(finite_check='never')


def test_configs_of_mmengine():
    plain = dict(type='OptimWrapper', optimizer=dict(type='SGD', lr=0.1))
    assert adapt_config(plain, on_gpu=False)['type'].endswith('SegOptimWrapper')
    assert 'amp' not in adapt_config(plain, on_gpu=False)
    mixed = adapt_config(dict(plain, type='AmpOptimWrapper', loss_scale='dynamic'), on_gpu=True)
    assert mixed['amp'] and mixed['optimizer']['fused'] and 'fused' not in plain['optimizer']
    chosen = dict(plain, optimizer=dict(type='SGD', lr=0.1, foreach=True))
    assert 'fused' not in adapt_config(chosen, on_gpu=True)['optimizer']
    own = dict(type='MyOptimWrapper', optimizer=dict(type='SGD', lr=0.1))
    assert adapt_config(own, on_gpu=False) == own


def test_amp_run_learns_and_resumes(run, tmp_path, monkeypatch):
    amp = {'optim_wrapper.type': 'AmpOptimWrapper', 'optim_wrapper.loss_scale': 'dynamic'}
    run('unbroken', **amp)
    with monkeypatch.context() as patch, pytest.raises(Crash):
        crash_in(patch, SegIterLoop, 'run_iter', 9)
        run('broken', **amp)
    run('broken', **amp, resume='auto')
    assert_same_runs(tmp_path / 'unbroken', tmp_path / 'broken', 'iter_12.pth')
    losses = run('plain').message_hub.get_scalar('train/loss').data[0]
    mixed = run('again', **amp).message_hub.get_scalar('train/loss').data[0]
    assert losses.tolist() != mixed.tolist()
    np.testing.assert_allclose(losses[:4], mixed[:4], rtol=0.03)
