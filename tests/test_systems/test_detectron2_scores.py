"""Cityscapes scores against the benchmark's own scripts, boundary IoU and run lengths by hand."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from mmseg_deeplab.evaluation import CityscapesMetric, SemSegMetric
from mmseg_deeplab.evaluation.boundary import boundary_width, count_boundaries
from mmseg_deeplab.evaluation.cityscapes import (
    LABEL_IDS,
    CityscapesCounts,
    cityscapes_scores,
    count_cityscapes,
)
from mmseg_deeplab.evaluation.rle import decode_mask, encode_mask
from mmseg_deeplab.utils.errors import ConfigError, DataError


def scene(seed, shape=(40, 60)):
    """Predicted label ids, label ids and instance ids; blocks of all kinds of labels."""
    random = np.random.RandomState(seed)
    kinds = random.randint(0, 34, (shape[0] // 5, shape[1] // 5))
    blocks = kinds.repeat(5, axis=0).repeat(5, axis=1)
    things = (blocks >= 24) & (random.rand(*kinds.shape).repeat(5, 0).repeat(5, 1) < 0.8)
    number = random.randint(0, 9, kinds.shape).repeat(5, axis=0).repeat(5, axis=1)
    instances = np.where(things, 1000 * blocks + number, blocks)
    guess = LABEL_IDS[random.randint(0, 19, shape)]
    pred = np.where((random.rand(*shape) < 0.6) & np.isin(blocks, LABEL_IDS), blocks, guess)
    return pred.astype(np.uint8), blocks.astype(np.uint8), instances.astype(np.uint16)


def test_scores_are_those_of_the_public_scripts(monkeypatch, tmp_path):
    monkeypatch.setattr(np, 'in1d', np.isin, raising=False)  # gone from numpy, used there
    package = pytest.importorskip('cityscapesscripts.evaluation.evalPixelLevelSemanticLabeling')
    import cv2

    total, pairs = CityscapesCounts.empty(), []
    for seed in range(3):
        pred, labels, instances = scene(seed)
        total = total.plus(count_cityscapes(pred, labels, instances))
        start = tmp_path / f'a_{seed:06d}_000019_gtFine'
        pairs.append((f'{start}_pred.png', f'{start}_labelIds.png'))
        for name, array in (('pred', pred), ('labelIds', labels), ('instanceIds', instances)):
            cv2.imwrite(f'{start}_{name}.png', array)
    args = package.args
    monkeypatch.setattr(args, 'quiet', True)
    monkeypatch.setattr(args, 'JSONOutput', False)
    wanted = package.evaluateImgLists(*zip(*pairs, strict=True), args)
    found = cityscapes_scores(total)
    for ours, theirs in (
        (found.classes, 'classScores'), (found.things, 'classInstScores'),
        (found.categories, 'categoryScores'), (found.thing_categories, 'categoryInstScores'),
    ):  # fmt: skip
        for name, value in ours.items():
            assert value == pytest.approx(wanted[theirs][name], rel=1e-12, nan_ok=True), name
    means = ('Classes', 'InstClasses', 'Categories', 'InstCategories')
    assert list(found.means().values()) == pytest.approx(
        [wanted[f'averageScore{name}'] for name in means], rel=1e-12
    )


def test_metric_reads_the_files_beside_the_label(tmp_path):
    import cv2

    pred, labels, instances = scene(0)
    train_ids = np.searchsorted(LABEL_IDS, pred).astype(np.int64)
    for name, array in (('labelIds', labels), ('instanceIds', instances)):
        cv2.imwrite(str(tmp_path / f'a_gtFine_{name}.png'), array)
    sample = {
        'pred_sem_seg': {'data': torch.tensor(train_ids)[None]},
        'img_path': str(tmp_path / 'a_leftImg8bit.png'),
        'seg_map_path': str(tmp_path / 'a_gtFine_labelTrainIds.png'),
    }
    metric = CityscapesMetric(output_dir=str(tmp_path / 'out'), prefix='city')
    metric.process(None, [sample])
    found = metric.evaluate(1)
    wanted = cityscapes_scores(count_cityscapes(pred, labels, instances)).means()
    assert found == {f'city/{name}': 100 * value for name, value in wanted.items()}
    written = cv2.imread(str(tmp_path / 'out' / 'a_leftImg8bit_pred.png'), cv2.IMREAD_UNCHANGED)
    assert np.array_equal(written, pred)
    (tmp_path / 'a_gtFine_instanceIds.png').unlink()
    with pytest.raises(DataError, match='instanceIds.png: must be a readable PNG'):
        metric.process(None, [sample])
    with pytest.raises(DataError, match="needs the label's path, which must end in _labelTrainIds"):
        metric.process(None, [dict(sample, seg_map_path='a.png')])
    with pytest.raises(DataError, match='training ids 0 to 18 of Cityscapes, got 19'):
        metric.process(None, [dict(sample, pred_sem_seg={'data': torch.full((1, 2, 2), 19)})])
    with pytest.raises(ConfigError, match='output_dir must be given'):
        CityscapesMetric(format_only=True)


def test_boundaries_of_two_squares():
    label = np.zeros((40, 40), np.uint8)
    label[10:20, 10:20] = 1
    pred = np.zeros((40, 40), np.uint8)
    pred[10:20, 12:22] = 1
    assert boundary_width(label.shape) == 1  # 2 % of 56.6
    both, either = count_boundaries(pred, label, 3)
    # rings of 36 pixels each: they share the upper and lower edges from column 12 to 19
    assert (both[1], either[1]) == (16, 72 - 16)
    assert both[2] == either[2] == 0
    label[:, :30] = 255
    assert count_boundaries(pred, label, 3)[1, 1] == 0  # what is ignored is in neither mask


def test_scores_of_classes_that_are_only_predicted():
    label, pred = torch.tensor([[0, 0, 0, 1]]), torch.tensor([[0, 0, 2, 1]])
    metric = SemSegMetric(boundary=None)
    metric.dataset_meta = {'classes': ['a', 'b', 'c']}
    maps = {'pred_sem_seg': {'data': pred}, 'gt_sem_seg': {'data': label}}
    metric.process(None, [maps])
    found = metric.evaluate(1)
    assert found['mIoU'] == pytest.approx(100 * (2 / 3 + 1) / 2)
    assert found['fwIoU'] == pytest.approx(100 * (0.75 * 2 / 3 + 0.25))
    assert (found['pACC'], found['mACC']) == pytest.approx((75, 100 * (2 / 3 + 1) / 2))
    assert np.isnan(found['IoU-c']) and not [name for name in found if 'Boundary' in name]
    with pytest.raises(ConfigError, match='boundary must be one of'):
        SemSegMetric(boundary='thick')


@pytest.mark.parametrize('seed', range(4))
def test_run_lengths_there_and_back(seed):
    mask = np.random.RandomState(seed).rand(37, 53) < (0.02, 0.5, 0.98, 2)[seed]
    assert np.array_equal(decode_mask(encode_mask(mask)), mask)


def test_run_lengths_by_hand():
    # COCO's form of runs 0, 1, 2, 1 down the columns
    encoded = encode_mask(np.array([[True, False], [False, True]]))
    assert encoded == {'size': [2, 2], 'counts': '0120'}
    with pytest.raises(ValueError, match='must cover 3 x 2'):
        decode_mask({'size': [3, 2], 'counts': '0120'})
