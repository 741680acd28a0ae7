"""Losses, schedule, augmentation, metrics and weight files of Detectron2 against its own output."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch

from mmseg_deeplab.datasets.transforms import RandomCrop, ResizeShortestEdge
from mmseg_deeplab.datasets.transforms.arrays import resize
from mmseg_deeplab.engine.schedulers import WarmupPolyLR
from mmseg_deeplab.evaluation import SemSegMetric
from mmseg_deeplab.evaluation.cityscapes import (
    LABEL_IDS,
    CityscapesCounts,
    cityscapes_scores,
    count_cityscapes,
)
from mmseg_deeplab.hub.foreign import detectron2
from mmseg_deeplab.models import CrossEntropyLoss, HardPixelMiningLoss

Row = tuple[str, str, float, float]
RATE = 0.01
SCHEDULES = {
    'shipped': {'end': 90000},
    'constant_ending': {'end': 90000, 'constant_ending': 0.1},
    'warmup_over_poly': {'end': 200, 'warmup_iters': 150, 'constant_ending': 0.6},
    'warmup_constant': {
        'end': 50, 'warmup_iters': 10, 'warmup_method': 'constant', 'warmup_factor': 0.1,
        'power': 0.5,
    },
}  # fmt: skip
LIMITS = ('0.5', '0.75', '1.0')


def worst(ours: object, golden: object) -> float:
    """The largest difference; NaN in both places is none, NaN in one is infinite."""
    ours, golden = np.asarray(ours, np.float64), np.asarray(golden, np.float64)
    if ours.shape != golden.shape or (np.isnan(ours) != np.isnan(golden)).any():
        return float('inf')
    return float(np.nanmax(np.abs(ours - golden), initial=0))


def losses(folder: Path) -> Iterator[Row]:
    """Both losses and their gradients; where the original gives NaN, ours is finite."""
    golden = np.load(folder / 'losses.npz')
    kinds = {
        'hard_pixel_mining': HardPixelMiningLoss(),
        'cross_entropy': CrossEntropyLoss(avg_non_ignore=True),
    }
    for case in ('mixed', 'mostly_ignored', 'all_ignored', 'nine_pixels', 'four_pixels'):
        labels = torch.tensor(golden[f'{case}_labels'].astype(np.int64))
        for kind, loss in kinds.items():
            logits = torch.tensor(golden[f'{case}_logits'], requires_grad=True)
            value = loss(logits, labels)
            value.backward()
            key = f'{case}_{kind}'
            if np.isnan(golden[key]):
                finite = bool(torch.isfinite(value))
                yield 'losses.npz', f'{key}: NaN there, finite here', float(not finite), 0
                continue
            yield 'losses.npz', key, worst(value.detach(), golden[key]), 2e-6
            if f'{key}_grad' in golden:
                difference = worst(logits.grad, golden[f'{key}_grad'])
                yield 'losses.npz', f'{key}_grad', difference, 1e-7


def schedule(folder: Path) -> Iterator[Row]:
    """Learning rates, stepped one by one where the training is short."""
    golden = np.load(folder / 'lr.npz')
    for name, options in SCHEDULES.items():
        optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=RATE)
        scheduler = WarmupPolyLR(optimizer, by_epoch=False, **options)
        if options['end'] == 90000:
            found = [RATE * scheduler.factor(step) for step in golden['iterations'].tolist()]
        else:
            found = []
            for _ in range(options['end']):
                found.append(optimizer.param_groups[0]['lr'])
                optimizer.step()
                scheduler.step()
        yield 'lr.npz', name, float(np.abs(np.array(found) / golden[name] - 1).max()), 1e-12


def augmentation(folder: Path) -> Iterator[Row]:
    """Crops by the category constraint, and sizes and pixels of the resize."""
    golden, file = np.load(folder / 'augmentation.npz'), 'augmentation.npz'
    size = tuple(int(side) for side in golden['crop_size'])
    names = [k.removeprefix('crop_').removesuffix('_drawn_1.0')
             for k in golden.files if k.endswith('_drawn_1.0')]  # fmt: skip
    wrong = {'accepted': 0, 'drawn': 0}
    for name in names:
        label = golden[f'crop_{name}']
        for limit in LIMITS:
            for ignore, end in ((255, ''), (256, '_keep255')) if limit != '1.0' else ():
                crop = RandomCrop(size, float(limit), ignore_index=ignore)
                for (y, x), accepted in np.ndenumerate(golden[f'crop_{name}_accept_{limit}{end}']):
                    part = label[y : y + size[0], x : x + size[1]]
                    wrong['accepted'] += crop.is_mixed(part) != accepted
            crop = RandomCrop(size, float(limit), max_draws=10)
            image = np.stack(np.indices(label.shape), axis=2)
            for row, (x, y, width, height, _) in enumerate(golden[f'crop_{name}_drawn_{limit}']):
                np.random.seed(row)
                sample = {'img': image, 'gt_seg_map': label, 'seg_fields': ['gt_seg_map']}
                cut = crop(sample)['img']
                found = (*cut[0, 0], *cut.shape[:2])
                wrong['drawn'] += found != (y, x, height, width)
    for what, count in wrong.items():
        yield file, f'crops {what} that differ', count, 0
    wrong_sizes = 0
    for h, w, short, longest, new_h, new_w in golden['resize_shapes'].tolist():
        resized = ResizeShortestEdge(short, longest, backend='pillow')
        sample = resized({'img': np.zeros((h, w), np.uint8)})
        wrong_sizes += sample['img_shape'] != (new_h, new_w)
    yield file, 'sizes of the resize that differ', wrong_sizes, 0
    for short in (23, 64):
        for kind, how in (('image', 'bilinear'), ('labels', 'nearest')):
            wanted = golden[f'resize_{kind}_{short}']
            found = resize(golden[f'resize_{kind}'], wanted.shape[1::-1], how, 'pillow')
            yield file, f'resize_{kind}_{short}', worst(found, wanted), 0


def metrics(folder: Path) -> Iterator[Row]:
    """Scores of SemSegMetric and of the Cityscapes benchmark, and the run lengths."""
    golden, file = np.load(folder / 'metrics.npz'), 'metrics.npz'
    with tempfile.TemporaryDirectory() as place:
        runs = Path(place) / 'runs.json'
        metric = SemSegMetric(boundary='label_map', predictions_file=str(runs))
        metric.dataset_meta = {'classes': [f'class{i}' for i in range(6)]}
        for i in range(2):
            maps = {
                name: {'data': torch.tensor(golden[f'{key}_{i}'].astype(np.int64))}
                for name, key in (('pred_sem_seg', 'prediction'), ('gt_sem_seg', 'truth'))
            }
            metric.process(None, [{**maps, 'img_path': f'{i}.png'}])
        found = metric.evaluate(2)
        written = json.loads(runs.read_text())
    wanted = json.loads((folder / 'sem_seg_predictions.json').read_text())
    yield 'sem_seg_predictions.json', f'{len(wanted)} masks that differ', written != wanted, 0
    yield file, 'result_names', list(found) != golden['result_names'].tolist(), 0
    for name in ('mIoU', 'fwIoU', 'mACC', 'pACC'):
        yield file, name, worst(found[name], golden[name]), 1e-9
    ours = {'min_IoU_BoundaryIoU': 'min(IoU, B-Iou)'}
    for name in ('IoU', 'BoundaryIoU', 'min_IoU_BoundaryIoU', 'ACC'):
        values = [found[f'{ours.get(name, name)}-class{i}'] for i in range(6)]
        yield file, name, worst(values, golden[name]), 1e-9
    counts, wrong = CityscapesCounts.empty(), 0
    for i in range(2):
        ids = LABEL_IDS[golden[f'city_prediction_{i}']]
        wrong += int((ids != golden[f'city_written_{i}']).sum())
        truth = golden[f'city_label_ids_{i}'], golden[f'city_instance_ids_{i}']
        counts = counts.plus(count_cityscapes(ids, *truth))
    yield file, 'city_written, pixels that differ', wrong, 0
    for name, value in cityscapes_scores(counts).means().items():
        yield file, f'city_{name}', worst(100 * value, golden[f'city_{name}']), 1e-9


def weight_files(folder: Path) -> Iterator[Row]:
    """The pickles of three ages, the backbone's names, Caffe2's form."""
    wanted = np.load(folder / 'zoo_expected.npz')
    names = [name for name in wanted.files if name != 'filled_from_zoo_suffix']
    for file in ('zoo_tiny.pkl', 'zoo_tiny_python2.pkl', 'zoo_tiny_numpy2.pkl'):
        state, meta = detectron2.read(folder / file)
        wrong = set(state) != set(names) or meta.get('__author__') != 'golden'
        for name in names:
            same = state[name].dtype == wanted[name].dtype
            wrong += not (same and np.array_equal(state[name], wanted[name]))
        yield file, f'{len(names)} arrays that differ', wrong, 0
    found = detectron2.to_ours(detectron2.read(folder / 'zoo_suffix.pkl').state)
    theirs = detectron2.from_ours({f'backbone.{name}': value for name, value in found.items()})
    same = sorted(theirs) == sorted(wanted['filled_from_zoo_suffix'].tolist())
    yield 'zoo_suffix.pkl', 'entries filled', not same, 0
    blobs = detectron2.read(folder / 'caffe2_blobs.pkl').state
    yield 'caffe2_blobs.pkl', 'entries', list(blobs) != ['conv1_b'], 0


def rows(folder: Path) -> Iterator[Row]:
    """All comparisons of this file.

    Args:
        folder: With the reference outputs.
    """
    for part in (losses, schedule, augmentation, metrics, weight_files):
        for file, what, difference, bound in part(folder):
            yield file, what, float(difference), bound
