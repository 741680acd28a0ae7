"""Detectron2's Cityscapes recipe from data to scores, small, with its own parts."""

from __future__ import annotations

import subprocess
import sys

import pytest
import torch

from benchmarks.systems.draw_cityscapes import make_cityscapes
from mmseg_deeplab.apis import test as score
from mmseg_deeplab.apis import train
from mmseg_deeplab.cli.main import main
from mmseg_deeplab.config import load_config

SMALL = {
    'model.pretrained': None,
    'model.backbone.depth': 18,
    'model.backbone.base_channels': 4,
    'model.backbone.stem_channels': 8,
    'model.decode_head.in_channels': 32,
    'model.decode_head.c1_in_channels': 4,
    'model.decode_head.channels': 8,
    'model.decode_head.c1_channels': 4,
    'model.decode_head.pool_window': (2, 4),
    'model.data_preprocessor.size': (32, 64),
    'train_dataloader.num_workers': 0,
    'val_dataloader.num_workers': 0,
    'test_dataloader.num_workers': 0,
    'default_hooks.checkpoint.interval': 1,
    'audit': False,
}
SIZES = {
    'RandomChoiceResize': {'scales': [32, 40]},
    'RandomCrop': {'crop_size': (32, 64)},
    'ResizeShortestEdge': {'scale': 32},
}


def small_config(root, length):
    config = load_config('deeplab_v3_plus_R_103_os16_mg124_poly_90k_bs16', SMALL)
    for loader in (config.train_dataloader, config.val_dataloader, config.test_dataloader):
        loader.persistent_workers = False
        loader.dataset.data_root = str(root)
        for step in loader.dataset.pipeline:
            step.update(SIZES.get(step.type, {}))
    config.train_cfg.update(max_iters=length, val_interval=length)
    config.param_scheduler[0].update(end=length, warmup_iters=1)
    return config


@pytest.fixture
def root(tmp_path):
    """Cityscapes as it is published, drawn, with its training ids made."""
    root = make_cityscapes(tmp_path / 'cityscapes', train=2, val=1, size=(32, 64))
    assert main(['convert', 'cityscapes', str(root)]) == 0
    return root


def test_trained_model_is_scored_on_label_ids(root, tmp_path):
    config = small_config(root, 1)
    config.val_cfg = config.val_dataloader = config.val_evaluator = None
    runner = train(config, work_dir=tmp_path, device='cpu')
    groups = runner.optim_wrapper.optimizer.param_groups
    assert {group['weight_decay'] for group in groups} == {0.0, 1e-4}
    found = score(config, tmp_path / 'iter_1.pth', work_dir=tmp_path, device='cpu')
    names = {'mIoU', 'fwIoU', 'mACC', 'pACC', 'IoU', 'iIoU', 'IoU_sup', 'iIoU_sup'}
    assert names == set(found)
    # a class that is only predicted has an IoU of 0 there, and none here
    assert 0 < found['IoU'] <= found['mIoU']


@pytest.mark.slow
def test_resumed_run_ends_as_an_uninterrupted_one(root, tmp_path):
    whole = train(small_config(root, 2), work_dir=tmp_path / 'a', device='cpu')
    shorter = small_config(root, 2)
    shorter.train_cfg.max_iters = 1
    train(shorter, work_dir=tmp_path / 'b', device='cpu')
    resumed = train(small_config(root, 2), work_dir=tmp_path / 'b', device='cpu', resume=True)
    wanted = whole.model.state_dict()
    assert all(torch.equal(wanted[k], v) for k, v in resumed.model.state_dict().items())


@pytest.mark.slow
def test_by_the_yaml_file_to_the_table(tmp_path):
    done = subprocess.run(
        [sys.executable, '-m', 'benchmarks.systems.detectron2_end_to_end', str(tmp_path)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    rows = [line.split('|')[2:4] for line in done.stdout.splitlines()[-8:]]
    assert all(ours == theirs for ours, theirs in rows)
