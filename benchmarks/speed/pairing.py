"""Which measurements count, and the ratio of two sides: pure functions."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

SLOW = 1.4  # a probe above so many times the usual one: the machine was slowed meanwhile


@dataclass(frozen=True)
class Ratio:
    """Peer's time over ours.

    Attributes:
        median: Of the pairs.
        least: Of the pairs.
        greatest: Of the pairs.
        pairs: How many count.
        dropped: How many were measured in a slow spell and do not.
    """

    median: float
    least: float
    greatest: float
    pairs: int
    dropped: int


def order(round_number: int, count: int) -> list[int]:
    """The order in which so many workers are asked in a round: forth, back, forth ..."""
    forth = list(range(count))
    return forth if round_number % 2 == 0 else forth[::-1]


def is_slow(probes: Sequence[float], usual: float, limit: float = SLOW) -> bool:
    """Whether a probe beside a measurement took too long.

    Args:
        probes: Seconds of those before and after it.
        usual: Seconds of the probe when nobody slows the machine.
        limit: How many times the usual is too long.
    """
    return bool(probes) and max(probes) > limit * usual


def counted(pairs: Sequence[dict[str, Any]], usual: float) -> list[dict[str, Any]]:
    """The pairs that were not measured in a slow spell.

    Args:
        pairs: Each with ``probes``.
        usual: Seconds of the probe when nobody slows the machine.
    """
    return [pair for pair in pairs if not is_slow(pair['probes'], usual)]


def missing(pairs: Sequence[dict[str, Any]], wanted: int, extra: int, usual: float) -> bool:
    """Whether one more round is to be measured.

    Args:
        pairs: Those there are.
        wanted: So many shall count.
        extra: So many more may be tried.
        usual: Seconds of the probe when nobody slows the machine.
    """
    return len(pairs) < wanted + extra and len(counted(pairs, usual)) < wanted


def ratio(pairs: Sequence[dict[str, Any]], usual: float) -> Ratio | None:
    """Peer's time over ours, pair by pair; None where no pair counts.

    Args:
        pairs: Each with ``peer`` and ``ours``, both with ``seconds``, and ``probes``.
        usual: Seconds of the probe when nobody slows the machine.
    """
    kept = counted(pairs, usual)
    if not kept:
        return None
    each = [pair['peer']['seconds'] / pair['ours']['seconds'] for pair in kept]
    return Ratio(statistics.median(each), min(each), max(each), len(each), len(pairs) - len(kept))


def middle(pairs: Sequence[dict[str, Any]], side: str, key: str) -> float | None:
    """Median of a figure of one side over pairs.

    Args:
        pairs: Those that count.
        side: ``'peer'`` or ``'ours'``.
        key: ``'seconds'``, ``'cpu'``, ``'peak_mb'``, ``'base_mb'``.
    """
    found = [pair[side][key] for pair in pairs if pair[side].get(key)]
    return statistics.median(found) if found else None
