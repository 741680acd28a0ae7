"""Which pairs count, in which order sides are asked, and the ratio: by hand."""

from __future__ import annotations

import pytest

from benchmarks.speed.pairing import counted, is_slow, middle, missing, order, ratio


def pair(peer, ours, *probes):
    return {'peer': {'seconds': peer}, 'ours': {'seconds': ours}, 'probes': list(probes)}


CALM = pair(4.0, 2.0, 1.0, 1.1, 1.1, 1.2)
FAST = pair(9.0, 3.0, 1.0, 1.0, 1.0, 1.0)
SLOW = pair(50.0, 1.0, 1.0, 1.5, 1.0, 1.0)


def test_no_side_is_always_first():
    assert [order(number, 3) for number in range(3)] == [[0, 1, 2], [2, 1, 0], [0, 1, 2]]
    assert [order(number, 2) for number in range(2)] == [[0, 1], [1, 0]]


@pytest.mark.parametrize(
    ('probes', 'best', 'slow'),
    [([1.0, 1.4], 1.0, False), ([1.0, 1.41], 1.0, True), ([2.0], 2.0, False), ([], 1.0, False)],
)
def test_one_slow_probe_is_enough(probes, best, slow):
    assert is_slow(probes, best) is slow


def test_ratio_is_of_pairs_and_leaves_slow_ones_out():
    found = ratio([CALM, SLOW, FAST], usual=1.0)
    assert found == (found.__class__)(2.5, 2.0, 3.0, 2, 1)  # 4/2 and 9/3; 50/1 was in a slow spell


def test_ratio_of_nothing():
    assert ratio([SLOW], usual=1.0) is None
    assert ratio([], usual=1.0) is None


def test_usual_probe_decides():
    """What looked calm is dropped when the machine turns out to be faster."""
    assert counted([CALM, FAST], usual=1.0) == [CALM, FAST]
    assert counted([CALM, FAST], usual=0.8) == [FAST]


@pytest.mark.parametrize(
    ('pairs', 'more'),
    [
        ([], True),
        ([CALM], True),
        ([CALM, FAST], False),
        ([CALM, SLOW], True),  # the slow one is tried again
        ([SLOW, SLOW, SLOW], False),  # but only so often
    ],
)
def test_rounds_are_repeated_a_bounded_number_of_times(pairs, more):
    assert missing(pairs, wanted=2, extra=1, usual=1.0) is more


def test_middle_of_a_figure():
    pairs = [
        {'peer': {'peak_mb': value}, 'ours': {'peak_mb': None}, 'probes': []}
        for value in (3.0, 9.0, 5.0)
    ]
    assert middle(pairs, 'peer', 'peak_mb') == 5.0
    assert middle(pairs, 'ours', 'peak_mb') is None
