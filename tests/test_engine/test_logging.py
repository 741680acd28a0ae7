"""Events and those who take them: lines, JSON, TensorBoard, MMEngine's backends, the bar."""

from __future__ import annotations

import io
import json
import logging

import pytest
import torch

from mmseg_deeplab.engine import console
from mmseg_deeplab.engine.events import EventStream, JsonLines, TensorBoard, cut_log, set_aside
from mmseg_deeplab.engine.scalars import ScalarFeed
from mmseg_deeplab.utils.errors import TrainingError


def events_of(work_dir):
    return [json.loads(line) for line in (work_dir / 'log.jsonl').read_text().splitlines()]


def test_a_run_tells_its_story(run, tmp_path):
    run(iters=5)
    events = events_of(tmp_path / 'run')
    kinds = [event['kind'] for event in events]
    assert kinds[0] == 'start' and kinds[-1] == 'end'
    assert kinds.count('train') == 5 and kinds.count('val') == 1
    assert kinds.count('checkpoint') == 3  # at 3, at 5, and at 5 again with the scores
    line = next(event for event in events if event['kind'] == 'train' and event['iter'] == 4)
    wanted = {'loss', 'window', 'mIoU', 'lr', 'eta', 'memory', 'data_time', 'time',
              'images_per_second', 'grad_norm', 'decode.loss_ce', 'max_iters'}  # fmt: skip
    assert wanted <= set(line)
    losses = [event['decode.loss_ce'] for event in events if event['kind'] == 'train']
    assert [e['window'] for e in events if e['kind'] == 'train'] == [1, 2, 3, 4, 4]
    assert line['mIoU'] is None and len(set(losses)) == 5


def test_mean_loss_of_the_window(run, tmp_path):
    runner = run(iters=5)
    single = runner.message_hub.get_scalar('train/loss').data[0]
    logged = [event['loss'] for event in events_of(tmp_path / 'run') if event['kind'] == 'train']
    assert logged[4] == pytest.approx(single[1:5].mean())
    assert logged[2] == pytest.approx(single[:3].mean())


def test_lines_of_text(said, run):
    run(iters=6)
    assert 'Iter(train) [1/6]  loss: 1.3231 (mean of 1)  mIoU: not yet  lr: 1.0000e-02' in said.text
    assert 'Iter(train) [6/6]' in said.text and 'images/s: ' in said.text
    assert 'Iter(val) [5]  mIoU: 35.00' in said.text
    assert 'mIoU: 35.00  lr: ' in said.text  # the last score, on training lines


def test_lines_of_epochs(said, run):
    run(iters=1, by_epoch=True)
    assert 'Epoch(train) [1/1][6/6]' in said.text


def test_new_run_in_the_same_folder_keeps_the_old_log(run, tmp_path, said):
    run(iters=3)
    first = (tmp_path / 'run' / 'log.jsonl').read_text()
    run(iters=3)
    asides = list((tmp_path / 'run').glob('log_*.jsonl'))
    assert [path.read_text() for path in asides] == [first]
    assert 'holds checkpoints of an earlier run' in said.text


def test_cut_log(tmp_path):
    path = tmp_path / 'log.jsonl'
    lines = [json.dumps(dict(kind='train', iter=k)) for k in range(4)]
    path.write_text('\n'.join(lines) + '\n{"kind": "train", "it')
    cut_log(path, lambda event: event['iter'] < 2)
    assert path.read_text().splitlines() == lines[:2]
    cut_log(tmp_path / 'none.jsonl', lambda event: True)
    assert set_aside(tmp_path / 'none.jsonl') is None


def test_values_that_json_does_not_know(tmp_path):
    stream = EventStream()
    stream.add(JsonLines(tmp_path / 'log.jsonl'))
    stream.emit('val', iter=1, nan=float('nan'), tensor=torch.tensor(2.5),
                many=torch.arange(2), other={1: 2})  # fmt: skip
    stream.close()
    expected = dict(kind='val', iter=1, nan=None, tensor=2.5, many=[0, 1], other='{1: 2}')
    assert events_of(tmp_path) == [expected]


def test_log_that_cannot_be_written(tmp_path):
    stream = EventStream()
    stream.add(JsonLines(tmp_path / 'gone' / 'log.jsonl'))
    with pytest.raises(TrainingError, match=r'log\.jsonl: cannot be written'):
        stream.emit('train', iter=1)


def test_tensorboard(run, tmp_path):
    pytest.importorskip('tensorboard', reason='needs TensorBoard: pip install tensorboard')
    run(iters=3, **{'default_hooks.logger.tensorboard': True})
    assert list((tmp_path / 'run' / 'tensorboard').glob('events.*'))


def test_tensorboard_draws_numbers(tmp_path):
    pytest.importorskip('tensorboard', reason='needs TensorBoard: pip install tensorboard')
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    board = TensorBoard(tmp_path)
    board.take(dict(kind='train', iter=7, loss=0.5, mIoU=None))
    board.take(dict(kind='checkpoint', iter=7, path='x'))
    board.close()
    found = EventAccumulator(str(tmp_path)).Reload()
    assert found.Tags()['scalars'] == ['train/loss']
    assert [(point.step, point.value) for point in found.Scalars('train/loss')] == [(7, 0.5)]


def test_backends_of_users_visualizers(run, tmp_path):
    backend = dict(type='Visualizer', vis_backends=[dict(type='LocalVisBackend')])
    run(iters=3, visualizer=backend)
    scalars = next((tmp_path / 'run').glob('*/vis_data/scalars.json')).read_text().splitlines()
    assert [json.loads(line)['step'] for line in scalars] == [1, 2, 3, 3]


def test_progress_bar():
    from rich.console import Console

    out = io.StringIO()
    logger = logging.Logger('bar')
    bar = console.ProgressBar(logger, Console(file=out, force_terminal=True, width=120))
    bar.update('train', 5, 10, 'loss 0.5000')
    bar.update('val', 1, 2)
    bar.update('val', 2, 2)
    bar.update('train', 10, 10)
    bar.close()
    text = out.getvalue()
    assert '5/10' in text and 'loss 0.5000' in text and '10/10' in text and '2/2' in text


def test_scalars_of_a_device_come_at_once_when_flushed():
    class Hub:
        def __init__(self):
            self.seen = []

        def update_scalar(self, key, value):
            self.seen.append((key, float(value)))

    hub = Hub()
    feed = ScalarFeed(hub)
    feed.add({'cpu': torch.tensor(1.0)})
    assert hub.seen == [('cpu', 1.0)]
    feed.flush()
    feed.add({'meta': 2.0})
    assert hub.seen[-1] == ('meta', 2.0)
