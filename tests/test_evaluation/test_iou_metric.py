"""The metric as the evaluator uses it."""

from __future__ import annotations

import csv
import json

import cv2
import numpy as np
import pytest
import torch
import torch.multiprocessing as mp
from mmengine.structures import PixelData

from mmseg_deeplab.evaluation import ConfusionMatrix, IoUMetric, SegReport, write_report
from mmseg_deeplab.registry import METRICS
from mmseg_deeplab.structures import SegDataSample
from mmseg_deeplab.utils.errors import ConfigError, DataError
from mmseg_deeplab.utils.log import get_logger

CLASSES = ('field', 'road', 'water')


def sample(pred, label=None, **more):
    made = dict(pred_sem_seg={'data': torch.tensor(pred)[None]}, **more)
    made.setdefault('img_path', 'tiles/a.png')
    if label is not None:
        made['gt_sem_seg'] = {'data': torch.tensor(label)[None]}
    return made


def metric(**options):
    made = IoUMetric(**options)
    made.dataset_meta = {'classes': CLASSES}
    return made


def test_built_from_a_config():
    assert type(METRICS.build({'type': 'IoUMetric', 'iou_metrics': ['mIoU']})) is IoUMetric


def test_keys_and_rounding():
    made = metric(iou_metrics=['mIoU', 'mDice', 'mFscore'])
    made.process({}, [sample([[0, 1, 1], [1, 2, 0]], [[0, 0, 1], [1, 2, 2]])])
    found = made.evaluate(1)
    assert found['aAcc'] == 66.67
    assert found['mIoU'] == round(100 * (1 / 3 + 2 / 3 + 1 / 2) / 3, 2)
    assert list(found) == [
        'aAcc', 'mIoU', 'mAcc', 'mDice', 'mFscore', 'mPrecision', 'mRecall',
    ]  # fmt: skip
    assert made.report.as_dict()['aAcc'] == 4 / 6


def test_tta_predictions_without_a_channel_axis_and_a_prefix():
    made = metric(prefix='val')
    made.process({}, [dict(sample([[0]], [[0]]), pred_sem_seg={'data': torch.tensor([[0]])})])
    assert made.evaluate(1) == {'val/aAcc': 100.0, 'val/mIoU': 100.0, 'val/mAcc': 100.0}


def test_memory_does_not_grow_and_evaluations_are_apart():
    made = metric()
    for _ in range(5):
        made.process({}, [sample([[0, 1]], [[0, 1]])] * 2)
    assert len(made.results) == 1 and made.results[0].images == 10
    assert made.evaluate(10)['mIoU'] == 100.0
    made.process({}, [sample([[1, 0]], [[0, 1]])])
    assert made.evaluate(1)['mIoU'] == 0.0


def test_nothing_but_ignored_pixels():
    made = metric()
    made.process({}, [sample([[0]], [[255]])])
    assert all(np.isnan(value) for value in made.evaluate(1).values())
    json.dumps(made.report.as_dict(), allow_nan=False)


def test_other_number_of_images_is_told(caplog):
    made = metric()
    made.process({}, [sample([[0]], [[0]])])
    logger = get_logger()  # it does not propagate to pytest's own handler
    logger.addHandler(caplog.handler)
    made.evaluate(7)
    logger.removeHandler(caplog.handler)
    assert '1 images were evaluated, but the data set has 7' in caplog.text


@pytest.mark.parametrize(
    'wrong, message',
    [
        (sample([[0]], [[200]], seg_map_path='masks/a.png'), r'masks/a\.png: labels .* 200 \(1'),
        (sample([[9]], [[0]]), r'tiles/a\.png: predictions .* 9 \(1'),
        (sample([[0]]), r'tiles/a\.png: there is no label .*format_only'),
        (sample([[0]], [[0, 0]]), r'label \(1, 2\) and prediction \(1, 1\)'),
    ],
)
def test_errors_name_the_file(wrong, message):
    with pytest.raises(DataError, match=message):
        metric().process({}, [wrong])


def test_wrong_arguments():
    with pytest.raises(ConfigError, match='iou_metrics must be'):
        IoUMetric(iou_metrics=['mIou'])
    with pytest.raises(ConfigError, match='output_dir must be given'):
        IoUMetric(format_only=True)
    with pytest.raises(TypeError):
        IoUMetric(iou_metircs=['mIoU'])
    with pytest.raises(ConfigError, match='dataset_meta must have classes'):
        IoUMetric().process({}, [sample([[0]], [[0]])])


@pytest.mark.parametrize('offset', [0, 1])
def test_submission_files(tmp_path, offset):
    """LoveDA's server wants 0 to 6, whatever reduce_zero_label says."""
    made = metric(format_only=True, output_dir=str(tmp_path), label_offset=offset)
    made.process({}, [sample([[0, 1, 2]], img_path='t/4191.png', reduce_zero_label=True)])
    assert made.evaluate(1) == {}
    written = cv2.imread(str(tmp_path / '4191.png'), cv2.IMREAD_UNCHANGED)
    assert written.dtype == np.uint8
    assert written.tolist() == [[offset, 1 + offset, 2 + offset]]


def test_two_images_of_one_name_do_not_overwrite_each_other(tmp_path):
    made = metric(format_only=True, output_dir=str(tmp_path))
    made.process({}, [sample([[0]], img_path='urban/1.png')])
    with pytest.raises(DataError, match=r'rural/1\.png: .*overwrite that of urban/1\.png'):
        made.process({}, [sample([[0]], img_path='rural/1.png')])


def test_report_files(tmp_path):
    made = metric(report_dir=str(tmp_path / 'report'))
    made.process({}, [sample([[0, 1, 1]], [[0, 0, 255]], group='urban')])
    made.process({}, [sample([[1]], [[1]], group='rural')])
    made.evaluate(2)
    found = json.loads((tmp_path / 'report' / 'metrics.json').read_text())
    assert found['images'] == 2 and found['pixels'] == 3
    assert found['per_class'][2]['IoU'] is None
    assert found['mIoU'] == 0.5
    assert found['groups']['rural']['mIoU'] == 1.0
    text = (tmp_path / 'report' / 'confusion_matrix.csv').read_text()
    rows = list(csv.reader(text.splitlines()))
    assert rows[0][1:] == list(CLASSES) and rows[1] == ['field', '1', '1', '0']
    text = (tmp_path / 'report' / 'per_class.csv').read_text()
    rows = list(csv.DictReader(text.splitlines()))
    assert rows[1]['name'] == 'road' and float(rows[1]['Precision']) == 0.5
    assert rows[2]['IoU'] == ''
    assert cv2.imread(str(tmp_path / 'report' / 'confusion_matrix.png')).shape[0] > 100


def test_table_shows_groups_and_means():
    matrix = ConfusionMatrix(2)
    matrix.add(np.array([0, 1]), np.array([0, 1]), 'urban')
    matrix.add(np.array([1, 1]), np.array([0, 1]), 'rural')
    lines = SegReport(matrix, ('a', 'b')).class_table().splitlines()
    assert [cell.strip() for cell in lines[3].split('|')[1:-1]] == ['a', '50.00', '50.00']
    assert lines[-2].startswith('| urban') and '100.00' in lines[-2]
    assert any(line.startswith('| global') and '58.33' in line for line in lines)


def test_a_folder_in_the_way_is_a_clear_error_and_leaves_no_rest(tmp_path):
    (tmp_path / 'metrics.json').mkdir()
    matrix = ConfusionMatrix(1)
    matrix.add(np.array([0]), np.array([0]))
    with pytest.raises(DataError, match=r'metrics\.json: cannot be written'):
        write_report(SegReport(matrix, ('a',)), tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ['metrics.json']


def test_with_mmengines_evaluator():
    from mmengine.evaluator import Evaluator

    evaluator = Evaluator(metric())
    evaluator.dataset_meta = {'classes': CLASSES}
    made = SegDataSample(metainfo={'img_path': 'a.png'})
    made.pred_sem_seg = PixelData(data=torch.tensor([[[0, 1]]]))
    made.gt_sem_seg = PixelData(data=torch.tensor([[[0, 1]]]))
    evaluator.process([made])
    assert evaluator.evaluate(1)['mIoU'] == 100.0


def _one_process(rank, port, queue):
    import os

    os.environ.update(MASTER_ADDR='127.0.0.1', MASTER_PORT=str(port))
    torch.distributed.init_process_group('gloo', rank=rank, world_size=2)
    made = metric()
    shares = ([([[0, 0]], 'urban'), ([[1, 0]], 'rural')], [([[1, 1]], 'forest')])
    further = [{}, {'gt_sem_seg_full': {'data': torch.tensor([[[0, 2]]])}}]
    for label, group in shares[rank]:  # an odd number of images, groups and labels that differ
        made.process({}, [sample([[0, 1]], label, group=group, **further[rank])])
    found = made.evaluate(3)
    rows = made.report.protocols() if rank == 0 else ()
    queue.put((rank, found, {row.name: row.pixels for row in rows}))
    torch.distributed.destroy_process_group()


def test_two_processes_count_every_image_once():
    import socket

    with socket.socket() as free:
        free.bind(('127.0.0.1', 0))
        port = free.getsockname()[1]
    queue = mp.get_context('spawn').SimpleQueue()
    mp.spawn(_one_process, (port, queue), nprocs=2)
    told = [queue.get() for _ in range(2)]
    found = {rank: scores for rank, scores, _ in told}
    assert {'main labels, 3 classes': 6, 'full, 3 classes': 2} in [pixels for *_, pixels in told]
    alone = metric()
    for label in ([[0, 0]], [[1, 0]], [[1, 1]]):
        alone.process({}, [sample([[0, 1]], label)])
    assert found[0] == found[1] == alone.evaluate(3)
