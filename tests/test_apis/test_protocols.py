"""A Potsdam test, from files to the table of protocols, against the masks that it writes."""

from __future__ import annotations

import json

import cv2
import numpy as np
import pytest

from mmseg_deeplab.apis import test as run_test
from mmseg_deeplab.datasets import PotsdamDataset
from mmseg_deeplab.evaluation import count_confusion, scores

from .tiny import picture, save_checkpoint, tiny_config

STARTS = (0, 16)  # a tile 56 wide and 40 high, in crops of 40x40


def write_tile(root):
    """Two crops with eroded and full labels, ids from 1."""
    image = picture(40, 56, seed=1)
    patches = np.random.default_rng(2).integers(1, 7, (5, 7), dtype=np.uint8)
    full = cv2.resize(patches, (56, 40), interpolation=cv2.INTER_NEAREST)
    eroded = full.copy()
    eroded[:, 7::8] = 0
    for start in STARTS:
        name = f'2_13_{start}_0_{start + 40}_40.png'
        arrays = {'img_dir': image, 'ann_dir': eroded, 'ann_dir_full': full}
        for folder, array in arrays.items():
            (root / folder / 'val').mkdir(parents=True, exist_ok=True)
            cv2.imwrite(str(root / folder / 'val' / name), array[:, start : start + 40])
    return {'eroded boundaries': eroded, 'full boundaries': full}


@pytest.mark.parametrize('aug_test', [False, True])
def test_potsdam_by_all_protocols_at_once(tmp_path, aug_test):
    labels = write_tile(tmp_path)
    checkpoint = save_checkpoint(tmp_path / 'a.pth', {}, num_classes=6)
    config = tiny_config(6)
    config['test_dataloader'] = {
        'batch_size': 1,
        'num_workers': 0,
        'sampler': {'type': 'DefaultSampler', 'shuffle': False},
        'dataset': {
            'type': 'PotsdamDataset',
            'data_root': str(tmp_path),
            'data_prefix': {
                'img_path': 'img_dir/val',
                'seg_map_path': 'ann_dir/val',
                'seg_map_path_full_boundaries': 'ann_dir_full/val',
            },
            'pipeline': config['test_pipeline'],
        },
    }
    names = {'label_set': 'eroded boundaries', 'left_out': ['clutter']}
    config['test_evaluator'] = {'type': 'IoUMetric', **names}
    run_test(
        config,
        checkpoint,
        aug_test=aug_test,
        out=tmp_path / 'out',
        work_dir=tmp_path / 'work',
        device='cpu',
    )
    read = [
        cv2.imread(str(tmp_path / 'out' / f'2_13_{start}_0_{start + 40}_40.png'), 0)
        for start in STARTS
    ]
    whole = np.concatenate([read[0][:, :28], read[1][:, 12:]], axis=1)
    file = tmp_path / 'work' / ('test_ms_flip' if aug_test else 'test') / 'metrics.json'
    rows = {row['name']: row for row in json.loads(file.read_text())['protocols']}
    assert len(rows) == 12 and PotsdamDataset.METAINFO['classes'][5] == 'clutter'
    for name, stored in labels.items():
        ids = np.where(stored == 0, 255, stored - 1)
        crops = sum(
            count_confusion(mask, ids[:, start : start + 40], 6)
            for mask, start in zip(read, STARTS, strict=True)
        )
        for unit, counts in (
            ('crops', crops),
            ('whole images, overlaps once', count_confusion(whole, ids, 6)),
        ):
            iou = scores(counts)['IoU']
            row = rows[f'{name}, {unit}, 6 classes']
            assert row['mIoU'] == pytest.approx(np.nanmean(iou), abs=1e-12)
            row = rows[f'{name}, {unit}, 5 classes (clutter not in the mean)']
            assert row['mIoU'] == pytest.approx(np.nanmean(iou[:5]), abs=1e-12)
