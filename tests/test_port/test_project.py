"""A user's project for MMSegmentation trains and tests here: as it is, and after the replacement.

`project/` has a data set class, a transform, a head and a loss with ``**kwargs``, and a hook of
its own, and configs of 1.x style.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.test_docs.blocks import REPO, blocks_of
from tests.tiny_dataset import make_loveda_like

GUIDE = REPO / 'docs' / 'from_mmsegmentation.md'
RUN = """\
from mmseg_deeplab.cli import main
where = ['--work-dir', 'work', '--device', 'cpu']
assert main(['train', 'configs/farm.py', '--no-audit', *where]) == 0
assert main(['test', 'configs/farm.py', 'work/iter_2.pth', *where]) == 0
"""


def replacement() -> str:
    """The guide's command that ports a project."""
    lines = [line for block in blocks_of(GUIDE) for line in block.code.splitlines()]
    commands = [line for line in lines if 'perl' in line]
    assert len(commands) == 1
    return commands[0]


def copy_of_the_project(folder: Path) -> Path:
    shutil.copytree(Path(__file__).parent / 'project', folder)
    make_loveda_like(folder / 'data', n_train=4, n_val=2, size=48, num_classes=3)
    return folder


def start(folder: Path) -> subprocess.Popen:
    """Train and test it in a process of its own, started in its folder as a user does."""
    environment = {**os.environ, 'PYTHONPATH': str(REPO), 'OMP_NUM_THREADS': '1'}
    return subprocess.Popen(
        [sys.executable, '-c', RUN], cwd=folder, env=environment, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip


def result_of(run: subprocess.Popen, folder: Path) -> tuple[list[float], dict]:
    """Losses that the project's hook has seen, and the scores of the test."""
    output, _ = run.communicate(timeout=300)
    assert run.returncode == 0, output[-4000:]
    losses = json.loads((folder / 'work' / 'count.json').read_text(encoding='utf-8'))
    scores = json.loads((folder / 'work' / 'test' / 'metrics.json').read_text(encoding='utf-8'))
    return losses, scores


@pytest.fixture
def ported(tmp_path) -> Path:
    """The project after the replacement."""
    if shutil.which('perl') is None:
        pytest.skip('the replacement needs perl')
    folder = copy_of_the_project(tmp_path / 'my_project')
    command = ['bash', '-euo', 'pipefail', '-c', replacement()]
    subprocess.run(command, cwd=tmp_path, check=True, stdout=subprocess.DEVNULL)
    return folder


@pytest.mark.slow
def test_project_trains_and_tests_after_the_replacement(ported):
    source = ''.join(path.read_text(encoding='utf-8') for path in ported.rglob('*.py'))
    assert not re.search(r'\bmmseg\b', source) and 'from mmseg_deeplab.registry' in source
    losses, scores = result_of(start(ported), ported)
    assert len(losses) == 2 and all(0 < loss < 5 for loss in losses)
    assert [row['name'] for row in scores['per_class']] == ['soil', 'crop', 'water']
    assert scores['images'] == 2 and scores['pixels'] == 2 * (48 * 48 - 16)


def test_the_replacement_twice_and_with_blanks_in_names(ported):
    late = ported / 'a folder' / 'late one.py'
    late.parent.mkdir()
    late.write_text('import mmseg\n', encoding='utf-8')
    for _ in range(2):
        run = subprocess.run(
            ['bash', '-c', replacement()], cwd=ported.parent, capture_output=True, text=True
        )
        assert (run.returncode, run.stdout + run.stderr) == (0, '')
        assert late.read_text(encoding='utf-8') == 'import mmseg_deeplab\n'


@pytest.mark.slow
def test_unmodified_project_gives_the_same_numbers(ported, tmp_path):
    unmodified = copy_of_the_project(tmp_path / 'unmodified')
    runs = [start(unmodified), start(ported)]
    first, second = (result_of(*pair) for pair in zip(runs, (unmodified, ported), strict=True))
    assert first == second
