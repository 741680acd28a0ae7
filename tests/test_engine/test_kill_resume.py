"""Real kills: the process dies by signal 9 wherever it is, and is started again with resume."""

from __future__ import annotations

import random

import pytest

from mmseg_deeplab.engine import SegRunner
from tests.test_engine.compare import assert_same_runs
from tests.test_engine.processes import train_toy
from tests.test_engine.toy import toy_config

LONG = dict(workers=2, iters=400)
# Where a kill falls, and on which calls since the last start.
PLACES = {
    'fetch': (3, 20),  # a worker is loading a sample
    'step': (3, 40),  # a forward pass, in training or validation
    'iteration': (2, 14),
    'write': (1, 4),  # a checkpoint, torn
    'sync': (1, 12),  # a checkpoint or the pointer to it, before it is on the disk
    'rename': (1, 8),  # the same, before it takes its name; or the log, cut for a resume
}


@pytest.mark.slow
def test_killed_while_writing_the_first_checkpoint(tmp_path):
    SegRunner.from_cfg(toy_config(tmp_path / 'unbroken', workers=2)).train()
    kill = dict(place='write', call=1)
    ended = train_toy(tmp_path / 'broken', workers=2, kill=kill)
    assert ended.returncode == -9, ended.stderr[-2000:]
    assert not list((tmp_path / 'broken').glob('*.pth'))
    config = toy_config(tmp_path / 'broken', workers=2, resume='auto')
    SegRunner.from_cfg(config).train()
    assert_same_runs(tmp_path / 'unbroken', tmp_path / 'broken', 'iter_12.pth')


@pytest.mark.slow
def test_twenty_kills(tmp_path):
    """Twenty kills at seeded moments of one run; then it is left to end."""
    whole = train_toy(tmp_path / 'unbroken', **LONG)
    assert whole.returncode == 0, whole.stderr[-2000:]
    chance = random.Random(0)
    for number in range(20):
        # Each place at least three times; the first kill is before the first checkpoint.
        place = 'step' if number == 0 else sorted(PLACES)[number % len(PLACES)]
        call = 2 if number == 0 else chance.randint(*PLACES[place])
        kill = dict(place=place, call=call)
        ended = train_toy(tmp_path / 'broken', resume='auto', kill=kill, **LONG)
        assert ended.returncode == -9, (number, kill, ended.stderr[-3000:])
        assert 'Traceback' not in ended.stderr, (number, kill, ended.stderr[-3000:])
    ended = train_toy(tmp_path / 'broken', resume='auto', **LONG)
    assert ended.returncode == 0, ended.stderr[-2000:]
    assert_same_runs(tmp_path / 'unbroken', tmp_path / 'broken', 'iter_400.pth')
