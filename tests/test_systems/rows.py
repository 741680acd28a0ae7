"""What is asked of the rows (file, what, worst difference, bound) of benchmarks/systems."""

from __future__ import annotations

from collections.abc import Iterable


def hold(rows: Iterable[tuple]) -> None:
    """Every difference is within its bound, NaN is not, and there is at least one row."""
    rows = list(rows)
    assert rows
    assert [row for row in rows if not row[2] <= row[3]] == []
