"""Learning rates as functions of the step, so that a run resumed or moved has the same ones."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mmengine.optim.scheduler.param_scheduler import INF, _ParamScheduler
from torch.optim import Optimizer

from mmseg_deeplab.utils.errors import ConfigError

_PROGRESS = ('optimizer', 'last_step', '_global_step', '_last_value', 'base_values', 'verbose')


class FactorLR(_ParamScheduler):
    """Base of schedulers with ``lr = initial lr * factor(step)``.

    MMEngine's own schedulers compute a value from the one before and so add up rounding; this
    one depends on the step alone. A subclass gives :meth:`factor` as a pure function; it is
    built like MMEngine's schedulers and can follow or precede them (``begin``, ``end``).

    Args:
        optimizer: The optimiser or its wrapper.
        begin: First step that it governs.
        end: The step before which it ends; the last value stays. A runner gives its own
            length where a config names none.
        last_step: As in MMEngine.
        by_epoch: Whether a step is an epoch or an iteration.
        verbose: Whether each value is printed.
    """

    def __init__(
        self,
        optimizer: Optimizer | Any,
        *,
        begin: int = 0,
        end: int = INF,
        last_step: int = -1,
        by_epoch: bool = True,
        verbose: bool = False,
    ) -> None:
        super().__init__(optimizer, 'lr', begin, end, last_step, by_epoch, verbose)

    @classmethod
    def build_iter_from_epoch(
        cls,
        *,
        begin: int = 0,
        end: int = INF,
        by_epoch: bool = True,
        epoch_length: int,
        **arguments: Any,
    ) -> FactorLR:
        """MMEngine's entry for ``convert_to_iter_based=True``.

        Args:
            begin: In epochs.
            end: In epochs.
            by_epoch: Must be True.
            epoch_length: Iterations of an epoch.
            arguments: Of the class, those named in :attr:`in_epochs` counted in epochs.

        Raises:
            ConfigError: It is based on iterations already.
        """
        if not by_epoch:
            raise ConfigError(
                f'{cls.__name__}: convert_to_iter_based=True is for by_epoch=True; remove it'
            )
        scaled = {
            name: value * epoch_length if name in cls.in_epochs and value is not None else value
            for name, value in arguments.items()
        }
        end = end if end == INF else int(end * epoch_length)
        return cls(begin=int(begin * epoch_length), end=end, by_epoch=False, **scaled)

    in_epochs: tuple[str, ...] = ()
    """Names of arguments that are counts of steps."""

    @property
    def steps(self) -> int:
        """Length of the part that it governs."""
        return self.end - self.begin

    def factor(self, step: int) -> float:
        """The multiplier of the initial learning rate.

        Args:
            step: From 0 at ``begin``.
        """
        raise NotImplementedError

    def settings(self) -> tuple[str, ...]:
        """Names of the attributes that say what it does; the others say how far it is."""
        return tuple(name for name in self.__dict__ if name not in _PROGRESS)

    def change(self, settings: Mapping[str, Any]) -> None:
        """Go on, from the step that it has come to, as if it had begun with other settings.

        Args:
            settings: Attributes and their new values.
        """
        self.__dict__.update(settings)
        if self._global_step < self.begin:
            self.last_step = -1
            return
        self.last_step = min(self._global_step, self.end - 1) - self.begin
        if self._global_step < self.end:
            self._last_value = self._get_value()
            for group, value in zip(self.optimizer.param_groups, self._last_value, strict=True):
                group[self.param_name] = value

    def _get_value(self) -> list[float]:
        factor = self.factor(self.last_step)
        return [initial * factor for initial in self.base_values]
