"""Several ways of scoring from the same predictions, against counting by hand."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch

from mmseg_deeplab.evaluation import IoUMetric, count_confusion, mean_score, protocols, scores
from mmseg_deeplab.utils.errors import ConfigError, DataError

CLASSES = ('building', 'car', 'clutter')


def metric(**options):
    made = IoUMetric(**options)
    made.dataset_meta = {'classes': CLASSES}
    return made


def sample(pred, label, **more):
    fields = {'pred_sem_seg': pred, 'gt_sem_seg': label, **more.pop('labels', {})}
    made = {name: {'data': torch.as_tensor(value)[None]} for name, value in fields.items()}
    return {'img_path': 'tiles/a.png', **made, **more}


def test_classes_left_out_two_ways():
    counts = np.array([[6, 1, 1], [0, 3, 1], [2, 0, 4]])
    six, mean, ignored = protocols(counts, {}, CLASSES, left_out=['clutter'])
    assert [row.name for row in (six, mean, ignored)] == [
        '3 classes',
        '2 classes (clutter not in the mean)',
        '2 classes (clutter pixels ignored)',
    ]
    assert six.scores['mIoU'] == pytest.approx((6 / 10 + 3 / 5 + 4 / 8) / 3)
    assert mean.scores['mIoU'] == pytest.approx((6 / 10 + 3 / 5) / 2)
    assert ignored.scores['mIoU'] == pytest.approx((6 / 8 + 3 / 5) / 2)
    assert [row.pixels for row in (six, mean, ignored)] == [18, 18, 12]
    assert [row.scores['aAcc'] for row in (mean, ignored)] == [13 / 18, 9 / 12]
    assert mean.scores['mAcc'] == ignored.scores['mAcc'] == pytest.approx((6 / 8 + 3 / 4) / 2)


def test_left_out_pixels_ignored_are_as_if_labelled_255():
    random = np.random.default_rng(0)
    pred, label = random.integers(0, 3, (2, 40, 40))
    counts = count_confusion(pred, label, 3)
    row = protocols(counts, {}, CLASSES, left_out=['clutter'])[2]
    ignored = scores(count_confusion(pred, np.where(label == 2, 255, label), 3))
    assert row.scores['mIoU'] == mean_score(ignored['IoU'][:2])
    assert row.scores['aAcc'] == ignored['aAcc']


def test_further_labels_and_whole_images_from_one_run(tmp_path):
    """A whole image of 6x10, cut into two crops of 6x6 that share two columns."""
    random = np.random.default_rng(1)
    full = random.integers(0, 3, (6, 10))
    eroded = np.where(random.random((6, 10)) < 0.3, 255, full)
    made = metric(label_set='eroded boundaries', left_out='clutter', report_dir=str(tmp_path))
    counted = {'eroded': 0, 'full': 0}
    whole = np.zeros((6, 10), dtype=int)
    for left, own in ((0, (0, 5)), (4, (1, 6))):
        place = np.s_[:, left : left + 6]
        pred = random.integers(0, 3, (6, 6))  # crops differ where they overlap
        part = {'rows': (0, 6), 'columns': own, 'shape': (6, 6)}
        labels = {'gt_sem_seg_full_boundaries': full[place]}
        made.process({}, [sample(pred, eroded[place], labels=labels, own_part=part)])
        counted['eroded'] += count_confusion(pred, eroded[place], 3)
        counted['full'] += count_confusion(pred, full[place], 3)
        whole[:, left + own[0] : left + own[1]] = pred[:, own[0] : own[1]]
    expected = {
        'eroded boundaries, crops': counted['eroded'],
        'eroded boundaries, whole images, overlaps once': count_confusion(whole, eroded, 3),
        'full boundaries, crops': counted['full'],
        'full boundaries, whole images, overlaps once': count_confusion(whole, full, 3),
    }
    main = made.evaluate(2)
    found = json.loads((tmp_path / 'metrics.json').read_text())
    rows = {row['name']: row for row in found['protocols']}
    assert len(rows) == 12 and found['protocols'][0]['name'].startswith('eroded boundaries, crops')
    for name, counts in expected.items():
        row = rows[f'{name}, 3 classes']
        assert row['pixels'] == counts.sum()
        assert row['mIoU'] == mean_score(scores(counts)['IoU'])
        row = rows[f'{name}, 2 classes (clutter not in the mean)']
        assert row['mIoU'] == mean_score(scores(counts)['IoU'][:2])
    assert main['mIoU'] == round(100 * found['protocols'][0]['mIoU'], 2)
    table = made.report.class_table()
    assert '| full boundaries, whole images, overlaps once, 3 classes' in table
    made.process({}, [sample([[0]], [[0]])])  # evaluations are apart
    made.evaluate(1)
    assert [row.name for row in made.report.protocols()][0] == 'eroded boundaries, 3 classes'


def test_one_protocol_needs_no_table():
    made = metric()
    made.process({}, [sample([[0]], [[0]])])
    made.evaluate(1)
    assert 'Protocol' not in made.report.class_table()
    assert [row['name'] for row in made.report.as_dict()['protocols']] == ['3 classes']


def test_other_labels_without_a_name_for_the_main_ones():
    made = metric()
    made.process({}, [sample([[0]], [[0]], labels={'gt_sem_seg_full': [[1]]})])
    made.evaluate(1)
    assert [row.name for row in made.report.protocols()] == [
        'main labels, 3 classes',
        'full, 3 classes',
    ]


def test_errors():
    made = metric(left_out=['cluter'])
    with pytest.raises(ConfigError, match='left_out must be some of building, car, clutter; got'):
        made.process({}, [sample([[0]], [[0]])])
    part = {'rows': (0, 6), 'columns': (0, 6), 'shape': (6, 6)}
    with pytest.raises(DataError, match=r'a\.png: by its name the crop is 6x6 .* but it is 1x2'):
        metric().process({}, [sample([[0, 0]], [[0, 0]], own_part=part)])
    with pytest.raises(DataError, match='label and prediction must be of one size'):
        metric().process({}, [sample([[0]], [[0]], labels={'gt_sem_seg_full': [[0, 1]]})])
