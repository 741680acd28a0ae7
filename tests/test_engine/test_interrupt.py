"""Signals: a checkpoint is saved, the way on is said, the exit code tells the signal."""

from __future__ import annotations

import os
import signal
import threading
import time

import pytest
import torch

from mmseg_deeplab.engine import TrainingInterrupted, find_latest
from mmseg_deeplab.engine.interrupt import StopRequest
from mmseg_deeplab.engine.loops import SegIterLoop
from tests.test_engine.compare import assert_same_runs
from tests.test_engine.processes import train_toy
from tests.test_engine.toy import ToyModel


def signal_at(monkeypatch, owner, name, call, number):
    original, calls = getattr(owner, name), []

    def wrapped(*args, **kwargs):
        calls.append(1)
        if len(calls) == call:
            os.kill(os.getpid(), number)
        return original(*args, **kwargs)

    monkeypatch.setattr(owner, name, wrapped)


@pytest.mark.parametrize(
    'number, code, where, saved',
    [
        (signal.SIGTERM, 143, (SegIterLoop, 'run_iter', 8), 8),
        (signal.SIGINT, 130, (SegIterLoop, 'run_iter', 7), 8),  # 7 is between two halves
        (signal.SIGTERM, 143, (ToyModel, 'forward', 7), 6),  # in a validation within an update
        (signal.SIGTERM, 143, (ToyModel, 'forward', 18), 10),  # in a validation
    ],
)
def test_signal_saves_and_resume_is_exact(
    number, code, where, saved, run, tmp_path, monkeypatch, said
):
    run('unbroken')
    handlers = signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)
    with monkeypatch.context() as patch, pytest.raises(TrainingInterrupted) as caught:
        signal_at(patch, *where, number)
        run('broken')
    assert caught.value.code == code
    assert (signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)) == handlers
    assert find_latest(tmp_path / 'broken').name == f'iter_{saved}.pth'
    assert '--resume' in str(caught.value) and '--resume' in said.text
    run('broken', resume='auto')
    assert_same_runs(tmp_path / 'unbroken', tmp_path / 'broken', 'iter_12.pth')


def test_signal_between_epochs(run, tmp_path, monkeypatch):
    """At an epoch's last iteration the epoch's own hooks come before the checkpoint."""
    changes = dict(by_epoch=True, iters=3, param_scheduler=[dict(type='StepLR', step_size=1)],
                   **{'optim_wrapper.accumulative_counts': 1})  # fmt: skip
    run('unbroken', **changes)
    for call, number in ((6, 2), (3, 1)):
        with monkeypatch.context() as patch, pytest.raises(TrainingInterrupted):
            from mmseg_deeplab.engine.loops import SegEpochLoop

            signal_at(patch, SegEpochLoop, 'run_iter', call, signal.SIGTERM)
            run('broken', resume='auto', **changes)
        assert number
    run('broken', resume='auto', **changes)
    assert_same_runs(tmp_path / 'unbroken', tmp_path / 'broken', 'epoch_3.pth')


def test_second_ctrl_c_stops_at_once(monkeypatch):
    clock = [100.0]
    monkeypatch.setattr(time, 'monotonic', lambda: clock[0])
    with StopRequest() as request:
        os.kill(os.getpid(), signal.SIGINT)
        clock[0] += 0.1
        os.kill(os.getpid(), signal.SIGINT)  # the launcher passing on the same press
        assert request.agreed() == signal.SIGINT
        clock[0] += 5
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)


def test_outside_the_main_thread_signals_are_left_alone():
    seen = []

    def work():
        with StopRequest() as request:
            seen.append(request.agreed())

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert seen == [0]


@pytest.mark.slow
def test_signal_to_the_whole_group(tmp_path):
    """As a terminal or Slurm sends it: the workers get it too, and must not die of it."""
    kill = dict(place='iteration', call=5, signal=signal.SIGTERM, group=True)
    ended = train_toy(tmp_path / 'run', new_group=True, workers=2, kill=kill)
    assert ended.returncode == 143, ended.stderr[-2000:]
    assert 'Traceback' not in ended.stderr
    assert find_latest(tmp_path / 'run').name == 'iter_6.pth'
    assert torch.load(tmp_path / 'run' / 'iter_6.pth', weights_only=True)['meta']['iter'] == 6
