"""A polynomial decay that goes down in stairs, as in deeplab-pytorch."""

from __future__ import annotations

from typing import Any

from mmengine.optim.scheduler.param_scheduler import INF
from torch.optim import Optimizer

from mmseg_deeplab.engine.schedulers.base import FactorLR
from mmseg_deeplab.engine.schedulers.decay import polynomial_factor
from mmseg_deeplab.registry import PARAM_SCHEDULERS
from mmseg_deeplab.utils.errors import ConfigError


def stepwise_poly_factor(step: int, steps: int, interval: int, power: float) -> float:
    """``(1 - step / steps) ** power`` of the last multiple of ``interval``.

    Args:
        step: From 0.
        steps: Length of the training; from there on the factor is 0.
        interval: Steps between two changes.
        power: Exponent.
    """
    return polynomial_factor(step // interval * interval / steps, power, 0.0)


@PARAM_SCHEDULERS.register_module()
class StepwisePolyLR(FactorLR):
    """See :func:`stepwise_poly_factor`.

    Args:
        optimizer: The optimiser or its wrapper.
        interval: Steps between two changes. Where gradients are accumulated, a step is one
            batch, not one update.
        power: Exponent.
        begin: As in MMEngine.
        end: As in MMEngine; the decay ends there.
        last_step: As in MMEngine.
        by_epoch: As in MMEngine.
        verbose: As in MMEngine.

    Raises:
        ConfigError: ``interval`` is below 1.
    """

    in_epochs = ('interval',)

    def __init__(
        self,
        optimizer: Optimizer | Any,
        interval: int = 10,
        power: float = 0.9,
        begin: int = 0,
        end: int = INF,
        last_step: int = -1,
        by_epoch: bool = True,
        verbose: bool = False,
    ) -> None:
        if interval < 1 or end <= begin:
            raise ConfigError(
                'StepwisePolyLR.interval must be 1 or more, and end be after begin, got '
                f'{interval} and {begin} to {end}'
            )
        self.interval = interval
        self.power = power
        super().__init__(
            optimizer,
            begin=begin,
            end=end,
            last_step=last_step,
            by_epoch=by_epoch,
            verbose=verbose,
        )

    def factor(self, step: int) -> float:
        """The multiplier of the initial learning rate after ``step`` steps."""
        return stepwise_poly_factor(step, self.steps, self.interval, self.power)
