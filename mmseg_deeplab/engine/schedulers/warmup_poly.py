"""Warm-up over a polynomial decay, as in Detectron2's DeepLab."""

from __future__ import annotations

from typing import Any

from mmengine.optim.scheduler.param_scheduler import INF
from torch.optim import Optimizer

from mmseg_deeplab.engine.schedulers.base import FactorLR
from mmseg_deeplab.registry import PARAM_SCHEDULERS
from mmseg_deeplab.utils.errors import ConfigError

_METHODS = ('linear', 'constant')


def warmup_poly_factor(
    step: int, steps: int, power: float, constant_ending: float, warmup: float
) -> float:
    """``warmup * (1 - step / steps) ** power``, not below ``constant_ending`` after the warm-up.

    Args:
        step: From 0.
        steps: Length of the training.
        power: Of the decay.
        constant_ending: Lowest factor, 0 for none; it does not act during the warm-up.
        warmup: Factor of the warm-up, 1 when it is over.
    """
    factor = max(1 - step / steps, 0.0) ** power
    if warmup == 1 and factor < constant_ending:
        return constant_ending
    return warmup * factor


@PARAM_SCHEDULERS.register_module()
class WarmupPolyLR(FactorLR):
    """See :func:`warmup_poly_factor`; the decay runs from the first step, below the warm-up.

    Args:
        optimizer: The optimiser or its wrapper.
        power: Of the decay.
        constant_ending: Lowest factor of the learning rate after the warm-up, 0 to 1.
        warmup_factor: Factor of the first step.
        warmup_iters: Steps of the warm-up.
        warmup_method: ``'linear'`` from ``warmup_factor`` to 1, or ``'constant'``.
        begin: As in MMEngine.
        end: As in MMEngine; the decay ends there.
        last_step: As in MMEngine.
        by_epoch: As in MMEngine.
        verbose: As in MMEngine.

    Raises:
        ConfigError: The steps or factors do not fit.
    """

    in_epochs = ('warmup_iters',)

    def __init__(
        self,
        optimizer: Optimizer | Any,
        power: float = 0.9,
        constant_ending: float = 0.0,
        warmup_factor: float = 0.001,
        warmup_iters: int = 1000,
        warmup_method: str = 'linear',
        begin: int = 0,
        end: int = INF,
        last_step: int = -1,
        by_epoch: bool = True,
        verbose: bool = False,
    ) -> None:
        for name, value in (('constant_ending', constant_ending), ('warmup_factor', warmup_factor)):
            if not 0 <= value <= 1:
                raise ConfigError(f'WarmupPolyLR.{name} must be 0 to 1, got {value}')
        if warmup_method not in _METHODS:
            raise ConfigError(
                f'WarmupPolyLR.warmup_method must be one of {_METHODS}, got {warmup_method!r}'
            )
        if warmup_iters < 0 or end <= begin:
            raise ConfigError(
                'WarmupPolyLR.warmup_iters must be 0 or more, and end be after begin, got '
                f'{warmup_iters} and {begin} to {end}'
            )
        self.power = power
        self.constant_ending = constant_ending
        self.warmup_factor = warmup_factor
        self.warmup_iters = warmup_iters
        self.warmup_method = warmup_method
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
        warmup = self._warmup_at(step)
        return warmup_poly_factor(step, self.steps, self.power, self.constant_ending, warmup)

    def _warmup_at(self, step: int) -> float:
        if step >= self.warmup_iters:
            return 1.0
        if self.warmup_method == 'constant':
            return self.warmup_factor
        done = step / self.warmup_iters
        return self.warmup_factor * (1 - done) + done
