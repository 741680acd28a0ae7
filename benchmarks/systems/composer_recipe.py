"""Composer's recipes (SAM, EMA) and initialisers against its own output.

Each function takes the folder of reference outputs and gives rows of file, what, worst
difference and bound.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import torch
from torch import nn

from benchmarks.systems.composer_training import ROUNDING, Row, worst
from mmseg_deeplab.engine import DecoupledSGDW, SAMOptimWrapper
from mmseg_deeplab.engine.hooks import HalfLifeEMAHook
from mmseg_deeplab.models.composer import deeplabv3, initialize


class _Valley(nn.Module):
    """The function of the SAM files, with the methods that the engine asks for."""

    def __init__(self, golden: object) -> None:
        super().__init__()
        self.hessian, self.centre = (torch.tensor(golden[k]) for k in ('hessian', 'centre'))
        self.p, self.q = (nn.Parameter(torch.tensor(golden[f'start.{k}'])) for k in 'pq')
        self.losses: list[float] = []

    def train_step(self, batch: object, optim_wrapper: object) -> None:
        p, q = self.p, self.q
        loss = 0.5 * p @ self.hessian @ p + 0.5 * (q - self.centre).square().sum()
        loss = loss + (p[:2] * q).sum()
        self.losses.append(loss.item())
        optim_wrapper.update_params(loss)


def sharpness(root: Path) -> Iterator[Row]:
    """Six steps of DecoupledSGDW inside SAM."""
    golden = np.load(root / 'sam.npz')
    for name, options, decay in (
        ('rho0.3_interval1', dict(rho=0.3), 0.0),
        ('rho0.3_interval2', dict(rho=0.3, interval=2), 0.0),
        ('rho0.05_interval1_wd1e-2', dict(rho=0.05), 1e-2),
    ):
        model, found = _Valley(golden), []
        sgd = DecoupledSGDW(model.parameters(), lr=0.05, momentum=0.9, weight_decay=decay)
        wrapper = SAMOptimWrapper(sgd, **options)
        wrapper.initialize_count_status(model, 0, 6)
        for step in range(6):
            model.losses.clear()
            wrapper.climb(model, None)
            model.train_step(None, wrapper)
            found.append(worst(model.losses[0], golden[f'{name}.loss'][step]))
            found.append(worst(len(model.losses), golden[f'{name}.closure_calls'][step]))
            for key in 'pq':
                found.append(worst(getattr(model, key).detach(), golden[f'{name}.{key}'][step]))
        yield 'sam.npz', name, max(found), ROUNDING


class _Weights(nn.Module):
    """The entries of the EMA files: trained, frozen, a float and a whole-number buffer."""

    def __init__(self, golden: object) -> None:
        super().__init__()
        self.golden = golden
        self.w = nn.Parameter(torch.zeros(3, dtype=torch.float64))
        self.frozen = nn.Parameter(torch.zeros(2, dtype=torch.float64), requires_grad=False)
        self.register_buffer('mean', torch.zeros(2, dtype=torch.float64))
        self.register_buffer('count', torch.zeros((), dtype=torch.int64))

    @torch.no_grad()
    def take(self, batch: int) -> None:
        for name in ('w', 'frozen', 'mean', 'count'):
            getattr(self, name).copy_(torch.tensor(self.golden[f'train.{name}'][batch]))


def averages(root: Path) -> Iterator[Row]:
    """EMA over 12 batches (of tree B); whole-number buffers are copied here, so left out."""
    golden = np.load(root / 'ema.npz', allow_pickle=False)
    golden = {name: golden[name] for name in golden.files}
    cases = {
        'half4': dict(half_life='4ba'),
        'half4_every2': dict(half_life='4ba', update_interval='2ba'),
        'half1000_every10': dict(half_life='1000ba', update_interval='10ba'),
        'smoothing0.7': dict(half_life=None, smoothing=0.7, update_interval='1ba'),
        'half4_start0.5dur': dict(half_life='4ba', ema_start='0.5dur'),
        'half4_every2_start5ba': dict(half_life='4ba', update_interval='2ba', ema_start='5ba'),
    }
    for name, options in cases.items():
        model, hook, found, seen = _Weights(golden), HalfLifeEMAHook(**options), [], 0
        loop = SimpleNamespace(dataloader=range(12))
        runner = SimpleNamespace(model=model, train_loop=loop, max_iters=12, iter=0)
        runner.train_loop_if_built = lambda loop=loop: loop
        model.take(0)
        hook.before_run(runner)
        hook.before_train(runner)
        for batch in range(12):
            model.take(batch + 1)
            runner.iter = batch
            hook.after_train_iter(runner, batch)
            if golden[f'B.{name}.started'][batch]:
                for key in ('w', 'mean'):
                    average = getattr(hook.ema_model.module, key)
                    found.append(worst(average, golden[f'B.{name}.{key}'][seen]))
                seen += 1
        runner.iter = 12
        hook.before_val_epoch(runner)
        for key in ('w', 'frozen', 'mean'):
            value = getattr(model, key).detach()
            found.append(worst(value, golden[f'B.{name}.in_eval.{key}']))
        hook.after_val_epoch(runner)
        found.append(worst(model.w.detach(), golden['train.w'][12]))
        yield 'ema.npz', name, max(found), ROUNDING


def initialisers(root: Path) -> Iterator[Row]:
    """Which entries each initialiser changes, and how they are spread then."""
    golden = json.loads((root / 'initialisers.json').read_text(encoding='utf-8'))
    for name, changed in golden['changed_entries'].items():
        kinds = {
            'Linear': nn.Linear(400, 300),
            'Conv2d': nn.Conv2d(64, 128, 3),
            'Conv2d depthwise': nn.Conv2d(512, 512, 3, groups=512),
            'BatchNorm2d': nn.BatchNorm2d(256),
        }
        modules = nn.ModuleDict(kinds)
        for value in modules.parameters():
            nn.init.normal_(value, mean=3.0)
        before = {key: value.clone() for key, value in modules.state_dict().items()}
        initialize(modules, [name])
        after = modules.state_dict()
        ours = {key for key, value in after.items() if not torch.equal(value, before[key])}
        yield 'initialisers.json', name, float(len(ours ^ set(changed))), 0.0
        spread = [
            abs(float(after[key].std()) - figures['std']) / max(figures['std'], 0.01)
            for key, figures in changed.items()
        ]
        yield 'initialisers.json', f'{name}: deviation, relative', max(spread), 0.1


def initialised_entries(root: Path) -> Iterator[Row]:
    """How many entries of a whole network change without weights."""
    golden = json.loads((root / 'initialisers.json').read_text(encoding='utf-8'))
    wanted = golden['entries_changed_in_v3_r50_by_kaiming_normal_bn_ones_bn_uniform']
    network = deeplabv3(21, 'resnet50', use_plus=False)
    before = {key: value.clone() for key, value in network.state_dict().items()}
    initialize(network, ['kaiming_normal', 'bn_ones', 'bn_uniform'])
    for part, count in wanted['no weights'].items():
        changed = [
            key
            for key, value in network.state_dict().items()
            if key.startswith(part) and not torch.equal(value, before[key])
        ]
        yield 'initialisers.json', f'v3_r50 {part}', float(abs(len(changed) - count)), 0.0
