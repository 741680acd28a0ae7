"""Detectron2's DeepLab against its own output: models, losses, training, weight files.

python -m benchmarks.systems.detectron2        # about five minutes on one core

The parts without a network are in detectron2_parts.py.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import torch
from mmengine.optim import build_optim_wrapper
from torch import Tensor, nn

import mmseg_deeplab.engine  # noqa: F401  registers the optimiser's wrapper
from mmseg_deeplab.config import load_config
from mmseg_deeplab.hub.foreign import detectron2
from mmseg_deeplab.models import CrossEntropyLoss, HardPixelMiningLoss
from mmseg_deeplab.registry import MODELS
from mmseg_deeplab.structures import SegDataSample
from tests.golden import recipe

Row = tuple[str, str, float, float]

_GOLDEN = Path(__file__).parents[3] / 'shared' / 'golden'
FOLDER = Path(os.environ.get('MMSEG_DEEPLAB_GOLDEN', _GOLDEN)) / 'detectron2'
NETWORKS = ('v3', 'v3plus', 'v3plus_dwsep')
WINDOW = (2, 3)  # cells: of the crop (32, 48) that the outputs were made with
SIZES = {'small': (1, 3, 64, 96), 'wide': (1, 3, 320, 192)}
NOISE = 10  # how often the original's own rounding error may be ours
LOSSES = {
    'hard_pixel_mining': HardPixelMiningLoss(),
    'cross_entropy': CrossEntropyLoss(avg_non_ignore=True),
}


def relative(ours: object, golden: np.ndarray) -> float:
    """The largest difference, over the standard deviation.

    Args:
        ours: Array, tensor or number of the same shape.
        golden: Array.
    """
    ours, golden = np.asarray(ours, np.float64), np.asarray(golden, np.float64)
    if ours.shape != golden.shape:
        return float('inf')
    return float(np.abs(ours - golden).max() / max(golden.std(), 1e-300))


def recipe_state(keys: str, damped: bool = False) -> dict[str, Tensor]:
    """The recipe's weights under Detectron2's names.

    Args:
        keys: Name of the key list.
        damped: The last norm of every block is scaled down.
    """
    state = recipe.weights(recipe.read_keys(FOLDER / f'keys_{keys}.txt'))
    for key, value in state.items() if damped else ():
        if key.endswith('conv3.norm.weight'):
            value *= np.float32(0.2)
    return {key: torch.as_tensor(value) for key, value in state.items()}


def network(state: dict[str, Tensor], window: tuple[int, int] = WINDOW) -> nn.Module:
    """The shipped config's model with weights of Detectron2, in evaluation mode.

    Args:
        state: Under Detectron2's names.
        window: Of the pooling branch.
    """
    target = detectron2.target(state)
    config = load_config(target.config, target.options)
    config.model.pretrained = None
    config.model.decode_head.pool_window = window
    for part in (config.model.backbone, config.model.decode_head):
        part.norm_cfg = {'type': 'BN'}
    with torch.device('meta'):
        model = MODELS.build(config.model)
    model.load_state_dict(detectron2.to_ours(state), assign=True)
    model.data_preprocessor = MODELS.build(config.model.data_preprocessor)
    return model.eval()


def keys(folder: Path = FOLDER, names: Sequence[str] = NETWORKS) -> Iterator[Row]:
    """Names and shapes of the state dicts, there and back.

    Args:
        folder: With the reference outputs.
        names: Some of :data:`NETWORKS`.
    """
    for name in names:
        shapes = recipe.read_keys(folder / f'keys_{name}.txt')
        with torch.device('meta'):
            theirs = {key: torch.empty(shape) for key, shape in shapes.items()}
            ours = detectron2.to_ours(theirs)
            target = detectron2.target(theirs)
            config = load_config(target.config, target.options)
            config.model.pretrained = None
            model = MODELS.build(config.model)
        own = {key: value.shape for key, value in model.state_dict().items()}
        wrong = set(own.items()) ^ {(key, value.shape) for key, value in ours.items()}
        back = {key: tuple(value.shape) for key, value in detectron2.from_ours(ours).items()}
        wrong |= set(back.items()) ^ set(shapes.items())
        yield f'keys_{name}.txt', f'{len(own)} entries, both ways', len(wrong), 0


def round_trip(name: str) -> Iterator[Row]:
    """Weights under our names and back, bit by bit.

    Args:
        name: One of :data:`NETWORKS`.
    """
    state = recipe_state(name)
    again = detectron2.from_ours(detectron2.to_ours(state))
    changed = sum(not torch.equal(state[key], value) for key, value in again.items())
    yield f'keys_{name}.txt', 'weights there and back, entries changed', changed, 0


@torch.no_grad()
def outputs(name: str, damped: bool) -> Iterator[Row]:
    """Logits of whole networks and heads.

    Args:
        name: One of :data:`NETWORKS`.
        damped: With damped weights.
    """
    golden, file = np.load(FOLDER / f'{name}.npz'), f'{name}.npz'
    model, start = network(recipe_state(name, damped)), 'damped_' if damped else ''
    step = 1 if name == 'v3' else 2
    for size, shape in SIZES.items():
        images = torch.tensor(recipe.image(shape))
        logits, key = model(images), f'{start}{size}'
        logits = logits if size == 'small' else logits[:, :, ::step, ::step]
        bound = NOISE * float(golden[f'{key}_noise'])
        yield file, f'{key}_logits', relative(logits, golden[f'{key}_logits']), bound
        if not damped:
            full = model.inference(images)
            full = full if size == 'small' else full[:, :, ::9, ::9]
            yield file, f'{size}_final', relative(full, golden[f'{size}_final']), bound
    if damped:
        yield from raw(name, model, golden)
        return
    yield from head(name, model, golden)


def raw(name: str, model: nn.Module, golden: np.lib.npyio.NpzFile) -> Iterator[Row]:
    """From a picture whose sides are no multiples of the stride to its class map."""
    picture = torch.tensor(golden['raw_image'][::-1].copy())  # ours takes BGR
    sample = SegDataSample(metainfo={'ori_shape': (75, 120), 'img_shape': (57, 90)})
    (found,) = model.test_step({'inputs': [picture], 'data_samples': [sample]})
    difference = relative(found.seg_logits.data[:, ::3, ::3], golden['raw_sem_seg'])
    yield f'{name}.npz', 'raw_sem_seg', difference, NOISE * float(golden['damped_small_noise'])
    wrong = int((found.pred_sem_seg.data[0].numpy() != golden['raw_argmax']).sum())
    yield f'{name}.npz', 'raw_argmax, pixels that differ', wrong, 0


def head(name: str, model: nn.Module, golden: np.lib.npyio.NpzFile) -> Iterator[Row]:
    """The head alone, its window and its loss."""
    step, bound = (1 if name == 'v3' else 2), NOISE * float(golden['head_noise'])
    maps: list = [None] * 4
    maps[3] = torch.tensor(recipe.image((1, 2048, 20, 12))).clamp(min=0)
    if name != 'v3':
        maps[0] = torch.tensor(recipe.image((1, 256, 80, 48))).clamp(min=0)
    logits = model.decode_head(maps)[:, :, ::step, ::step]
    yield f'{name}.npz', 'head_logits', relative(logits, golden['head_logits']), bound
    labels = torch.tensor(golden['loss_labels'].astype(np.int64))
    for kind, loss in LOSSES.items():
        model.decode_head.loss_decode = loss
        found = model.decode_head.loss_of_labels(torch.tensor(golden['loss_logits']), labels)
        wanted = float(golden[f'loss_{kind}'])
        yield f'{name}.npz', f'loss_{kind}', abs(found[loss.loss_name] - wanted) / wanted, 1e-6
    refused = 0
    for size in golden['window_feature_sizes'][~golden['window_refused']]:
        pooled = model.decode_head.image_pool[0](torch.zeros(1, 1, *size))
        refused += tuple(pooled.shape[2:]) != (size[0] - 1, size[1] - 2)
    yield f'{name}.npz', 'window sizes that the original takes, refused here', refused, 0
    if name == 'v3':
        model.decode_head.image_pool[0].window = (32, 64)
        maps[3] = torch.tensor(recipe.image((1, 2048, 64, 128))).clamp(min=0)
        logits = model.decode_head(maps)[:, :, ::8, ::8]
        wanted = golden['shipped_window_logits']
        yield 'v3.npz', 'shipped_window_logits', relative(logits, wanted), bound


def training(name: str) -> Iterator[Row]:
    """Loss, gradients and running statistics of one pass in float64."""
    golden = np.load(FOLDER / f'{name}.npz')
    for kind, loss in LOSSES.items():
        model = network(recipe_state(name, damped=True)).double().train()
        model.decode_head.context_dropout = None
        model.decode_head.loss_decode = loss
        images = torch.tensor(recipe.image((2, 3, 32, 48))).double()
        labels = torch.tensor(recipe.label((2, 32, 48), 19, 255))
        logits = model.decode_head(model.extract_feat(images))
        # the head's own computes the loss in float32
        value = loss(model.decode_head.resize_logits(logits, labels.shape[1:]), labels)
        value.backward()
        wanted = float(golden[f'train_loss_{kind}'])
        yield f'{name}.npz', f'train_loss_{kind}', abs(value.item() - wanted) / wanted, 1e-12
        norms = {key: p.grad.norm() for key, p in model.named_parameters()}
        names = {key: key for key in detectron2.from_ours(model.state_dict())}
        theirs = dict(zip(names, model.state_dict(), strict=True))
        found = np.array([norms[theirs[str(key)]].item() for key in golden['train_parameters']])
        wanted = golden[f'train_grad_norms_{kind}']
        worst = float((np.abs(found - wanted) / np.maximum(wanted, 1e-12)).max())
        yield f'{name}.npz', f'train_grad_norms_{kind}', worst, 1e-6
    stem = model.backbone.stem[1]
    for key, value in (('mean', stem.running_mean), ('var', stem.running_var)):
        worst = relative(value.numpy(), golden[f'train_stem_{key}'])
        yield f'{name}.npz', f'train_stem_{key}', worst, 1e-6


@torch.no_grad()
def backbone(damped: bool) -> Iterator[Row]:
    """The maps of the backbone's stages."""
    golden, start = np.load(FOLDER / 'backbone.npz'), 'damped' if damped else 'plain'
    model = network(recipe_state('v3', damped)).backbone
    images = torch.tensor(recipe.image(SIZES['wide']))
    stem = model.maxpool(model.stem(images))
    for name, maps in zip(('stem', *(f'res{i}' for i in range(2, 6))), (stem, *model(images)),
                          strict=True):  # fmt: skip
        step = 4 if maps.shape[2] > 40 else 2 if maps.shape[2] > 20 else 1
        thin = maps[:, :: maps.shape[1] // 32, ::step, ::step]
        key = f'{start}_{name}'
        yield 'backbone.npz', key, relative(thin, golden[key]), 5e-5
        wanted = golden[f'{key}_mean_std']
        found = np.array([maps.double().mean(), maps.double().std(correction=0)])
        yield 'backbone.npz', f'{key}_mean_std', float(np.abs(found / wanted - 1).max()), 5e-5


def optimizer(folder: Path = FOLDER) -> Iterator[Row]:
    """Learning rate and decay of every parameter.

    Args:
        folder: With the reference outputs.
    """
    config = load_config('deeplab_v3_plus_R_103_os16_mg124_poly_90k_bs16')
    config.model.pretrained = None
    with torch.device('meta'):
        model = MODELS.build(config.model)
    wrapper = build_optim_wrapper(model, dict(config.optim_wrapper))
    of = {id(g['params'][0]): g for g in wrapper.optimizer.param_groups}
    state = dict(zip(detectron2.from_ours(model.state_dict()), model.state_dict(), strict=True))
    parameters, wrong = dict(model.named_parameters()), 0
    lines = (folder / 'optimizer_v3plus.txt').read_text().splitlines()
    for line in lines:
        name, rate, decay, momentum, nesterov = line.split()
        group = of[id(parameters[state[name]])]
        found = [group[key] for key in ('lr', 'weight_decay', 'momentum')]
        wrong += found != [float(rate), float(decay), float(momentum)]
        wrong += str(group['nesterov']) != nesterov
    wrong += len(lines) != len(parameters)
    yield 'optimizer_v3plus.txt', f'{len(lines)} parameters, those that differ', wrong, 0


def rows() -> Iterator[Row]:
    """All comparisons: file, what, worst difference, bound."""
    from benchmarks.systems import detectron2_parts

    yield from keys()
    yield from optimizer()
    for damped in (False, True):
        yield from backbone(damped)
    for name in NETWORKS:
        for damped in (False, True):
            yield from outputs(name, damped)
        yield from training(name)
        yield from round_trip(name)
    yield from detectron2_parts.rows(FOLDER)


if __name__ == '__main__':
    for row in rows():
        print('{:24} {:52} {:10.3g} <= {:.3g}'.format(*row), flush=True)
