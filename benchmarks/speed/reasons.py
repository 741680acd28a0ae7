"""What stands in the way of a goal that is missed, by row or by case; written by hand.

A row that misses its goal stays in the table with its true figure and the words from here.
"""

from __future__ import annotations

REASONS: dict[str, str] = {}
