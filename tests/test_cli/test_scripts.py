"""The shell scripts in tools/: what they start, with quoted arguments and chosen ports."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

TOOLS = Path(__file__).resolve().parents[2] / 'tools'
SCRIPTS = sorted(TOOLS.glob('*.sh'))


@pytest.fixture
def recorder(tmp_path):
    """A program that writes its arguments and PYTHONPATH to a file, one a line."""
    program = tmp_path / 'record'
    program.write_text(
        '#!/bin/sh\nprintf "%s\\n" "PYTHONPATH=$PYTHONPATH" "$@" > "$RECORD"\n', encoding='utf-8'
    )
    program.chmod(0o755)
    return program


def started(recorder: Path, script: str, *arguments: str, **environment: str) -> list[str]:
    """What ``script`` starts in place of Python (or srun)."""
    record = recorder.parent / 'arguments.txt'
    variables = {
        name: value
        for name, value in os.environ.items()
        if name not in ('PORT', 'NNODES', 'NODE_RANK', 'MASTER_ADDR', 'PYTHONPATH', 'GPUS')
    }
    variables.update(PYTHON=str(recorder), RECORD=str(record), **environment)
    command = ['bash', str(TOOLS / script), *arguments]
    run = subprocess.run(command, env=variables, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    return record.read_text(encoding='utf-8').splitlines()


def test_dist_train_on_one_machine(recorder):
    words = started(recorder, 'dist_train.sh', 'a config.py', '4', '--cfg-options', 'a=b c')
    assert words == [
        f'PYTHONPATH={TOOLS.parent}', '-m', 'torch.distributed.run', '--nnodes', '1',
        '--nproc_per_node', '4', '--standalone', f'{TOOLS}/train.py', 'a config.py',
        '--launcher', 'pytorch', '--cfg-options', 'a=b c',
    ]  # fmt: skip


def test_dist_test_on_two_machines(recorder):
    words = started(
        recorder, 'dist_test.sh', 'c.py', 'x.pth', '2', '--out', 'o',
        NNODES='2', NODE_RANK='1', MASTER_ADDR='10.0.0.1', PORT='29511', PYTHONPATH='/mine',
    )  # fmt: skip
    assert words == [
        f'PYTHONPATH={TOOLS.parent}:/mine', '-m', 'torch.distributed.run', '--nnodes', '2',
        '--nproc_per_node', '2', '--node_rank', '1', '--master_addr', '10.0.0.1',
        '--master_port', '29511', f'{TOOLS}/test.py', 'c.py', 'x.pth',
        '--launcher', 'pytorch', '--out', 'o',
    ]  # fmt: skip


def test_a_port_may_be_chosen_on_one_machine(recorder):
    words = started(recorder, 'dist_train.sh', 'c.py', '1', PORT='29600')
    assert '--standalone' not in words
    assert words[words.index('--master_port') + 1] == '29600'


def test_slurm_train(recorder, tmp_path):
    shutil.copy(recorder, tmp_path / 'srun')
    words = started(
        recorder, 'slurm_train.sh', 'debug', 'a job', 'c.py', '--amp',
        PATH=f'{tmp_path}:{os.environ["PATH"]}', GPUS='2', GPUS_PER_NODE='0', CPUS_PER_TASK='1',
        SRUN_ARGS='--mem 1G',
    )  # fmt: skip
    assert words[1:] == [
        '--partition', 'debug', '--job-name', 'a job', '--ntasks', '2', '--ntasks-per-node', '2',
        '--cpus-per-task', '1', '--kill-on-bad-exit=1', '--mem', '1G', str(recorder), '-u',
        f'{TOOLS}/train.py', 'c.py', '--launcher', 'slurm', '--amp',
    ]  # fmt: skip


def test_slurm_test_asks_for_gpus(recorder, tmp_path):
    shutil.copy(recorder, tmp_path / 'srun')
    words = started(
        recorder, 'slurm_test.sh', 'p', 'j', 'c.py', 'x.pth',
        PATH=f'{tmp_path}:{os.environ["PATH"]}',
        GPUS='16', GPUS_PER_NODE='8',
    )  # fmt: skip
    assert words[words.index('--ntasks-per-node') + 1] == '8'
    assert words[words.index('--gres') + 1] == 'gpu:8'
    assert words[-4:] == ['c.py', 'x.pth', '--launcher', 'slurm']


@pytest.mark.parametrize(
    'script', ['dist_train.sh', 'dist_test.sh', 'slurm_train.sh', 'slurm_test.sh']
)
def test_usage(script):
    run = subprocess.run(['bash', str(TOOLS / script)], capture_output=True, text=True)
    assert run.returncode == 2 and 'usage:' in run.stderr


@pytest.mark.parametrize('path', SCRIPTS, ids=lambda p: p.name)
def test_syntax(path):
    subprocess.run(['bash', '-n', str(path)], check=True)
    if shutil.which('shellcheck'):
        run = subprocess.run(
            ['shellcheck', '-x', '-P', str(TOOLS.parent), str(path)], capture_output=True, text=True
        )
        assert run.returncode == 0, run.stdout


@pytest.mark.parametrize('name', ['train', 'test', 'predict'])
def test_python_tools_are_the_same_commands(name):
    run = subprocess.run(
        [sys.executable, str(TOOLS / f'{name}.py'), '--help'], capture_output=True, text=True
    )
    assert run.returncode == 0 and f'mmseg-deeplab {name}' in run.stdout
