"""Several processes of one command: their error is told once, without torchrun's report."""

from __future__ import annotations

import json

import pytest
from torch.distributed import run as torchrun
from torch.distributed.elastic.multiprocessing.errors import ChildFailedError, ProcessFailure

from mmseg_deeplab.cli import processes
from mmseg_deeplab.utils.errors import ConfigError, TrainingError


@pytest.fixture
def fails(monkeypatch, tmp_path):
    """``fails(code, error)``: torchrun as it ends when a process fails."""
    file = tmp_path / 'error.json'
    monkeypatch.setenv('TORCHELASTIC_ERROR_FILE', str(file))
    monkeypatch.setenv('OMP_NUM_THREADS', '1')
    monkeypatch.delenv('MMSEG_DEEPLAB_STARTED', raising=False)

    def prepare(code, error):
        def run(arguments):
            assert arguments.nproc_per_node == '2'
            if error is not None:
                assert processes.tell_starter(error)
            raise ChildFailedError('x', {0: ProcessFailure(0, 7, code, str(file))})

        monkeypatch.setattr(torchrun, 'run', run)

    return prepare


def start():
    return processes.run_processes(['--standalone'], 2, ['detectron2', '--config-file', 'x'])


def test_what_a_process_left_is_told(fails):
    fails(1, ConfigError('x.yaml: no'))
    with pytest.raises(TrainingError, match='^x.yaml: no$'):
        start()


def test_a_process_that_has_spoken_gives_the_exit_code(fails):
    fails(130, None)
    assert start() == 130
    fails(-9, None)
    with pytest.raises(TrainingError, match='process 0 died: .*SIGKILL'):
        start()


def test_nobody_is_told_of_who_did_not_start_us(monkeypatch, tmp_path):
    monkeypatch.delenv('MMSEG_DEEPLAB_STARTED', raising=False)
    monkeypatch.setenv('TORCHELASTIC_ERROR_FILE', str(tmp_path / 'a'))
    assert not processes.tell_starter(ConfigError('x'))
    assert not (tmp_path / 'a').exists()
    monkeypatch.setenv('MMSEG_DEEPLAB_STARTED', '1')
    assert processes.tell_starter(ConfigError('x'))
    assert json.loads((tmp_path / 'a').read_text())['message'] == 'x'
