"""What the runner decides: devices, batch norm, loaders, compiling, tests alone."""

from __future__ import annotations

import copy

import pytest
import torch
from torch import nn

from mmseg_deeplab.engine import SegRunner, wrapping
from mmseg_deeplab.engine.loader import SegDataLoader
from mmseg_deeplab.engine.loops import SegEpochLoop, SegIterLoop, SegValLoop
from mmseg_deeplab.utils.errors import ConfigError
from tests.test_engine.compare import assert_same, state_of
from tests.test_engine.toy import ToyModel, toy_config


def test_config_is_not_changed(tmp_path):
    config = toy_config(tmp_path)
    before = copy.deepcopy(config._cfg_dict.to_dict())
    runner = SegRunner.from_cfg(config)
    runner.train()
    assert config._cfg_dict.to_dict() == before


def test_test_and_val_alone_need_no_training_data(run, tmp_path):
    run(iters=3)
    path = str(tmp_path / 'run' / 'iter_3.pth')
    config = toy_config(tmp_path / 'alone', load_from=path)
    for key in ('train_dataloader', 'train_cfg', 'optim_wrapper', 'param_scheduler'):
        config[key] = None
    scores = SegRunner.from_cfg(config).test()
    assert SegRunner.from_cfg(config).val() == scores
    assert scores['images'] == 5


def test_early_stopping_does_not_disturb_a_test(tmp_path):
    hook = dict(type='EarlyStoppingHook', monitor='mIoU')
    config = toy_config(tmp_path, custom_hooks=[hook])
    config.train_dataloader.dataset.type = 'ThereIsNoSuchDataset'
    assert SegRunner.from_cfg(config).test()['images'] == 5


def test_ema_weights_are_what_is_tested(run, tmp_path):
    runner = run()
    saved = state_of(tmp_path / 'run' / 'iter_12.pth')
    key = 'backbone.0.weight'
    ema = next(hook for hook in runner.hooks if type(hook).__name__ == 'EMAHook')
    assert torch.equal(saved['state_dict'][key], ema.ema_model.module.state_dict()[key])
    assert torch.equal(saved['ema_state_dict'][f'module.{key}'], runner.model.state_dict()[key])
    last = runner.message_hub.get_scalar('val/mIoU').current()
    config = toy_config(tmp_path / 'test', load_from=str(tmp_path / 'run' / 'iter_12.pth'))
    config.custom_hooks = None
    assert SegRunner.from_cfg(config).test()['mIoU'] == last


def test_loops_and_loaders(tmp_path):
    runner = SegRunner.from_cfg(toy_config(tmp_path / 'a'))
    assert isinstance(runner.train_loop, SegIterLoop) and isinstance(runner.val_loop, SegValLoop)
    assert isinstance(runner.train_dataloader, SegDataLoader)
    config = toy_config(tmp_path / 'b')
    config.train_cfg = dict(by_epoch=True, max_epochs=1)
    assert isinstance(SegRunner.from_cfg(config).train_loop, SegEpochLoop)
    config.train_cfg = dict(by_epoch=False, max_iters=1)
    assert isinstance(SegRunner.from_cfg(config).train_loop, SegIterLoop)


def test_endless_sampler_in_a_test(tmp_path):
    config = toy_config(tmp_path)
    config.test_dataloader.sampler = dict(type='InfiniteSampler')
    with pytest.raises(ConfigError, match=r'test_dataloader\.sampler must come to an end'):
        SegRunner.from_cfg(config).test()


class SyncModel(ToyModel):
    """With SyncBN, as the zoo's configs."""

    def __init__(self, data_preprocessor=None):
        super().__init__(data_preprocessor=data_preprocessor)
        self.backbone[1] = nn.SyncBatchNorm(4)


def test_sync_bn_becomes_bn(tmp_path, said):
    from mmengine.registry import MODELS

    MODELS.register_module(module=SyncModel, force=True)
    config = toy_config(tmp_path, iters=2)
    config.model = dict(type='SyncModel')
    runner = SegRunner.from_cfg(config)
    runner.train()
    assert type(runner.model.backbone[1]) is nn.BatchNorm2d
    assert said.text.count('1 SyncBN layers became BN') == 1


def test_compile_keeps_the_keys(run, tmp_path):
    """With the eager backend, which needs no compiler."""
    run('plain', iters=4)
    runner = run('compiled', iters=4, compile=dict(backend='eager'))
    assert list(runner.model.state_dict()) == list(ToyModel().state_dict())
    assert runner.model.backbone._compiled_call_impl is not None
    one, other = (state_of(tmp_path / name / 'iter_4.pth') for name in ('plain', 'compiled'))
    assert_same(one['state_dict'], other['state_dict'])


def test_compile_options():
    with pytest.raises(ConfigError, match='compile must be True, False or a dict'):
        wrapping.compile_parts(ToyModel(), 'yes')
    model = nn.Sequential(nn.Conv2d(1, 1, 1))
    wrapping.compile_parts(model, dict(backend='eager'))
    assert model._compiled_call_impl is not None
    wrapping.compile_parts(ToyModel(), False)


def test_pretrained_weights_are_not_sought_on_resume(run, tmp_path, monkeypatch):
    run('broken', iters=9)
    sought = []
    monkeypatch.setattr(ToyModel, 'init_weights', lambda self: sought.append(1))
    run('broken', resume='auto')
    assert not sought
    run('fresh', iters=2)
    assert sought


def test_users_own_loader(tmp_path, said):
    """A loader object is used as it is; resuming then has to load what it skips."""
    from mmengine.dataset import pseudo_collate
    from torch.utils.data import DataLoader

    from tests.test_engine.toy import ToyDataset

    def train(resume, iters):
        config = toy_config(tmp_path, resume=resume, iters=iters)
        parts = {key: config[key] for key in ('model', 'work_dir', 'train_cfg', 'optim_wrapper')}
        loader = DataLoader(ToyDataset(), batch_size=2, collate_fn=pseudo_collate)
        runner = SegRunner(
            **parts, train_dataloader=loader, resume=resume, default_scope='mmseg_deeplab',
            default_hooks=config.default_hooks, cfg=dict(device='cpu'), log_processor=dict(
                by_epoch=False),
        )  # fmt: skip
        runner.train()
        return runner

    train(False, 9)
    assert train('auto', 12).iter == 12
    assert '9 batches are loaded again' in said.text


def test_default_scope_of_mmseg(tmp_path):
    config = toy_config(tmp_path, iters=2)
    config.default_scope = 'mmseg'
    runner = SegRunner.from_cfg(config)
    runner.train()
    assert type(runner.hooks[0]).__module__.startswith('mmseg_deeplab')


def test_a_batch_larger_than_the_data_set_is_told(tmp_path):
    config = toy_config(tmp_path, iters=2)
    config.train_cfg = dict(type='EpochBasedTrainLoop', max_epochs=2)
    config.train_dataloader.update(
        batch_size=99, drop_last=True, sampler=dict(type='DefaultSampler', shuffle=True)
    )
    with pytest.raises(ConfigError, match='11 images for each process are fewer than its batch_si'):
        SegRunner.from_cfg(config).train()
