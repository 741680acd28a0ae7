"""A row measured end to end: ours on both sides, so that no peer is needed."""

from __future__ import annotations

import sys

import pytest

from benchmarks.speed.cases import Case, Variant
from benchmarks.speed.driver import Setting, measure_case
from benchmarks.speed.machine import Probe
from benchmarks.speed.side import OURS
from benchmarks.speed.table import cells
from tests.test_benchmarks.test_table import MACHINE

pytestmark = pytest.mark.slow  # each side is a process that imports PyTorch


@pytest.fixture
def setting(tmp_path):
    return Setting(
        pythons=(sys.executable, sys.executable),
        packages=(OURS, OURS),
        folder=tmp_path,
        threads=1,
        probe=Probe(side=64),
        machine=MACHINE,
        quick=True,
        pairs=1,
        say=lambda words: None,
    )


def test_a_row_with_a_way_that_is_not_there(setting):
    case = Case(
        'toy',
        'counting',
        'scoring.metric',
        'metric.process()',
        {'classes': 3, 'side': 32},
        (Variant('default', 'metric.process()'), Variant('amp', '--amp', {'precision': 'int8'})),
        'scores',
        runs=(2, 2),
    )
    rows = measure_case(case, setting)
    assert set(rows) == {'toy/default', 'toy/amp'}
    found = rows['toy/default']
    assert found['agreement'] == {'relative_error': 0.0, 'largest': 0.0}
    first = found['pairs'][0]
    for side in ('peer', 'ours'):
        measured = first[side]
        assert 0 < measured['min'] <= measured['seconds'] <= measured['max']
        assert measured['runs'] == 2 and measured['peak_mb'] >= measured['base_mb'] > 50
    assert len(first['probes']) == 4
    assert cells(case, case.variants[0], found, 'amx')[6] == 'scores equal'
    assert 'no int8 instructions here' in rows['toy/amp']['not_available']


def test_a_failure_is_one_row_s_own(setting):
    case = Case(
        'toy', 'counting', 'scoring.metric', '', {'classes': 2},
        (Variant('default', '', {'side': -1}),), 'scores',
    )  # fmt: skip
    rows = measure_case(case, setting)
    assert 'side' in rows['toy/default']['fault'] or 'Error' in rows['toy/default']['fault']
