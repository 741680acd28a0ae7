"""What is measured of a model, on either side."""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from cases import IGNORED, ModelCase
from mmengine.config import ConfigDict
from recipe import fill, integers, uniform
from sides import Side, casts_of
from torch import nn

Numbers = dict[str, torch.Tensor]
FLOAT32_PARTS = ('logits', 'predict', 'slide', 'losses')
BATCH, STEPS = 2, 10


def measure(side: Side, case: ModelCase, cfg: dict) -> dict[str, dict[str, Numbers]]:
    """All parts of a case.

    Args:
        side: The package.
        case: What to measure.
        cfg: The model as MMSegmentation's config resolves it, see :func:`adapted`.

    Returns:
        For each part, float64 and float32, the numbers by name. The part ``'state dict'`` has
        no numbers but the names and shapes, as keys.
    """
    parts: dict[str, dict[str, Numbers]] = {}
    for dtype in (torch.float64, torch.float32):
        wanted = [p for p in case.parts if dtype is torch.float64 or p in FLOAT32_PARTS]
        model = _build(side, cfg, dtype)
        for part in wanted:
            with casts_of(dtype):
                numbers = _PARTS[part](side, model, case, dtype)
            parts.setdefault(part, {})[str(dtype).removeprefix('torch.')] = numbers
    names = {f'{k} {tuple(v.shape)}': torch.zeros(0) for k, v in model.state_dict().items()}
    parts['state dict'] = {'float64': names}
    return parts


def adapted(model: dict, case: ModelCase) -> dict:
    """A zoo model for one process without pretrained weights; the original is left alone."""
    model = _with_plain_batch_norm(model)
    model['pretrained'] = None
    model['data_preprocessor'] = None
    model['backbone'].pop('init_cfg', None)
    crop = [max(16, side // 2 // 16 * 16) for side in case.size]
    stride = [side * 2 // 3 for side in crop]
    model['test_cfg'] = {'mode': 'whole', 'crop_size': crop, 'stride': stride}
    if case.sampler is not None:
        model['decode_head']['sampler'] = case.sampler
    return model


def _with_plain_batch_norm(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _with_plain_batch_norm(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_with_plain_batch_norm(item) for item in value]
    return 'BN' if value == 'SyncBN' else value


def _build(side: Side, cfg: dict, dtype: torch.dtype) -> nn.Module:
    model = side.build('MODELS', ConfigDict(cfg)).to(dtype)
    fill(model)
    return model


def _images(case: ModelCase, dtype: torch.dtype, name: str = 'images') -> torch.Tensor:
    return uniform(name, BATCH, 3, *case.size).to(dtype) * 2


def _samples(side: Side, model: nn.Module, case: ModelCase, name: str = 'labels') -> list:
    """Labels in blobs of a few pixels, with a corner that is ignored in the first image."""
    height, width = case.size
    coarse = integers(name, model.num_classes, BATCH, height // 4 + 1, width // 4 + 1)
    labels = coarse.repeat_interleave(4, 1).repeat_interleave(4, 2)[:, :height, :width]
    if model.num_classes > 2:  # the Dice loss of the two-class models counts ignored pixels
        labels[0, : height // 3, : width // 3] = IGNORED
    return [side.sample(each.clone()) for each in labels]


@torch.no_grad()
def _logits(side: Side, model: nn.Module, case: ModelCase, dtype: torch.dtype) -> Numbers:
    return {'logits': model.eval()(_images(case, dtype), mode='tensor')}


@torch.no_grad()
def _predict(side: Side, model: nn.Module, case: ModelCase, dtype: torch.dtype) -> Numbers:
    """Padding cut, a flip undone, resized to another size."""
    facts = {'ori_shape': (90, 71), 'img_shape': (case.size[0] - 3, case.size[1] - 2)}
    facts |= {'pad_shape': case.size, 'padding_size': (0, 2, 0, 3)}
    facts |= {'flip': True, 'flip_direction': 'horizontal'}
    samples = [side.sample(**facts) for _ in range(BATCH)]
    found = model.eval()(_images(case, dtype), samples, mode='predict')
    return {str(index): sample.seg_logits.data for index, sample in enumerate(found)}


@torch.no_grad()
def _slide(side: Side, model: nn.Module, case: ModelCase, dtype: torch.dtype) -> Numbers:
    facts = {'ori_shape': case.size, 'img_shape': case.size, 'pad_shape': case.size}
    images = _images(case, dtype)
    model.test_cfg.mode = 'slide'
    logits = model.eval().inference(images, [dict(facts) for _ in range(BATCH)])
    model.test_cfg.mode = 'whole'
    return {'logits': logits}


@torch.no_grad()
def _tta(side: Side, model: nn.Module, case: ModelCase, dtype: torch.dtype) -> Numbers:
    """The class map, from two scales with and without a flip."""
    image = _images(case, dtype)[:1]
    merger = side.build('MODELS', {'type': 'SegTTAModel', 'module': model})
    views = []
    for size in (case.size, tuple(side * 2 for side in case.size)):
        for flip in (False, True):
            facts = {'ori_shape': case.size, 'img_shape': size, 'pad_shape': size, 'img_path': ''}
            facts |= {'flip': flip, 'flip_direction': 'horizontal' if flip else None}
            view = F.interpolate(image, size, mode='bilinear', align_corners=False)
            view = view.flip(3) if flip else view
            views += model.eval()(view, [side.sample(**facts)], mode='predict')
    merged = merger.merge_preds([views])[0]
    return {'classes': merged.pred_sem_seg.data.squeeze().double()}


def _forward(model: nn.Module, images: torch.Tensor, samples: list) -> Numbers:
    torch.manual_seed(0)  # of the dropout
    return model.train()(images, samples, mode='loss')


def _losses(side: Side, model: nn.Module, case: ModelCase, dtype: torch.dtype) -> Numbers:
    fill(model)
    with torch.no_grad():
        found = _forward(model, _images(case, dtype), _samples(side, model, case))
    # MMSegmentation counts the accuracy in float32 always
    return {k: v for k, v in found.items() if 'loss' in k or dtype is torch.float32}


def _gradients(side: Side, model: nn.Module, case: ModelCase, dtype: torch.dtype) -> Numbers:
    fill(model)
    model.zero_grad()
    losses = _forward(model, _images(case, dtype), _samples(side, model, case))
    _total(losses).backward()
    return {name: p.grad for name, p in model.named_parameters()}


def _total(losses: Numbers) -> torch.Tensor:
    return sum(value.sum() for name, value in losses.items() if 'loss' in name)


def _ten_steps(side: Side, model: nn.Module, case: ModelCase, dtype: torch.dtype) -> Numbers:
    """Losses, and how far weights and statistics move, by SGD with the zoo's settings.

    But for the rate: at the zoo's 0.01 these untrained weights are chaotic, and the last bit of
    an input becomes 5e-10 of the weights within ten steps, on either side.
    """
    fill(model)
    start = {k: v.clone() for k, v in model.state_dict().items()}
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-4, momentum=0.9, weight_decay=5e-4)
    totals = []
    for step in range(STEPS):
        images = _images(case, dtype, f'images {step}')
        samples = _samples(side, model, case, f'labels {step}')
        total = _total(_forward(model, images, samples))
        optimizer.zero_grad()
        total.backward()
        optimizer.step()
        totals.append(total.detach())
    moved = {k: v - start[k] for k, v in model.state_dict().items() if v.is_floating_point()}
    return {'totals': torch.stack(totals), **moved}


_PARTS = {
    'logits': _logits,
    'predict': _predict,
    'slide': _slide,
    'tta': _tta,
    'losses': _losses,
    'gradients': _gradients,
    'ten steps': _ten_steps,
}
