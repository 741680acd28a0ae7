"""Several processes on the CPU, by torchrun and gloo; what launchers tell."""

from __future__ import annotations

import os
import signal

import pytest
import torch

from mmseg_deeplab.engine import SegRunner, distributed, find_latest
from mmseg_deeplab.utils.errors import ConfigError
from tests.test_engine.compare import assert_same_runs
from tests.test_engine.processes import scores_of, train_toy
from tests.test_engine.toy import toy_config

# MMEngine's own launcher variables, which a test machine may have set.
NAMES = ('RANK', 'WORLD_SIZE', 'LOCAL_RANK', 'MASTER_ADDR', 'MASTER_PORT')
SHORT = dict(iters=4, **{'train_cfg.val_interval': 2})


@pytest.fixture
def environment(monkeypatch):
    """Clean launcher variables, put back afterwards."""
    for name in [*os.environ]:
        if name in NAMES or name.startswith(('SLURM_', 'OMPI_', 'PMI_', 'MPI_')):
            monkeypatch.delenv(name)
    for name in NAMES:  # read_launcher sets these; monkeypatch then removes them
        monkeypatch.setenv(name, 'x')
        monkeypatch.delenv(name)
    return monkeypatch


def test_two_processes_train_and_test(tmp_path):
    """Five test images for two processes: each once, the score as in one process."""
    ended = train_toy(tmp_path / 'two', processes=2, mode='train+test', **SHORT)
    assert ended.returncode == 0, ended.stderr[-3000:]
    scores = scores_of(ended)
    assert scores['images'] == scores['distinct'] == 5
    config = toy_config(tmp_path / 'one', load_from=str(tmp_path / 'two' / 'iter_4.pth'))
    assert SegRunner.from_cfg(config).test() == scores
    assert 'UserWarning' not in ended.stderr


@pytest.mark.slow
@pytest.mark.parametrize('processes', [2, 3, 4])
def test_same_score_with_any_number_of_processes(processes, run, tmp_path):
    run('one')
    path = str(tmp_path / 'one' / 'iter_12.pth')
    alone = SegRunner.from_cfg(toy_config(tmp_path / 'test', load_from=path)).test()
    ended = train_toy(tmp_path / 'many', processes=processes, mode='test', checkpoint=path)
    assert ended.returncode == 0, ended.stderr[-3000:]
    assert scores_of(ended) == alone


@pytest.mark.slow
def test_resume_of_two_processes_is_exact(tmp_path):
    for name in ('unbroken', 'broken'):
        kill = dict(place='step', call=7) if name == 'broken' else None
        ended = train_toy(tmp_path / name, processes=2, kill=kill)
        assert (ended.returncode != 0) == (name == 'broken'), ended.stderr[-3000:]
    ended = train_toy(tmp_path / 'broken', processes=2, resume='auto')
    assert ended.returncode == 0, ended.stderr[-3000:]
    assert_same_runs(tmp_path / 'unbroken', tmp_path / 'broken', 'iter_12.pth')


@pytest.mark.slow
def test_signal_to_one_of_two_processes(tmp_path):
    """Both stop at the same iteration, after the checkpoint is written."""
    kill = dict(place='iteration', call=5, signal=signal.SIGTERM)
    ended = train_toy(tmp_path / 'broken', processes=2, kill=kill)
    assert 'saved' in ended.stdout and '--resume' in ended.stdout, ended.stderr[-3000:]
    assert find_latest(tmp_path / 'broken') is not None
    ended = train_toy(tmp_path / 'broken', processes=2, resume='auto')
    assert ended.returncode == 0, ended.stderr[-3000:]
    assert train_toy(tmp_path / 'unbroken', processes=2).returncode == 0
    assert_same_runs(tmp_path / 'unbroken', tmp_path / 'broken', 'iter_12.pth')


@pytest.mark.slow
def test_bad_loss_in_one_of_two_processes(tmp_path):
    ended = train_toy(tmp_path / 'run', processes=2, **{'train_dataloader.dataset.bad': 7})
    assert ended.returncode == 1
    assert 'the loss is nan' in ended.stderr and 'toy_7.png' in ended.stderr


def test_torchrun(environment):
    with pytest.raises(ConfigError, match="launcher 'pytorch' needs RANK, WORLD_SIZE to be set"):
        distributed.read_launcher('pytorch')
    for name, value in dict(RANK='3', WORLD_SIZE='8', LOCAL_RANK='1', MASTER_PORT='123').items():
        environment.setenv(name, value)
    distributed.read_launcher('pytorch')
    assert [os.environ[name] for name in NAMES] == ['3', '8', '1', '127.0.0.1', '123']


@pytest.mark.parametrize(
    'nodes, first',
    [('gpu[03-05,09]', 'gpu03'), ('one', 'one'), ('a1,b2', 'a1'), ('n[7]', 'n7'), ('x[1,3]', 'x1')],
)
def test_slurm(nodes, first, environment):
    environment.setenv('PATH', '')  # no scontrol
    values = dict(PROCID=5, NTASKS=6, LOCALID=1, JOB_ID=41234, NODELIST=nodes)
    for name, value in values.items():
        environment.setenv(f'SLURM_{name}', str(value))
    distributed.read_launcher('slurm')
    assert [os.environ[name] for name in NAMES] == ['5', '6', '1', first, '21234']


def test_mpi(environment):
    for name, value in dict(RANK=1, SIZE=4, LOCAL_RANK=1, LOCAL_SIZE=4).items():
        environment.setenv(f'OMPI_COMM_WORLD_{name}', str(value))
    distributed.read_launcher('mpi')
    assert [os.environ[name] for name in NAMES] == ['1', '4', '1', '127.0.0.1', '29500']
    environment.setenv('OMPI_COMM_WORLD_LOCAL_SIZE', '2')
    environment.delenv('MASTER_ADDR')
    with pytest.raises(ConfigError, match='several nodes needs MASTER_ADDR'):
        distributed.read_launcher('mpi')


def test_unknown_launcher():
    with pytest.raises(ConfigError, match="launcher must be none, .*; got 'smoke'"):
        distributed.read_launcher('smoke')


def test_devices():
    assert distributed.pick_device('cpu') == torch.device('cpu')
    assert distributed.pick_device().type in ('cpu', 'cuda', 'mps')
    with pytest.raises(ConfigError, match="device must be 'cpu', 'cuda'"):
        distributed.pick_device('gpu')
    if not torch.cuda.is_available():
        with pytest.raises(ConfigError, match="device 'cuda' is not there: PyTorch sees no GPU"):
            distributed.pick_device('cuda')


def test_one_process_needs_no_group():
    assert distributed.control_group() is None
    assert distributed.gather('x') == ['x'] and distributed.any_rank(True)
    distributed.wait_for_all()
