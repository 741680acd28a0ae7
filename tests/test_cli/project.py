"""A project of a few kilobytes: tiny tiles, a DeepLabV3+ of a few channels, a config file."""

from __future__ import annotations

import hashlib
from pathlib import Path

from tests.tiny_dataset import make_loveda_like

CONFIG = """\
_base_ = 'mmseg::_base_/default_runtime.py'
crop_size = (32, 32)
norm_cfg = dict(type='SyncBN')
head = dict(num_classes=7, norm_cfg=norm_cfg, channels=8)
model = dict(
    type='EncoderDecoder',
    data_preprocessor=dict(
        type='SegDataPreProcessor', mean=[128.0] * 3, std=[64.0] * 3, bgr_to_rgb=True,
        size=crop_size),
    backbone=dict(
        type='ResNetV1c', depth=18, base_channels=4, stem_channels=8, norm_cfg=norm_cfg,
        strides=(1, 2, 1, 1), dilations=(1, 1, 2, 4), contract_dilation=True),
    decode_head=dict(
        type='DepthwiseSeparableASPPHead', in_channels=32, in_index=3, dilations=(1, 2),
        c1_in_channels=4, c1_channels=4, **head),
    auxiliary_head=dict(
        type='FCNHead', in_channels=16, in_index=2, num_convs=1, concat_input=False, **head),
    test_cfg=dict(mode='whole'))
train_pipeline = [
    dict(type='LoadImageFromFile'), dict(type='LoadAnnotations'),
    dict(type='RandomCrop', crop_size=crop_size), dict(type='RandomFlip', prob=0.5),
    dict(type='PackSegInputs')]
test_pipeline = [
    dict(type='LoadImageFromFile'), dict(type='LoadAnnotations'), dict(type='PackSegInputs')]
tta_pipeline = [
    dict(type='LoadImageFromFile'),
    dict(type='TestTimeAug', transforms=[
        [dict(type='Resize', scale_factor=r, keep_ratio=True) for r in (1.0, 1.5)],
        [dict(type='RandomFlip', prob=p, direction='horizontal') for p in (0.0, 1.0)],
        [dict(type='LoadAnnotations')], [dict(type='PackSegInputs')]])]
train_dataloader = dict(
    batch_size=2, num_workers=0, sampler=dict(type='InfiniteSampler', shuffle=True),
    dataset=dict(
        type='LoveDADataset', data_root='{root}', pipeline=train_pipeline,
        data_prefix=dict(img_path='img_dir/train', seg_map_path='ann_dir/train')))
val_dataloader = dict(
    batch_size=1, num_workers=0, sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(
        type='LoveDADataset', data_root='{root}', pipeline=test_pipeline,
        data_prefix=dict(img_path='img_dir/val', seg_map_path='ann_dir/val')))
test_dataloader = val_dataloader
val_evaluator = dict(type='IoUMetric', iou_metrics=['mIoU'])
test_evaluator = val_evaluator
optim_wrapper = dict(type='OptimWrapper', optimizer=dict(type='SGD', lr=0.01, momentum=0.9))
param_scheduler = [dict(type='PolyLR', power=0.9, begin=0, end=4, by_epoch=False)]
train_cfg = dict(type='IterBasedTrainLoop', max_iters=4, val_interval=4)
val_cfg = dict(type='ValLoop')
test_cfg = dict(type='TestLoop')
default_hooks = dict(checkpoint=dict(type='CheckpointHook', by_epoch=False, interval=2))
"""


class Project:
    """A folder with ``data/``, ``config.py`` and, after training, ``work/``.

    Args:
        folder: Where; it must exist.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.data = make_loveda_like(folder / 'data', n_train=4, n_val=2, size=40)
        self.config = folder / 'config.py'
        self.config.write_text(CONFIG.replace('{root}', str(self.data)), encoding='utf-8')
        self.work = folder / 'work'
        self.checkpoint = self.work / 'iter_4.pth'

    def train(self, *more: str) -> list[str]:
        """The words that train it."""
        return ['train', str(self.config), '--work-dir', str(self.work), '--device', 'cpu', *more]

    def test(self, *more: str) -> list[str]:
        """The words that test it."""
        words = ['test', str(self.config), str(self.checkpoint)]
        return [*words, '--work-dir', str(self.work), '--device', 'cpu', *more]

    def image(self, split: str = 'train', number: int = 0) -> Path:
        """One image file."""
        return self.data / 'img_dir' / split / f'{number}.png'

    def mask(self, split: str = 'train', number: int = 0) -> Path:
        """One mask file."""
        return self.data / 'ann_dir' / split / f'{number}.png'


def fingerprints(folder: Path) -> dict[str, str]:
    """Relative path and content hash of every file below a folder."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob('*'))
        if path.is_file()
    }
