"""What a test of a checkpoint leaves behind: masks, pictures and the report."""

from __future__ import annotations

import json

import cv2
import numpy as np
import pytest

from mmseg_deeplab.apis import inference_model
from mmseg_deeplab.apis import test as run_test
from mmseg_deeplab.evaluation import count_confusion, scores

from .tiny import NAMES, PALETTE, picture, tiny_config, write_images


def write_labels(folder, count=3):
    folder.mkdir()
    labels = []
    for index in range(count):
        patches = np.random.default_rng(index).integers(0, 3, (5, 7), dtype=np.uint8)
        label = cv2.resize(patches, (56, 40), interpolation=cv2.INTER_NEAREST)
        label[:3] = 255
        cv2.imwrite(str(folder / f'{index}.png'), label)
        labels.append(label)
    return labels


def config_of(root):
    config = tiny_config()
    config['test_dataloader'] = {
        'batch_size': 2,
        'num_workers': 0,
        'sampler': {'type': 'DefaultSampler', 'shuffle': False},
        'dataset': {
            'type': 'BaseSegDataset',
            'data_root': str(root),
            'data_prefix': {'img_path': 'img', 'seg_map_path': 'ann'},
            'img_suffix': '.png',
            'seg_map_suffix': '.png',
            'metainfo': {'classes': NAMES, 'palette': PALETTE},
            'pipeline': config['test_pipeline'],
        },
    }
    config['test_evaluator'] = {'type': 'IoUMetric', 'iou_metrics': ['mIoU']}
    config['test_cfg'] = {'type': 'TestLoop'}
    return config


@pytest.mark.parametrize('aug_test', [False, True])
def test_files_and_figures(tmp_path, checkpoint, model, aug_test):
    write_images(tmp_path / 'img', 3)
    labels = write_labels(tmp_path / 'ann')
    found = run_test(
        config_of(tmp_path),
        checkpoint,
        aug_test=aug_test,
        out=tmp_path / 'out',
        show_dir=tmp_path / 'show',
        work_dir=tmp_path / 'work',
        device='cpu',
    )
    masks = [cv2.imread(str(tmp_path / 'out' / f'{i}.png'), cv2.IMREAD_UNCHANGED) for i in range(3)]
    counts = sum(count_confusion(*pair, 3) for pair in zip(masks, labels, strict=True))
    assert found['mIoU'] == round(100 * np.nanmean(scores(counts)['IoU']), 2)
    if not aug_test:
        for index, mask in enumerate(masks):
            alone = inference_model(model, picture(seed=index)).pred_sem_seg.data[0]
            assert np.array_equal(alone.cpu().numpy(), mask)
    report = tmp_path / 'work' / ('test_ms_flip' if aug_test else 'test')
    exact = json.loads((report / 'metrics.json').read_text())
    assert exact['images'] == 3 and exact['pixels'] == 3 * 37 * 56
    assert round(100 * exact['mIoU'], 2) == found['mIoU']
    shown = cv2.imread(str(tmp_path / 'show' / '2.png'))
    assert shown.shape[1] == 3 * 256 + 4 * 8  # input, label, prediction
    first_patch = shown[26 + 10, 8 + 10].tolist()
    assert first_patch == picture(seed=2)[0, 0].tolist()
