"""Real kills: the process dies by signal 9 wherever it is, and is started again with resume."""

from __future__ import annotations

import random

import pytest

from tests.test_engine.compare import assert_same_runs
from tests.test_engine.processes import train_toy

LONG = dict(workers=2, iters=60)
# How often each place is passed in 60 iterations; a kill falls on one of these calls.
PLACES = {'fetch': 10, 'step': 60, 'iteration': 40, 'write': 15, 'sync': 30, 'rename': 15}


def kill(place, call):
    """In a worker, a kill ends the worker, which ends the run by an error (exit code 1)."""
    return dict(place=place, call=call)


def test_killed_while_writing_the_first_checkpoint(tmp_path):
    from tests.test_engine.toy import toy_config
    from mmseg_deeplab.engine import SegRunner

    SegRunner.from_cfg(toy_config(tmp_path / 'unbroken', workers=2)).train()
    ended = train_toy(tmp_path / 'broken', workers=2, kill=kill('write', 1))
    assert ended.returncode == -9, ended.stderr[-2000:]
    assert not list((tmp_path / 'broken').glob('*.pth'))
    ended = train_toy(tmp_path / 'broken', workers=2, resume='auto')
    assert ended.returncode == 0, ended.stderr[-2000:]
    assert_same_runs(tmp_path / 'unbroken', tmp_path / 'broken', 'iter_12.pth')


@pytest.mark.slow
def test_twenty_kills(tmp_path):
    """Twenty kills at seeded moments in one run; then it is left to end."""
    whole = train_toy(tmp_path / 'unbroken', **LONG)
    assert whole.returncode == 0, whole.stderr[-2000:]
    chance = random.Random(0)
    codes = []
    for number in range(20):
        place = chance.choice(sorted(PLACES))
        # The first falls before the first checkpoint; later ones let the run get on a little.
        call = 1 if number == 0 else chance.randint(2, PLACES[place] // 2)
        ended = train_toy(tmp_path / 'broken', resume='auto', kill=kill(place, call), **LONG)
        codes.append((place, call, ended.returncode))
        assert ended.returncode in (-9, 1, 0), (codes[-1], ended.stderr[-2000:])
        if ended.returncode == 1:
            assert 'a loader worker died' in ended.stderr, ended.stderr[-2000:]
        assert 'Traceback' not in ended.stderr, (codes[-1], ended.stderr[-3000:])
    assert sum(code != 0 for _, _, code in codes) >= 15, codes
    ended = train_toy(tmp_path / 'broken', resume='auto', **LONG)
    assert ended.returncode == 0, ended.stderr[-2000:]
    assert_same_runs(tmp_path / 'unbroken', tmp_path / 'broken', 'iter_60.pth')


@pytest.mark.slow
@pytest.mark.parametrize('seed', range(20))
def test_one_kill(seed, tmp_path, unbroken_long):
    """Twenty runs, each killed once and resumed once."""
    chance = random.Random(100 + seed)
    place = sorted(PLACES)[seed % len(PLACES)]
    call = 1 if seed < len(PLACES) else chance.randint(2, PLACES[place])
    ended = train_toy(tmp_path / 'broken', kill=kill(place, call), **LONG)
    assert ended.returncode in (-9, 1), (place, call, ended.stderr[-2000:])
    ended = train_toy(tmp_path / 'broken', resume='auto', **LONG)
    assert ended.returncode == 0, ended.stderr[-2000:]
    assert_same_runs(unbroken_long, tmp_path / 'broken', 'iter_60.pth')


@pytest.fixture(scope='module')
def unbroken_long(tmp_path_factory):
    work_dir = tmp_path_factory.mktemp('unbroken')
    assert train_toy(work_dir, **LONG).returncode == 0
    return work_dir
