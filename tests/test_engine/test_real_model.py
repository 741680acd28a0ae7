"""Exact resume with the project's own model, data set, random transforms and metric."""

from __future__ import annotations

import pytest

from mmseg_deeplab.engine import SegRunner, find_latest, load_checkpoint
from mmseg_deeplab.engine.loops import SegIterLoop
from tests.test_engine.compare import assert_same_runs, log_of
from tests.test_engine.conftest import Crash, crash_in
from tests.test_engine.toy import toy_config
from tests.tiny_dataset import make_loveda_like

NORM = dict(type='SyncBN')
HEAD = dict(num_classes=7, norm_cfg=NORM, channels=8)
MODEL = dict(
    type='EncoderDecoder',
    data_preprocessor=dict(
        type='SegDataPreProcessor', mean=[128.0] * 3, std=[64.0] * 3, bgr_to_rgb=True,
        size=(32, 32)),
    backbone=dict(
        type='ResNetV1c', depth=18, base_channels=4, stem_channels=8, norm_cfg=NORM,
        strides=(1, 2, 1, 1), dilations=(1, 1, 2, 4), contract_dilation=True),
    decode_head=dict(
        type='DepthwiseSeparableASPPHead', in_channels=32, in_index=3, dilations=(1, 2),
        c1_in_channels=4, c1_channels=4, **HEAD),
    auxiliary_head=dict(
        type='FCNHead', in_channels=16, in_index=2, num_convs=1, concat_input=False, **HEAD),
    test_cfg=dict(mode='whole'),
)  # fmt: skip
LOADING = [dict(type='LoadImageFromFile'), dict(type='LoadAnnotations')]
RANDOM = [
    dict(type='RandomResize', scale=(64, 40), ratio_range=(0.8, 1.5), keep_ratio=True),
    dict(type='RandomCrop', crop_size=(32, 32), cat_max_ratio=0.5),
    dict(type='RandomFlip', prob=0.5),
    dict(type='RandomRotate', prob=0.5, degree=20),
    dict(type='PhotoMetricDistortion'),
]
PACK = [dict(type='PackSegInputs')]


@pytest.fixture
def train(tmp_path):
    root = make_loveda_like(tmp_path / 'data', n_train=5, n_val=3, size=40)

    def go(name, **changes):
        config = toy_config(tmp_path / name, iters=6)
        config.model = MODEL
        for loader, split in (('train_dataloader', 'train'), ('val_dataloader', 'val')):
            config[loader].dataset = dict(
                type='LoveDADataset', data_root=str(root),
                data_prefix=dict(img_path=f'img_dir/{split}', seg_map_path=f'ann_dir/{split}'),
                pipeline=LOADING + (RANDOM if split == 'train' else []) + PACK)  # fmt: skip
        config.val_evaluator = dict(type='IoUMetric')
        config.train_cfg.val_interval = 3
        config.custom_hooks = [dict(type='EMAHook')]
        config.merge_from_dict(changes)
        runner = SegRunner.from_cfg(config)
        runner.train()
        return runner

    return go


@pytest.mark.slow
def test_resume_is_exact(train, tmp_path, monkeypatch):
    train('unbroken')
    for call in (6, 2):
        with monkeypatch.context() as patch, pytest.raises(Crash):
            crash_in(patch, SegIterLoop, 'run_iter', call)
            train('broken', resume='auto', **{'train_dataloader.num_workers': 2})
    train('broken', resume='auto')
    assert_same_runs(tmp_path / 'unbroken', tmp_path / 'broken', 'iter_6.pth')
    facts = load_checkpoint(find_latest(tmp_path / 'broken'))['meta']['mmseg_deeplab']['input']
    assert facts['mean'] == [128.0] * 3 and facts['bgr_to_rgb'] is True


def test_class_balance_and_mixed_precision(train):
    changes = {
        'train_dataloader.sampler': dict(type='ClassBalancedSampler', _delete_=True),
        'optim_wrapper.type': 'AmpOptimWrapper',
    }
    runner = train('run', **changes)
    assert runner.message_hub.get_scalar('val/mIoU').current() >= 0


@pytest.mark.slow
def test_a_compiled_model_trains_and_tests_like_the_plain_one(train, tmp_path):
    """torch.compile end to end: the losses and scores stay, and so do the checkpoint's names."""
    train('plain')
    train('compiled', compile=True)
    plain, compiled = (log_of(tmp_path / name) for name in ('plain', 'compiled'))
    assert len(plain) == len(compiled) > 0
    for expected, got in zip(plain, compiled, strict=True):
        for name, value in expected.items():
            if isinstance(value, float):
                assert got[name] == pytest.approx(value, rel=1e-3, abs=1e-3), name
    states = [load_checkpoint(tmp_path / name / 'iter_6.pth') for name in ('plain', 'compiled')]
    assert list(states[0]['state_dict']) == list(states[1]['state_dict'])
