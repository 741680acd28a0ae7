"""What of a checkpoint went into a model, in a few lines."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class LoadReport:
    """The outcome of :func:`load_state.load_state`.

    Attributes:
        source: The file's name.
        loaded: Entries of the model that come from the file.
        dropped: Entries of the file that were not used, each with the reason.
        missing: Entries of the model that keep their start values.
        adapted: The first convolution's name, if it was made for another number of bands.
    """

    source: str
    loaded: tuple[str, ...]
    dropped: dict[str, str]
    missing: tuple[str, ...]
    adapted: str | None = None

    def lines(self) -> list[str]:
        """The report for a log: a count for each part of the model, and what is special."""
        parts = Counter(key.split('.')[0] for key in self.loaded)
        counts = ', '.join(f'{part} {count}' for part, count in parts.items())
        lines = [f'{self.source}: {len(self.loaded)} entries are loaded ({counts})']
        if self.adapted is not None:
            lines.append(f'made to fit the number of bands: {self.adapted}')
        if self.dropped:
            reasons = Counter(self.dropped.values())
            named = [
                f'{some([key for key, why in self.dropped.items() if why == reason])} ({reason})'
                for reason in reasons
            ]
            lines.append(f'not used of the file, {len(self.dropped)}: {"; ".join(named)}')
        if self.missing:
            start = f'not in the file or dropped, with their start values, {len(self.missing)}'
            lines.append(f'{start}: {some(self.missing)}')
        return lines


def some(keys: Sequence[str], shown: int = 2) -> str:
    """The first names of many.

    Args:
        keys: The names.
        shown: How many are written out.
    """
    return ', '.join(keys[:shown]) + (', ...' if len(keys) > shown else '')
