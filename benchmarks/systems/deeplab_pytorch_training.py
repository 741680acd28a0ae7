"""deeplab-pytorch's training beside the original's: losses, gradients, updates, settings."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from mmengine.optim import OptimWrapper, build_optim_wrapper
from torch import Tensor, nn

import mmseg_deeplab.engine  # noqa: F401  registers the optimiser's wrapper and the schedules
from benchmarks.systems.deeplab_pytorch_models import CLOSE, V2, Row, recipe_state, relative
from mmseg_deeplab.config import load_config
from mmseg_deeplab.engine.schedulers.stepwise_poly import stepwise_poly_factor
from mmseg_deeplab.hub.foreign import deeplab_pytorch
from mmseg_deeplab.registry import MODELS
from mmseg_deeplab.utils.misc import resize_labels
from tests.golden import recipe

NAMES = ('1x', '05x', '075x', 'max')  # the golden files' names of the four outputs


def trainer(folder: Path, tame: bool) -> tuple[nn.Module, OptimWrapper, dict[str, nn.Parameter]]:
    """The V2 model and its optimiser as the config has them; parameters under original names.

    Args:
        folder: Of the golden files.
        tame: With damped weights and the golden run's stronger weight decay.
    """
    config = load_config(V2)
    config.model.recompute_scale_factor = False
    model = MODELS.build(dict(config.model, pretrained=None))
    model.load_state_dict(deeplab_pytorch.to_ours(recipe_state(folder, 'v2_msc', tame)))
    settings = dict(config.optim_wrapper, type='SegOptimWrapper')
    if tame:
        settings['optimizer'] = dict(settings['optimizer'], weight_decay=0.05)
    wrapper = build_optim_wrapper(model.train(), settings)
    wrapper.initialize_count_status(model, 0, config.max_iters)
    return model, wrapper, deeplab_pytorch.from_ours(dict(model.named_parameters()))


def batch(number: int) -> tuple[Tensor, Tensor]:
    """A golden micro-batch: images (2, 3, 97, 97), labels (2, 97, 97).

    Args:
        number: 0 or 1.
    """
    images = torch.as_tensor(recipe.image((2, 3, 97, 97), number))
    return images, torch.as_tensor(recipe.label((2, 97, 97), 21, 255, number))


def training_rows(folder: Path, tame: bool, updates: int) -> Iterator[Row]:
    """Outputs, losses, gradients and parameters of some updates.

    Args:
        folder: Of the golden files.
        tame: Which of the two runs.
        updates: How many; the first run has one.
    """
    file = f'v2_msc_train{"_tame" * tame}.npz'
    golden = np.load(folder / file)
    order = json.loads((folder / 'train.json').read_text())['tame_run']['gradient_norms_order']
    model, wrapper, parameters = trainer(folder, tame)
    before = {key: value.detach().clone() for key, value in parameters.items()}
    for update in range(updates):
        total = 0.0
        for number in range(2):
            images, labels = batch(number)
            outputs = model.outputs(images)
            losses = model.network.losses(images, labels) if update == 0 else None
            found = {}
            for name, logits in zip(NAMES, outputs, strict=True):
                small = resize_labels(labels, logits.shape[-2:])
                found[name] = model.decode_head.loss_of_labels(logits, small)['loss_ce']
                if update == 0:
                    what = f'{name}_micro{number}'
                    wanted = golden[f'logits_{what}']
                    yield file, f'logits_{what}', relative(logits.detach(), wanted), CLOSE
                    if f'labels_{what}' in golden:
                        differ = float((small.numpy() != golden[f'labels_{what}']).sum())
                        yield file, f'labels_{what}', differ, 0.0
            terms = torch.stack(list(found.values()))
            wanted = golden['loss_terms'][update, number] if tame else golden['loss_terms'][number]
            yield file, f'loss terms, update {update + 1}', relative(terms.detach(), wanted), CLOSE
            if losses is not None:
                ours = [value.detach() for key, value in losses.items() if 'loss' in key]
                yield file, 'losses of the model', relative(torch.stack(ours), wanted), CLOSE
            total += float(terms.detach().sum()) / 2
            wrapper.backward(wrapper.scale_loss(terms.sum()))  # as update_params does
            if not wrapper.should_update():
                continue
            if tame:
                norms = np.array([float(parameters[key].grad.norm()) for key in order])
                wanted = golden['gradient_norms'][update]
                worst = float((abs(norms - wanted) / wanted).max())
                yield file, f'gradient norms, update {update + 1}', worst, 2e-3
            wrapper.step()
            wrapper.zero_grad()
        wanted = golden['losses'][update] if tame else golden['loss']
        yield file, f'logged loss, update {update + 1}', relative(total, wanted), CLOSE
        for entry in golden:
            key, _, at = entry.partition('@')
            if at != str(update + 1):
                continue
            # the change counts: the parameter itself hardly moves
            size = golden[entry].size
            start = before[key].numpy().ravel()[:size].astype(np.float64)
            moved = parameters[key].detach().numpy().ravel()[:size] - start
            change = golden[entry].ravel().astype(np.float64) - start
            bound = 1e-2 if 'layer' in key else 1e-4
            yield file, f'change of {key}, update {at}', relative(moved, change), bound


def group_rows(folder: Path) -> Iterator[Row]:
    """Groups of the optimiser."""
    golden = json.loads((folder / 'train.json').read_text())
    _, wrapper, parameters = trainer(folder, tame=False)
    group_of = {id(p): group for group in wrapper.param_groups for p in group['params']}
    wrong = 0
    named = set()
    for group in golden['groups']:
        for name in group['names']:
            ours = group_of.get(id(parameters[name]), {})
            named.add(name)
            keys = ('lr', 'weight_decay', 'momentum', 'nesterov')
            wrong += any(abs(float(ours.get(k, -1)) - float(group[k])) > 1e-12 for k in keys)
    trained = {name for name, value in parameters.items() if value.requires_grad}
    wrong += len(trained ^ named)
    yield 'train.json', f'groups: {len(named)} parameters', float(wrong), 0.0


def rate_rows(folder: Path) -> Iterator[Row]:
    """The learning rates of the three groups."""
    golden = json.loads((folder / 'train.json').read_text())['poly_lr']
    for name, expected in golden.items():
        config = load_config(f'deeplabv2_r101-d8-msc_{name}-321x321')
        schedule, size = config.param_scheduler[0], config.optim_wrapper.accumulative_counts
        base, worst = config.optim_wrapper.optimizer.lr, 0.0
        for steps, rates in expected.items():
            # the update that follows is done in the second of its two batches
            at = int(steps) * size + size - 1
            factor = stepwise_poly_factor(at, schedule.end, schedule.interval, schedule.power)
            ours = np.array([1, 10, 20]) * base * factor
            worst = max(worst, float(np.abs(ours - rates).max()) / base)
        yield 'train.json', f'poly_lr, {name}', worst, 1e-9
