"""Losses by themselves, transforms, the preprocessor, the schedule and the metric."""

from __future__ import annotations

import random
import tempfile
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
import torch.nn.functional as F
from cases import CLASSES, IGNORED, LOSSES, PIPELINES, TRANSFORMS, WITHOUT_IGNORED
from model_parts import Numbers
from recipe import integers, uniform
from sides import PEER, Side, casts_of

Rows = dict[str, dict[str, Numbers]]
SEEDS = range(8)
SIZE = (97, 131)
LEAVE_OLD_SHAPE = {'RandomRotate'}  # MMSegmentation's, with auto_bound


def losses(side: Side) -> Rows:
    """Value and gradient of each loss on logits of an odd size."""
    rows: Rows = {}
    for kind, options in LOSSES:
        values = {}
        for dtype in (torch.float64, torch.float32):
            logits = (uniform('logits', 2, CLASSES, 17, 23) * 3).to(dtype).requires_grad_()
            labels = integers('labels', CLASSES, 2, 17, 23)
            if kind not in WITHOUT_IGNORED and 'class_weight' not in options:
                labels[0, :5] = IGNORED
            loss = side.build('MODELS', {'type': kind, **options})
            if kind == 'FocalLoss' and side.package == PEER:  # on a CPU it takes no class ids
                labels = F.one_hot(labels, CLASSES).permute(0, 3, 1, 2)
            with casts_of(dtype):
                value = loss(logits, labels, ignore_index=IGNORED)
            value.sum().backward()
            numbers = {'value': value.detach(), 'gradient': logits.grad}
            values[str(dtype).removeprefix('torch.')] = numbers
        rows[_title(kind, options)] = values
    return rows


def transforms(side: Side) -> Rows:
    """Images, labels and metainfo after a transform, over several seeds of all generators."""
    rows = {
        _title(kind, options): _drawn(side, [(kind, options)], _sample)
        for kind, options in TRANSFORMS
    }
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / 'label.png'
        cv2.imwrite(str(path), _label_map())
        for name, steps in PIPELINES.items():
            rows[name] = _drawn(side, steps, lambda: _record(path))
    return rows


def _drawn(side: Side, steps: list, make_sample: Any) -> dict[str, Numbers]:
    built = [side.build('TRANSFORMS', {'type': kind, **options}) for kind, options in steps]
    numbers: Numbers = {}
    for seed in SEEDS:
        random.seed(seed)
        np.random.seed(seed)
        torch.manual_seed(seed)
        sample = make_sample()
        for transform in built:
            sample = transform(sample)
        for name, value in _as_numbers(sample).items():
            if name == 'img_shape' and steps[0][0] in LEAVE_OLD_SHAPE:
                continue
            numbers[f'{seed} {name}'] = torch.as_tensor(np.array(value)).double()
    return {'float64': numbers}


def _as_numbers(sample: dict) -> dict[str, Any]:
    if 'data_samples' in sample:  # packed
        packed = sample['data_samples']
        facts = {key: packed.get(key) for key in ('img_shape', 'flip') if key in packed}
        return {'img': sample['inputs'], 'label': packed.gt_sem_seg.data, **facts}
    wanted = ('img', 'gt_seg_map', 'scale_factor', 'flip')
    numbers = {key: sample[key] for key in wanted if sample.get(key) is not None}
    # mmcv's Pad adds the number of channels to the shape, which nothing uses
    return numbers | {key: sample[key][:2] for key in ('img_shape', 'pad_shape') if key in sample}


def _label_map() -> np.ndarray:
    coarse = integers('label map', 7, SIZE[0] // 8 + 1, SIZE[1] // 8 + 1)
    fine = coarse.repeat_interleave(8, 0).repeat_interleave(8, 1)[: SIZE[0], : SIZE[1]]
    return fine.numpy().astype(np.uint8)


def _record(path: Path) -> dict:
    """What a data set gives and the image loader adds."""
    image = integers('image', 256, *SIZE, 3).numpy().astype(np.uint8)
    return {
        'img': image, 'img_shape': SIZE, 'ori_shape': SIZE, 'img_path': 'image.png',
        'seg_map_path': str(path), 'label_map': None, 'reduce_zero_label': True,
        'seg_fields': [],
    }  # fmt: skip


def _sample() -> dict:
    record = _record(Path('label.png'))
    return record | {'gt_seg_map': _label_map(), 'seg_fields': ['gt_seg_map']}


def preprocessor(side: Side) -> Rows:
    """Batches of the data preprocessor: padded to a size, to a multiple, and for testing."""
    common = {
        'type': 'SegDataPreProcessor', 'mean': [123.675, 116.28, 103.53],
        'std': [58.395, 57.12, 57.375], 'bgr_to_rgb': True, 'pad_val': 0, 'seg_pad_val': 255,
    }  # fmt: skip
    kinds = {
        'training, size': ({'size': (64, 80)}, True),
        'training, size_divisor': ({'size_divisor': 32}, True),
        'testing': ({}, False),
        'testing, size_divisor': ({'test_cfg': {'size_divisor': 32}}, False),
    }
    rows: Rows = {}
    for name, (options, training) in kinds.items():
        build = side.build('MODELS', {**common, **options})
        images = [integers(f'image {i}', 256, 3, 61, 70).to(torch.uint8) for i in range(2)]
        labels = [integers(f'label {i}', 7, 61, 70) for i in range(2)]
        samples = [side.sample(label, img_shape=(61, 70)) for label in labels]
        batch = build({'inputs': images, 'data_samples': samples}, training)
        facts = {f'label {i}': s.gt_sem_seg.data for i, s in enumerate(batch['data_samples'])}
        rows[name] = {'float64': {'inputs': batch['inputs'].double(), **facts}}
    return rows


def schedule(side: Side) -> Rows:
    """Learning rates of the zoo's poly schedule, over 400 iterations."""
    parameter = torch.nn.Parameter(torch.zeros(1))
    optimizer = torch.optim.SGD([parameter], lr=0.01, momentum=0.9)
    cfg = {'type': 'PolyLR', 'eta_min': 1e-4, 'power': 0.9, 'begin': 0, 'end': 400}
    cfg |= {'by_epoch': False, 'optimizer': optimizer}
    scheduler = side.build('PARAM_SCHEDULERS', cfg)
    rates = []
    for _ in range(400):
        rates.append(optimizer.param_groups[0]['lr'])
        optimizer.step()
        scheduler.step()
    numbers = {'rates': torch.tensor(rates, dtype=torch.float64)}
    return {'PolyLR': {'float64': numbers}}


def metric(side: Side) -> Rows:
    """Scores of the same predictions; one class is predicted only, one is in the labels only."""
    kinds = ['mIoU', 'mDice', 'mFscore']
    built = side.build('METRICS', {'type': 'IoUMetric', 'iou_metrics': kinds})
    built.dataset_meta = {'classes': tuple(f'class {i}' for i in range(7)), 'palette': None}
    for index in range(5):
        label = integers(f'label {index}', 6, 41, 53)
        label[:6] = IGNORED
        predicted = torch.where(uniform(f'right {index}', 41, 53) > 0, label, 6)
        predicted = torch.where(predicted == 5, 4, predicted).clamp(max=6)
        sample = side.sample(label, img_path=f'{index}.png').to_dict()
        sample['pred_sem_seg'] = {'data': predicted[None]}
        built.process({}, [sample])
    found = built.compute_metrics(built.results)
    # both give percent of two decimals, one of them in float32
    numbers = {k: torch.tensor(round(float(v), 2), dtype=torch.float64) for k, v in found.items()}
    return {'IoUMetric': {'float64': numbers}}


def _title(kind: str, options: dict) -> str:
    return f'{kind}({", ".join(f"{key}={value}" for key, value in options.items())})'


GROUPS = {
    'losses': losses,
    'transforms': transforms,
    'preprocessor': preprocessor,
    'schedule': schedule,
    'metric': metric,
}
