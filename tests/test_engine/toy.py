"""A data set, a model and a metric small enough to train in a second, with all that can break.

The data set augments with three generators, the model has batch norm, dropout and a classifier
named like the real ones. ``TOY_FAULT`` in the environment makes things go wrong on demand.
"""

from __future__ import annotations

import os
import random

import numpy as np
import torch
from mmengine.config import Config
from mmengine.evaluator import BaseMetric
from mmengine.hooks import Hook
from mmengine.model import BaseModel
from mmengine.registry import DATASETS, HOOKS, METRICS, MODELS
from mmengine.structures import BaseDataElement
from torch import nn
from torch.nn import functional as F
from torch.utils.data import Dataset

from mmseg_deeplab.utils.errors import DataError

CLASSES = 3


@DATASETS.register_module(force=True)
class ToyDataset(Dataset):
    """Images of 4 x 4 whose class is the quadrant's; ``bad`` is the index of a NaN image."""

    metainfo = dict(classes=('a', 'b', 'c'), palette=[[0, 0, 0], [1, 1, 1], [2, 2, 2]])

    def __init__(self, size=11, bad=None, error=None, die=None):
        self.size, self.bad, self.error, self.die = size, bad, error, die

    def __len__(self):
        return self.size

    def get_cat_ids(self, index):
        return [0, 1] if index else [0, 1, 2]  # class 2 is in the first image only

    def __getitem__(self, index):
        if index == self.error:
            raise DataError(f'toy_{index}.png: label 200 is outside the 3 classes')
        if index == self.die:
            os.kill(os.getpid(), 9)
        content = np.random.default_rng(index).normal(size=(3, 4, 4))
        image = content + 0.1 * np.random.rand(3, 4, 4) + 0.1 * random.random()
        image = torch.from_numpy(image).float() + 0.1 * torch.rand(1)
        if index == self.bad:
            image[:] = float('nan')
        label = torch.from_numpy((content.sum(0) > 0).astype(np.int64)) + (index % 2)
        sample = BaseDataElement(metainfo=dict(img_path=f'toy_{index}.png', index=index))
        sample.label = label
        return dict(inputs=image, data_samples=sample)


@MODELS.register_module(force=True)
class ToyModel(BaseModel):
    """Two convolutions, batch norm, dropout."""

    def __init__(self, classes=CLASSES, width=4, data_preprocessor=None):
        super().__init__(data_preprocessor)
        self.backbone = nn.Sequential(
            nn.Conv2d(3, width, 3, padding=1), nn.BatchNorm2d(width), nn.ReLU()
        )
        self.decode_head = nn.Module()
        self.decode_head.conv_seg = nn.Conv2d(width, classes, 1)
        self.dropout = nn.Dropout(0.3)

    def forward(self, inputs, data_samples=None, mode='tensor'):
        inputs = torch.stack(list(inputs))
        logits = self.decode_head.conv_seg(self.dropout(self.backbone(inputs)))
        if mode == 'tensor':
            return logits
        if mode == 'loss':
            labels = torch.stack([sample.label for sample in data_samples])
            return {'decode.loss_ce': F.cross_entropy(logits, labels)}
        for sample, one in zip(data_samples, logits, strict=True):
            sample.prediction = one.argmax(0)
        return data_samples


@METRICS.register_module(force=True)
class ToyMetric(BaseMetric):
    """Accuracy over all pixels and the images seen, by MMEngine's own way of collecting."""

    default_prefix = None

    def __init__(self):
        super().__init__(prefix='toy')
        self.prefix = None

    def process(self, data_batch, data_samples):
        for sample in data_samples:
            hits = (sample['prediction'] == sample['label']).float().mean().item()
            self.results.append((hits, sample['index']))

    def compute_metrics(self, results):
        images = sorted(index for _, index in results)
        return dict(mIoU=100 * float(np.mean([hits for hits, _ in sorted(results)])),
                    images=float(len(images)), distinct=float(len(set(images))))  # fmt: skip


@HOOKS.register_module(force=True)
class TracePerSample(Hook):
    """Keeps what each iteration trained on."""

    def __init__(self):
        self.seen = []

    def before_train_iter(self, runner, batch_idx, data_batch=None):
        for image, sample in zip(data_batch['inputs'], data_batch['data_samples'], strict=True):
            self.seen.append((runner.iter, sample.index, image.sum().item()))


def toy_config(work_dir, *, iters=12, workers=0, by_epoch=False, **changes) -> Config:
    """A run with random augmentation, EMA, accumulation of two, validation every five."""
    train_cfg = (
        dict(type='EpochBasedTrainLoop', max_epochs=iters, val_interval=2)
        if by_epoch
        else dict(type='IterBasedTrainLoop', max_iters=iters, val_interval=5)
    )
    sampler = dict(type='DefaultSampler' if by_epoch else 'InfiniteSampler', shuffle=True)
    val = dict(batch_size=1, num_workers=0, dataset=dict(type='ToyDataset', size=5),
               sampler=dict(type='DefaultSampler', shuffle=False))  # fmt: skip
    config = dict(
        default_scope='mmseg_deeplab',
        work_dir=str(work_dir),
        model=dict(type='ToyModel'),
        train_dataloader=dict(
            batch_size=2,
            num_workers=workers,
            persistent_workers=workers > 0,
            dataset=dict(type='ToyDataset'),
            sampler=sampler,
        ),
        val_dataloader=val,
        test_dataloader=dict(val),
        val_evaluator=dict(type='ToyMetric'),
        test_evaluator=dict(type='ToyMetric'),
        val_cfg=dict(type='ValLoop'),
        test_cfg=dict(type='TestLoop'),
        train_cfg=train_cfg,
        optim_wrapper=dict(
            type='OptimWrapper',
            optimizer=dict(type='SGD', lr=0.1, momentum=0.9, weight_decay=5e-4),
            accumulative_counts=2,
            clip_grad=dict(max_norm=1.0),
        ),
        param_scheduler=[
            dict(type='LinearLR', start_factor=0.1, by_epoch=False, begin=0, end=4),
            dict(type='PolyLR', power=0.9, eta_min=1e-4, by_epoch=False, begin=4, end=60),
        ],
        default_hooks=dict(
            timer=dict(type='IterTimerHook'),
            logger=dict(type='LoggerHook', interval=1, log_metric_by_epoch=False),
            param_scheduler=dict(type='ParamSchedulerHook'),
            checkpoint=dict(
                type='CheckpointHook',
                by_epoch=by_epoch,
                interval=1 if by_epoch else 3,
                max_keep_ckpts=2,
                save_best='mIoU',
            ),
            sampler_seed=dict(type='DistSamplerSeedHook'),
        ),
        custom_hooks=[dict(type='EMAHook', momentum=0.1), dict(type='TracePerSample')],
        log_processor=dict(by_epoch=by_epoch, window_size=4),
        vis_backends=None,
        randomness=dict(seed=3),
        device='cpu',
    )
    config = Config(config)
    config.merge_from_dict(changes)
    return config
