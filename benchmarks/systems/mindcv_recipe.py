"""MindCV's recipe against what the original gave: schedule, loss, five steps of training."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
from mmengine.optim import build_optim_wrapper
from torch import Tensor, nn

from mmseg_deeplab.config import load_config
from mmseg_deeplab.engine.schedulers import WarmupCosineLR
from mmseg_deeplab.hub.foreign.mindspore import is_weight
from mmseg_deeplab.models import CrossEntropyLoss
from mmseg_deeplab.models.backbones.resnet_blocks import Bottleneck
from mmseg_deeplab.models.decode_heads import DeepLabV3Head
from mmseg_deeplab.utils.mindspore_file import read_entries

Row = tuple[str, str, float, float]
CONFIG = 'deeplabv3_s16_dilated_resnet101'
STEPS_PER_EPOCH = {16: 41, 8: 82}


def worst(got: Any, wanted: Any) -> float:
    """Largest absolute difference; NaN counts as equal to NaN."""
    got, wanted = (np.asarray(values, np.float64) for values in (got, wanted))
    if got.shape != wanted.shape:
        return float('inf')
    if not np.array_equal(np.isnan(got), np.isnan(wanted)):
        return float('inf')
    return float(np.nanmax(np.abs(got - wanted), initial=0)) if got.size else 0.0


def schedule_rows(folder: Path) -> list[Row]:
    """``lr.npz``: the shipped yaml files, their horizon of 40000 epochs as published."""
    rows = []
    with np.load(folder / 'lr.npz') as golden:
        for name, rate, stride in (
            ('deeplabv3_s16', 0.08, 16),
            ('deeplabv3_s8', 0.02, 8),
            ('deeplabv3plus_s16', 0.08, 16),
            ('deeplabv3plus_s8', 0.02, 8),
        ):
            epoch, total = STEPS_PER_EPOCH[stride], int(golden[f'{name}_total'])
            optimiser = torch.optim.SGD([nn.Parameter(torch.zeros(1))], lr=rate)
            schedule = WarmupCosineLR(
                optimiser, 3 * epoch, 1e-7 / rate, 40000 * epoch, end=total, by_epoch=False
            )
            got = [rate * schedule.factor(int(step)) for step in golden[f'{name}_steps']]
            rows.append(('lr.npz', name, worst(got, golden[f'{name}_lr']) / rate, 1e-12))
    return rows


def loss_rows(folder: Path) -> list[Row]:
    """``loss.npz``: values and gradients of the cross entropy."""
    loss, rows = CrossEntropyLoss(avg_non_ignore=True), []
    with np.load(folder / 'loss.npz') as golden:
        for kind in ('ignore', 'full', '5'):
            logits = golden['logits_5' if kind == '5' else 'logits']
            logits = torch.tensor(logits, requires_grad=True)
            value = loss(logits, torch.from_numpy(golden[f'labels_{kind}']).long())
            rows.append(('loss.npz', kind, worst(value.detach(), golden[f'loss_{kind}']), 1e-5))
            if f'grad_{kind}' in golden:
                value.backward()
                rows.append(
                    (
                        'loss.npz',
                        f'gradient, {kind}',
                        worst(logits.grad, golden[f'grad_{kind}']),
                        1e-6,
                    )
                )
        # labels outside the classes are an error here; there they cost nothing, but are counted
        labels = torch.from_numpy(golden['labels_stray']).long()
        known = labels.masked_fill(labels >= 21, 255)
        value = loss(
            torch.from_numpy(golden['logits']), known, avg_factor=float((labels != 255).sum())
        )
        rows.append(('loss.npz', 'stray labels', worst(value, golden['loss_stray']), 1e-5))
    return rows


class _TinyBackbone(nn.Module):
    """The original's bottleneck alone."""

    def __init__(self) -> None:
        super().__init__()
        shortcut = nn.Sequential(nn.Conv2d(3, 16, 1, bias=False), nn.BatchNorm2d(16))
        self.block = Bottleneck(3, 4, dilation=2, downsample=shortcut)

    def forward(self, images: Tensor) -> tuple[Tensor]:
        return (self.block(images),)


class TinyNetwork(nn.Module):
    """What ``small_train`` was trained on: a bottleneck, an ASPP without dropout, a classifier."""

    def __init__(self) -> None:
        super().__init__()
        self.backbone = _TinyBackbone()
        self.decode_head = DeepLabV3Head(
            16, 8, num_classes=5, dilations=(1, 2, 3), dropout_ratio=0, align_corners=True,
            loss_decode=dict(type='CrossEntropyLoss', avg_non_ignore=True),
            norm_cfg=dict(type='BN'),
        )  # fmt: skip

    def forward(self, images: Tensor) -> Tensor:
        return self.decode_head(self.backbone(images))


def tiny_names() -> dict[str, str]:
    """The original's names of the tiny network's weights, and ours."""
    norm = {'gamma': 'weight', 'beta': 'bias', 'moving_mean': 'running_mean',
            'moving_variance': 'running_var'}  # fmt: skip
    pairs = {'down_sample.0': 'downsample.0', 'down_sample.1': 'downsample.1'}
    pairs |= {f'{kind}{i}': f'{kind}{i}' for kind in ('conv', 'bn') for i in (1, 2, 3)}
    layers = {f'backbone.{theirs}': f'backbone.block.{ours}' for theirs, ours in pairs.items()}
    for i in range(3):
        for part, name in enumerate(('conv', 'bn')):
            layers[f'aspp.aspp_convs.{i}._aspp_conv.{part}'] = (
                f'decode_head.aspp_modules.{i}.{name}'
            )
            layers[f'aspp.aspp_convs.3.conv.{part}'] = f'decode_head.image_pool.1.{name}'
    layers |= {'aspp.conv1': 'decode_head.bottleneck.conv', 'aspp.bn1': 'decode_head.bottleneck.bn',
               'conv': 'decode_head.conv_seg'}  # fmt: skip
    ends = {'weight': 'weight', 'bias': 'bias', **norm}
    return {f'{a}.{end}': f'{b}.{ours}' for a, b in layers.items() for end, ours in ends.items()}


def pool_first(name: str, value: Tensor, back: bool = False) -> Tensor:
    """The joining convolution's input, whose branches come in another order here."""
    if name != 'aspp.conv1.weight':
        return value
    return value.roll(-8 if back else 8, dims=1)


def training_rows(folder: Path, start: dict[str, np.ndarray]) -> list[Row]:
    """``small_train``: five steps of the original's trainer.

    Args:
        folder: Of the reference outputs.
        start: The weights before the first step, under the original's names.
    """
    names, network, rows = tiny_names(), TinyNetwork(), []
    shipped = load_config(CONFIG).optim_wrapper
    state = {
        names[name]: pool_first(name, torch.from_numpy(value)) for name, value in start.items()
    }
    missing = network.load_state_dict(state, strict=False).missing_keys
    if any('num_batches_tracked' not in name for name in missing):
        raise RuntimeError(f'no start value of {missing}')
    with np.load(folder / 'small_train.npz') as golden:
        network.eval()
        images = torch.from_numpy(golden['images'])
        with torch.no_grad():
            rows.append(_logits('before', network(images[0]), golden['logits_eval_before']))
        network.train()
        wrapper = build_optim_wrapper(network, {**shipped, 'type': 'mmengine.SegOptimWrapper'})
        decays = {
            id(group['params'][0]): group['weight_decay']
            for group in wrapper.optimizer.param_groups
        }
        parameters = dict(network.named_parameters())
        got = [decays[id(parameters[names[str(name)]])] for name in golden['order']]
        rows.append(('small_train.npz', 'weight decay', worst(got, golden['weight_decay']), 1e-10))
        labels = torch.from_numpy(golden['labels']).long()
        losses, errors = [], []
        for step in range(5):
            for group in wrapper.optimizer.param_groups:
                group['lr'] = float(golden['lr'][step])
            loss = network.decode_head.loss_decode(network(images[step]), labels[step])
            wrapper.update_params(loss)
            losses.append(loss.item())
            for key in golden.files:
                if key.startswith(f'step{step + 1}/'):
                    name = key.partition('/')[2]
                    value = pool_first(name, network.state_dict()[names[name]], back=True)
                    errors.append(worst(value, golden[key]))
        rows.append(('small_train.npz', 'losses of 5 steps', worst(losses, golden['losses']), 1e-5))
        rows.append(('small_train.npz', 'weights after each step', max(errors), 1e-5))
        network.eval()
        with torch.no_grad():
            rows.append(_logits('after', network(images[0]), golden['logits_eval_after']))
    saved = read_entries(folder / 'small_train.ckpt')
    errors = [
        worst(pool_first(name, network.state_dict()[names[name]], back=True), value)
        for name, value in saved.items()
        if is_weight(name)
    ]
    rows.append(('small_train.ckpt', 'all weights after 5 steps', max(errors), 1e-5))
    return rows


def _logits(when: str, got: Tensor, wanted: np.ndarray) -> Row:
    error = worst(got, wanted) / float(wanted.std())
    return 'small_train.npz', f'logits {when}, of their deviation', error, 1e-4
