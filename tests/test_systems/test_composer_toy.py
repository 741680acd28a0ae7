"""Composer's recipe through the runner, with the engine's toy model."""

from __future__ import annotations

import torch

from mmseg_deeplab.engine import SegRunner

from ..test_engine.toy import toy_config

HOOKS = [
    dict(type='ChannelsLastHook'),
    dict(type='HalfLifeEMAHook', half_life='2ba'),
    dict(type='TimeToTrainHook', model='toy'),
]


def recipe(work_dir, **changes):
    """Six iterations of SAM, EMA, channels last, decoupled decay and a cosine over three."""
    config = toy_config(work_dir, iters=6, **changes)
    optimizer = dict(type='DecoupledSGDW', lr=0.1, momentum=0.9, weight_decay=1e-4)
    config.optim_wrapper = dict(type='SAMOptimWrapper', rho=0.3, interval=2, optimizer=optimizer)
    config.param_scheduler = [dict(type='CosineDecayLR', t_max='0.5dur', by_epoch=False)]
    config.custom_hooks = HOOKS
    return config


def test_recipe_runs_and_resumes_exactly(tmp_path):
    runner = SegRunner.from_cfg(recipe(tmp_path / 'whole'))
    runner.train()
    assert runner.optim_wrapper.get_lr()['lr'] == [0.0]
    wanted = torch.load(tmp_path / 'whole' / 'iter_6.pth', weights_only=True)
    second = recipe(tmp_path / 'again', resume=True)
    second.load_from = str(tmp_path / 'whole' / 'iter_3.pth')
    SegRunner.from_cfg(second).train()
    found = torch.load(tmp_path / 'again' / 'iter_6.pth', weights_only=True)
    for part in ('state_dict', 'ema_state_dict'):
        for key, value in wanted[part].items():
            torch.testing.assert_close(found[part][key], value, rtol=0, atol=0)
    assert found['message_hub']['runtime_info']['train_seconds'] > 0
    different = wanted['state_dict']['decode_head.conv_seg.weight']
    assert not torch.equal(
        different, wanted['ema_state_dict']['module.decode_head.conv_seg.weight']
    )
