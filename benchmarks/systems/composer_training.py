"""Composer's optimiser, schedules, losses and scores against its own output.

Each function takes the folder of reference outputs and gives rows of file, what, worst
difference and bound.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from mmseg_deeplab.engine import DecoupledSGDW
from mmseg_deeplab.engine.schedulers import CosineDecayLR, PolynomialDecayLR
from mmseg_deeplab.evaluation import RunningCrossEntropy, RunningMIoU
from mmseg_deeplab.models import BatchDiceLoss, CrossEntropyLoss
from mmseg_deeplab.models.composer import ComposerDeepLab
from mmseg_deeplab.models.losses.functional import softmax_cross_entropy
from mmseg_deeplab.models.losses.soft_targets import soft_cross_entropy

Row = tuple[str, str, float, float]
ROUNDING, FLOAT32 = 1e-14, 1e-6


def worst(ours: object, golden: object) -> float:
    """The largest difference; infinite for another shape."""
    ours, golden = np.asarray(ours, np.float64), np.asarray(golden, np.float64)
    return float(np.abs(ours - golden).max()) if ours.shape == golden.shape else float('inf')


def optimiser(root: Path) -> Iterator[Row]:
    """Ten steps of DecoupledSGDW."""
    golden = np.load(root / 'decoupled_sgdw.npz')
    cases = {
        'm0.9_wd2e-5': dict(momentum=0.9, weight_decay=2e-5),
        'm0.9_nesterov_wd1e-2': dict(momentum=0.9, nesterov=True, weight_decay=1e-2),
        'm0_wd1e-3': dict(weight_decay=1e-3),
        'm0.9_dampening0.5_wd1e-2': dict(momentum=0.9, dampening=0.5, weight_decay=1e-2),
        'm0.9_wd1e-2_b_skipped': dict(momentum=0.9, weight_decay=1e-2),
        'm0.9_wd2e-5_float32': dict(momentum=0.9, weight_decay=2e-5),
    }
    for name, options in cases.items():
        dtype = torch.float32 if name.endswith('32') else torch.float64
        params = {key: torch.tensor(golden[f'start.{key}'], dtype=dtype) for key in 'wb'}
        made = DecoupledSGDW([p.requires_grad_() for p in params.values()], lr=0.5, **options)
        found = 0.0
        for step, lr in enumerate(golden['lr']):
            made.param_groups[0]['lr'] = float(lr)
            for key, param in params.items():
                skipped = 'skipped' in name and key == 'b' and step in (0, 3, 4)
                grad = torch.tensor(golden[f'grad.{key}'][step], dtype=dtype)
                param.grad = None if skipped else grad
            made.step()
            for key, param in params.items():
                found = max(found, worst(param.detach(), golden[f'{name}.{key}'][step]))
        yield 'decoupled_sgdw.npz', name, found, 0.0


def schedules(root: Path) -> Iterator[Row]:
    """Multipliers of 21 batches, and what the optimiser holds in each."""
    golden = np.load(root / 'schedules.npz')
    poly = (PolynomialDecayLR, dict(power=0.9, alpha_f=0.01, t_max=20))
    cosine = (CosineDecayLR, dict(t_max=20))
    cases = {
        'polynomial': poly,
        'polynomial_alpha_f_0': (PolynomialDecayLR, dict(power=0.9, t_max=20)),
        'cosine': cosine,
        'cosine_alpha_f_0.1': (CosineDecayLR, dict(alpha_f=0.1, t_max=20)),
        'cosine_t_max_10ba': (CosineDecayLR, dict(t_max='10ba')),
        'cosine_t_max_0.7dur': (CosineDecayLR, dict(t_max='0.7dur')),
    }
    for name, (kind, options) in cases.items():
        ours = _rates(kind, 0, **options)
        yield 'schedules.npz', name, worst(ours[:20], golden[name][:20]), 0.0
    for name, (kind, options) in {'polynomial': poly, 'cosine': cosine}.items():
        for tree, begin in (('A', 0), ('B', 1)):  # tree B lags one batch
            ours = _rates(kind, begin, **options)[:20]
            found = worst(ours, golden[f'{tree}.{name}.lr_of_batch'])
            yield 'schedules.npz', f'{tree}.{name}.lr_of_batch', found, 0.0


def _rates(kind: type, begin: int, **options: object) -> list[float]:
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0)
    schedule = kind(optimizer, begin=begin, end=20, by_epoch=False, **options)
    found = []
    for _ in range(20):
        found.append(optimizer.param_groups[0]['lr'])
        optimizer.step()
        schedule.step()
    return found


def losses(root: Path) -> Iterator[Row]:
    """Cross entropy and Dice of hard, one-hot and soft targets, with gradients."""
    golden = np.load(root / 'losses.npz')
    logits, label, weight = (torch.tensor(golden[k]) for k in ('logits', 'label', 'class_weight'))

    def of(name: str) -> Tensor:
        return torch.tensor(golden[name])

    def hard(x: Tensor, **options: object) -> Tensor:
        return softmax_cross_entropy(x, label, ignore_index=-1, avg_non_ignore=True, **options)

    def dice(x: Tensor, target: Tensor = label, **options: object) -> Tensor:
        return BatchDiceLoss(**options)(x, target, ignore_index=-1)

    per_image = dict(per_image=True)
    cases = {
        'ce_int': hard,
        'ce_int_sum': lambda x: hard(x, reduction='sum'),
        'ce_int_none': lambda x: hard(x, reduction='none'),
        'ce_int_weight': lambda x: hard(x, class_weight=weight),
        **{
            f'ce_{n}': lambda x, n=n: CrossEntropyLoss(avg_non_ignore=True)(x, of(n))
            for n in ('onehot', 'soft', 'soft_part')
        },
        **{
            f'ce_{n}_sum': lambda x, n=n: soft_cross_entropy(x, of(n), reduction='sum')
            for n in ('onehot', 'soft', 'soft_part')
        },
        'ce_soft_part_weight': lambda x: soft_cross_entropy(
            x, of('soft_part'), class_weight=weight
        ),
        'dice_int': dice,
        'dice_onehot': lambda x: dice(x, of('onehot')),
        'dice_soft': lambda x: dice(x, of('soft_part')),
        'dice_int_keep_absent': lambda x: dice(x, ignore_absent=False),
        'dice_int_per_image': lambda x: dice(x, **per_image),
        'dice_int_per_image_keep_absent': lambda x: dice(x, **per_image, ignore_absent=False),
        'dice_int_squared': lambda x: dice(x, squared=True),
        'dice_int_jaccard': lambda x: dice(x, jaccard=True),
        'dice_int_sigmoid': lambda x: dice(x, use_sigmoid=True),
        'dice_int_sum': lambda x: dice(x, reduction='sum'),
        'dice_int_none': lambda x: dice(x, reduction='none'),
        'dice_int_per_image_none': lambda x: dice(x, **per_image, reduction='none'),
    }
    for name, function in cases.items():
        x = logits.clone().requires_grad_()
        value = function(x)
        found = worst(value.detach(), golden[name]) / max(1.0, float(np.abs(golden[name]).max()))
        yield 'losses.npz', name, found, FLOAT32
        if f'{name}.grad' in golden:
            value.sum().backward()
            yield 'losses.npz', f'{name}.grad', worst(x.grad, golden[f'{name}.grad']), FLOAT32
    for entropy, share in ((1.0, 0.0), (0.375, 1.125), (0.0, 1.0)):
        yield _model_loss(golden, logits, label, entropy, share)


def _model_loss(golden: object, logits: Tensor, label: Tensor, entropy: float, dice: float) -> Row:
    name = f'model_ce{entropy}_dice{dice}'
    model = ComposerDeepLab(nn.Identity(), 5, -1, entropy, dice)
    x = logits.clone().requires_grad_()
    values = model.loss(x, (logits, label))
    values['total'].backward()
    found = [worst(x.grad, golden[f'{name}.grad_of_total'])]
    found += [
        worst(np.ravel(value.detach()), np.ravel(golden[f'B.{name}.{term}']))
        for term, value in values.items()
    ]
    found.append(worst(values['total'].detach(), golden[f'A.{name}.terms'].sum()))
    return 'losses.npz', name, max(found), FLOAT32


def scores(root: Path) -> Iterator[Row]:
    """MIoU (of tree B, which leaves absent classes out) and CrossEntropy over two batches."""
    golden = np.load(root / 'metrics.npz')
    for name, ignore, suffix in (
        ('ignore_-1', -1, ''),
        ('ignore_255', 255, ''),
        ('all_classes', -1, '_all_classes'),
    ):
        label = np.where(golden[f'label{suffix}'] == -1, ignore, golden[f'label{suffix}'])
        metric, found = RunningMIoU(5, ignore), []
        for batch in range(2):
            logits = torch.tensor(golden[f'logits{suffix}'][batch])
            metric.update(logits, torch.tensor(label[batch]))
            table = metric._matrix.total
            hit = table.diagonal()
            sums = np.stack([hit, table.sum(0) + table.sum(1) - hit])
            found.append(worst(sums, golden[f'{name}.intersect_union'][batch]))
        found.append(worst(metric.compute(), golden[f'B.{name}.miou']))
        yield 'metrics.npz', name, max(found), ROUNDING
    entropy = RunningCrossEntropy(-1)
    for batch in range(2):
        logits = torch.tensor(golden['logits'][batch][:, :3])
        entropy.update(logits, torch.tensor(golden['label'][batch]))
    yield 'metrics.npz', 'cross_entropy', worst(entropy.compute(), golden['cross_entropy']), FLOAT32
