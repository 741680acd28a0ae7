"""Polynomial and cosine decay as in MosaicML's Composer."""

from __future__ import annotations

import math
from typing import Any

from mmengine.optim.scheduler.param_scheduler import INF
from torch.optim import Optimizer

from mmseg_deeplab.engine.schedulers.base import FactorLR
from mmseg_deeplab.registry import PARAM_SCHEDULERS
from mmseg_deeplab.utils.durations import Duration
from mmseg_deeplab.utils.errors import ConfigError


def polynomial_factor(elapsed: float, power: float, alpha_f: float) -> float:
    """``alpha_f + (1 - alpha_f) * (1 - elapsed) ** power``.

    Args:
        elapsed: Part of the decay that is over; beyond 1 as at 1 (the original turns complex).
        power: Exponent.
        alpha_f: Factor at the end.
    """
    return alpha_f + (1 - alpha_f) * (1 - min(max(elapsed, 0.0), 1.0)) ** power


def cosine_factor(elapsed: float, alpha_f: float) -> float:
    """``alpha_f + (1 - alpha_f) * (1 + cos(pi * elapsed)) / 2``.

    Args:
        elapsed: Part of the decay that is over; beyond 1 as at 1.
        alpha_f: Factor at the end.
    """
    elapsed = min(max(elapsed, 0.0), 1.0)
    return alpha_f + (1 - alpha_f) * (1 + math.cos(math.pi * elapsed)) / 2


class _Decay(FactorLR):
    """A decay over ``t_max``; arguments as its subclasses."""

    in_epochs = ('t_max',)

    def __init__(
        self,
        optimizer: Optimizer | Any,
        alpha_f: float,
        t_max: int | str,
        **place: Any,
    ) -> None:
        if not 0 <= alpha_f <= 1:
            raise ConfigError(f'{type(self).__name__}.alpha_f must be 0 to 1, got {alpha_f}')
        self.alpha_f = alpha_f
        self.t_max = self._in_steps(t_max, place['end'] - place['begin'], place['end'] < INF)
        super().__init__(optimizer, **place)

    def _in_steps(self, t_max: int | str, length: int, has_end: bool) -> int:
        name = f'{type(self).__name__}.t_max'
        duration = Duration.parse(t_max, name)
        if duration.unit == 'ep' or (duration.unit == 'dur' and not has_end):
            raise ConfigError(
                f'{name}={t_max!r} is known inside a training run only; give it in steps, and the '
                '`end` of the training with it'
            )
        steps = duration.iterations(1, length)
        if steps < 1:
            raise ConfigError(f'{name} must be at least one step, got {t_max!r}')
        return steps


@PARAM_SCHEDULERS.register_module()
class PolynomialDecayLR(_Decay):
    """Composer's ``PolynomialScheduler``: see :func:`polynomial_factor`.

    Args:
        optimizer: The optimiser or its wrapper.
        power: Exponent.
        alpha_f: Factor of the initial learning rate at the end.
        t_max: When that is reached: steps, or ``'1dur'``, ``'0.5dur'``, ``'100ep'``,
            ``'1000ba'``.
        begin: As in MMEngine.
        end: As in MMEngine.
        last_step: As in MMEngine.
        by_epoch: As in MMEngine; Composer steps every iteration, ``False``.
        verbose: As in MMEngine.

    Raises:
        ConfigError: ``alpha_f`` or ``t_max`` does not fit.
    """

    def __init__(
        self,
        optimizer: Optimizer | Any,
        power: float = 1.0,
        alpha_f: float = 0.0,
        t_max: int | str = '1dur',
        begin: int = 0,
        end: int = INF,
        last_step: int = -1,
        by_epoch: bool = True,
        verbose: bool = False,
    ) -> None:
        self.power = power
        place = dict(begin=begin, end=end, last_step=last_step, by_epoch=by_epoch)
        super().__init__(optimizer, alpha_f, t_max, verbose=verbose, **place)

    def factor(self, step: int) -> float:
        """The multiplier of the initial learning rate after ``step`` steps."""
        return polynomial_factor(step / self.t_max, self.power, self.alpha_f)


@PARAM_SCHEDULERS.register_module()
class CosineDecayLR(_Decay):
    """Composer's ``CosineAnnealingScheduler``: see :func:`cosine_factor`.

    Args:
        optimizer: The optimiser or its wrapper.
        alpha_f: Factor of the initial learning rate at the end.
        t_max: As for :class:`PolynomialDecayLR`.
        begin: As in MMEngine.
        end: As in MMEngine.
        last_step: As in MMEngine.
        by_epoch: As in MMEngine; Composer steps every iteration, ``False``.
        verbose: As in MMEngine.

    Raises:
        ConfigError: ``alpha_f`` or ``t_max`` does not fit.
    """

    def __init__(
        self,
        optimizer: Optimizer | Any,
        alpha_f: float = 0.0,
        t_max: int | str = '1dur',
        begin: int = 0,
        end: int = INF,
        last_step: int = -1,
        by_epoch: bool = True,
        verbose: bool = False,
    ) -> None:
        place = dict(begin=begin, end=end, last_step=last_step, by_epoch=by_epoch)
        super().__init__(optimizer, alpha_f, t_max, verbose=verbose, **place)

    def factor(self, step: int) -> float:
        """The multiplier of the initial learning rate after ``step`` steps."""
        return cosine_factor(step / self.t_max, self.alpha_f)
