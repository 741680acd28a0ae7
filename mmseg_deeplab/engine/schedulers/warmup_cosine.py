"""Linear warm-up, then half a cosine, as in MindCV."""

from __future__ import annotations

from typing import Any

from mmengine.optim.scheduler.param_scheduler import INF
from torch.optim import Optimizer

from mmseg_deeplab.engine.schedulers.base import FactorLR
from mmseg_deeplab.engine.schedulers.decay import cosine_factor
from mmseg_deeplab.registry import PARAM_SCHEDULERS
from mmseg_deeplab.utils.errors import ConfigError


def warmup_cosine_factor(step: int, warmup: int, decay: int, alpha_f: float) -> float:
    """``step / warmup`` during the warm-up, then :func:`cosine_factor` of what has passed since.

    Args:
        step: From 0.
        warmup: Its steps, 0 or more; the first has the factor 0.
        decay: Steps of the half cosine behind it, 1 or more.
        alpha_f: Factor at the end.
    """
    if step < warmup:
        return step / warmup
    return cosine_factor((step - warmup) / decay, alpha_f)


@PARAM_SCHEDULERS.register_module()
class WarmupCosineLR(FactorLR):
    """See :func:`warmup_cosine_factor`.

    Args:
        optimizer: The optimiser or its wrapper.
        warmup_steps: Steps from 0 to the full learning rate.
        alpha_f: Factor of the initial learning rate at the end.
        decay_steps: Steps of the decay; None ends it with the training. MindCV's DeepLab files
            say ``decay_epochs: 40000``, which is read as epochs, 1,640,000 steps of a training
            of 12,300: the rate then all but stays where it is.
        begin: As in MMEngine.
        end: As in MMEngine.
        last_step: As in MMEngine.
        by_epoch: As in MMEngine.
        verbose: As in MMEngine.

    Raises:
        ConfigError: The steps or ``alpha_f`` do not fit.
    """

    in_epochs = ('warmup_steps', 'decay_steps')

    def __init__(
        self,
        optimizer: Optimizer | Any,
        warmup_steps: int = 0,
        alpha_f: float = 0.0,
        decay_steps: int | None = None,
        begin: int = 0,
        end: int = INF,
        last_step: int = -1,
        by_epoch: bool = True,
        verbose: bool = False,
    ) -> None:
        if not 0 <= alpha_f <= 1:
            raise ConfigError(f'WarmupCosineLR.alpha_f must be 0 to 1, got {alpha_f}')
        decay = end - begin - warmup_steps if decay_steps is None else decay_steps
        if warmup_steps < 0 or decay < 1:
            raise ConfigError(
                'WarmupCosineLR.warmup_steps must be 0 or more and leave steps to decay in, got '
                f'{warmup_steps} and {decay}'
            )
        self.warmup_steps = warmup_steps
        self.decay_steps = decay
        self.alpha_f = alpha_f
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
        return warmup_cosine_factor(step, self.warmup_steps, self.decay_steps, self.alpha_f)
