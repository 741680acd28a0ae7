"""Durations as Composer writes them: epochs, batches, or a part of the whole training."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from mmseg_deeplab.utils.errors import ConfigError

_FORM = re.compile(r'\s*(\d+(?:\.\d*)?(?:e-?\d+)?|\.\d+)\s*([a-z]+)\s*', re.IGNORECASE)
_UNITS = {'ep': 'ep', 'ba': 'ba', 'iter': 'ba', 'it': 'ba', 'dur': 'dur'}


@dataclass(frozen=True)
class Duration:
    """A length of training.

    Attributes:
        value: How many; at least 0.
        unit: ``'ep'`` epochs, ``'ba'`` batches (iterations) or ``'dur'`` parts of the training.
    """

    value: float
    unit: str

    def __str__(self) -> str:
        """As :meth:`parse` reads it: ``127ep``."""
        return f'{self.value:g}{self.unit}'

    @classmethod
    def parse(
        cls,
        given: str | int | float | Duration,
        what: str = 'the duration',
        *,
        parts: bool = True,
    ) -> Duration:
        """Read ``'127ep'``, ``'1000ba'``, ``'1000iter'``, ``'0.5dur'`` or a number of batches.

        Args:
            given: As above.
            what: What it is of, for the message.
            parts: Whether ``'0.5dur'`` will do.

        Raises:
            ConfigError: Another form.
        """
        if isinstance(given, Duration):
            return given
        if isinstance(given, (int, float)) and not isinstance(given, bool) and given >= 0:
            return cls(given, 'ba')
        found = _FORM.fullmatch(given) if isinstance(given, str) else None
        unit = _UNITS.get(found[2].lower()) if found else None
        if unit is None or (unit == 'dur' and not parts):
            of_all = " or '0.5dur' (half of the training)" if parts else ''
            raise ConfigError(
                f"{what} must be a number of iterations or a text such as '127ep' (epochs), "
                f"'1000ba' (batches){of_all}, got {given!r}"
            )
        value = float(found[1])
        if unit != 'dur' and not value.is_integer():
            raise ConfigError(f'{what} must be a whole number of {unit}, got {given!r}')
        return cls(value, unit)

    def iterations(self, epoch_length: int, total: int) -> int:
        """How many iterations that is.

        Args:
            epoch_length: Iterations of an epoch.
            total: Iterations of the whole training.
        """
        factor = {'ep': epoch_length, 'ba': 1, 'dur': total}[self.unit]
        return math.floor(self.value * factor)
