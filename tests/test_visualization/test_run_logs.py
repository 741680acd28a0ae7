"""Logs of this project and of MMSegmentation 1.x and 0.x tell the same."""

from __future__ import annotations

import json
import os

import pytest

from mmseg_deeplab.apis import analyze_logs
from mmseg_deeplab.utils.errors import ConfigError, DataError
from mmseg_deeplab.visualization.log_curves import curve, curve_names
from mmseg_deeplab.visualization.run_logs import find_log, read_log

OURS = [
    dict(kind='start', iter=0, max_iters=4, seed=0),
    dict(kind='train', iter=2, loss=2.0, lr=0.1, time=0.5, data_time=0.1, memory=900, mIoU=None),
    dict(kind='val', iter=2, mIoU=40.0, aAcc=60.0, time=9.0),
    dict(kind='train', iter=4, loss=1.0, lr=0.05, time=0.7, data_time=0.2, memory=950, mIoU=40.0),
    dict(kind='val', iter=4, mIoU=35.0, aAcc=61.0, time=9.0),
]
ONE_X = [
    dict(lr=0.1, data_time=0.1, loss=2.0, time=0.5, iter=2, memory=900, step=2),
    dict(aAcc=60.0, mIoU=40.0, data_time=0.01, time=9.0, step=2),
    dict(lr=0.05, data_time=0.2, loss=1.0, time=0.7, iter=4, memory=950, step=4),
    dict(aAcc=61.0, mIoU=35.0, data_time=0.01, time=9.0, step=4),
]
ZERO_X = [
    dict(env_info='...', seed=0, exp_name='a.py', CLASSES=['a', 'b'], PALETTE=None),
    dict(mode='train', epoch=1, iter=2, lr=0.1, memory=900, data_time=0.1, loss=2.0, time=0.5),
    dict(mode='val', epoch=1, iter=500, lr=0.1, aAcc=0.6, mIoU=0.4),
    dict(mode='train', epoch=1, iter=4, lr=0.05, memory=950, data_time=0.2, loss=1.0, time=0.7),
    dict(mode='val', epoch=1, iter=500, lr=0.05, aAcc=0.61, mIoU=0.35),
]
LOGS = {'log.jsonl': OURS, 'run/vis_data/scalars.json': ONE_X, '20240101.log.json': ZERO_X}


def write(folder, name, entries):
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(''.join(json.dumps(entry) + '\n' for entry in entries), encoding='utf-8')
    return path


@pytest.mark.parametrize('name', LOGS)
def test_every_kind_of_log_gives_the_same_curves_and_summary(tmp_path, name):
    path = write(tmp_path, name, LOGS[name])
    events = read_log(tmp_path)  # found in the folder, told by its content
    assert find_log(tmp_path) == path
    assert curve(events, 'loss') == [(2, 2.0), (4, 1.0)]
    assert dict(curve(events, 'mIoU')) == pytest.approx({2: 40.0, 4: 35.0})
    assert curve(events, 'lr') == [(2, 0.1), (4, 0.05)] and curve(events, 'nothing') == []
    assert {'loss', 'lr', 'mIoU', 'aAcc', 'time'} <= set(curve_names(events))
    (found,) = analyze_logs([path])
    assert (found.iters, found.last_loss, found.best_iter) == (4, 1.0, 2)
    assert found.best_score == pytest.approx(40) and found.score_name == 'mIoU'
    assert (found.iter_time, found.iter_time_std) == pytest.approx((0.6, 0.1))
    assert found.slowest == (0.7, 4) and found.memory == 950
    assert found.data_share == pytest.approx(0.25)
    text = '\n'.join(found.lines())
    assert 'best mIoU   40.00 % at iteration 2' in text and '25.0 % of the time' in text


def test_validations_by_epoch_are_put_at_their_iteration(tmp_path):
    entries = [{**entry, 'epoch': 1} if 'loss' in entry else {**entry, 'step': 1}
               for entry in ONE_X[:2]]  # fmt: skip
    entries += [{**entry, 'epoch': 2} if 'loss' in entry else {**entry, 'step': 2}
                for entry in ONE_X[2:]]  # fmt: skip
    events = read_log(write(tmp_path, 'scalars.json', entries))
    assert curve(events, 'mIoU') == [(2, 40.0), (4, 35.0)]


def test_the_newest_log_of_a_folder_counts(tmp_path):
    for number, name in enumerate(('b', 'a')):
        path = write(tmp_path, f'{name}/vis_data/scalars.json', ONE_X)
        os.utime(path, (number, number))
    assert find_log(tmp_path).parts[-3] == 'a'


@pytest.mark.parametrize('suffix', ['png', 'svg'])
def test_curves_of_two_runs_in_one_picture(tmp_path, suffix):
    logs = [write(tmp_path, name, LOGS[name]) for name in ('log.jsonl', '20240101.log.json')]
    out = tmp_path / f'curves.{suffix}'
    analyze_logs(logs, ['mIoU', 'loss'], out=out, title='Two', legend=['a', 'b', 'c', 'd'])
    content = out.read_bytes()
    assert content.startswith(b'\x89PNG' if suffix == 'png' else b'<?xml') and len(content) > 5000


def test_what_cannot_be_drawn_is_said(tmp_path):
    log = write(tmp_path, 'log.jsonl', OURS)
    out = tmp_path / 'a.png'
    with pytest.raises(DataError, match="the log has no 'los'; did you mean loss"):
        analyze_logs([log], ['los'], out=out)
    with pytest.raises(ConfigError, match=r'legend must name every curve \(1 logs x 2 keys = 2\)'):
        analyze_logs([log], ['loss', 'lr'], out=out, legend=['a'])
    with pytest.raises(ConfigError, match='style must be one of dark'):
        analyze_logs([log], out=out, style='seaborn')
    with pytest.raises(ConfigError, match="cannot be written as 'xyz'"):
        analyze_logs([log], out=tmp_path / 'a.xyz')
    with pytest.raises(DataError, match='not a log of this project'):
        read_log(write(tmp_path, 'other.json', [dict(a=1)]))
    empty = tmp_path / 'empty'
    empty.mkdir()
    with pytest.raises(DataError, match='the folder holds no log'):
        read_log(empty)
    assert not out.exists()
