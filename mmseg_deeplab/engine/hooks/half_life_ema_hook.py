"""Averaged weights with a half-life, as in MosaicML's Composer."""

from __future__ import annotations

import copy
import math
from typing import Any

import torch
from mmengine.hooks import EMAHook
from mmengine.model import is_model_wrapper
from torch import Tensor, nn

from mmseg_deeplab.registry import HOOKS
from mmseg_deeplab.utils.durations import Duration
from mmseg_deeplab.utils.errors import ConfigError


class AveragedWeights(nn.Module):
    """A copy of a model in which trained weights and float buffers are running averages.

    Frozen parameters and whole-number buffers are copied, not averaged.

    Args:
        model: Not changed.
    """

    update_buffers = True  # MMEngine's hook asks

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.module = copy.deepcopy(model).requires_grad_(False)

    @torch.no_grad()
    def begin(self, model: nn.Module) -> None:
        """Take over all values of a model."""
        for own, source, _ in self._pairs(model):
            own.copy_(source)

    @torch.no_grad()
    def update(self, model: nn.Module, smoothing: float) -> None:
        """``average <- smoothing * average + (1 - smoothing) * model``.

        Args:
            model: Of the same form.
            smoothing: Between 0 and 1.
        """
        pairs = [(own, source) for own, source, averaged in self._pairs(model) if averaged]
        if pairs:
            averages, sources = map(list, zip(*pairs, strict=True))
            torch._foreach_mul_(averages, smoothing)
            torch._foreach_add_(averages, sources, alpha=1 - smoothing)
        self.copy_fixed(model)

    @torch.no_grad()
    def copy_fixed(self, model: nn.Module) -> None:
        """Take over what is not averaged."""
        for own, source, averaged in self._pairs(model):
            if not averaged:
                own.copy_(source)

    def _pairs(self, model: nn.Module) -> list[tuple[Tensor, Tensor, bool]]:
        parameters = zip(self.module.parameters(), model.parameters(), strict=True)
        buffers = zip(self.module.buffers(), model.buffers(), strict=True)
        return [
            *((own.data, source.data, source.requires_grad) for own, source in parameters),
            *((own, source, source.is_floating_point()) for own, source in buffers),
        ]


@HOOKS.register_module()
class HalfLifeEMAHook(EMAHook):
    """Validate, test and save an exponential moving average of the weights.

    Between two updates, the share of the older weights is ``2 ** (-update_interval /
    half_life)``. Checkpoints are as MMEngine's ``EMAHook`` writes them: ``state_dict`` holds the
    average, ``ema_state_dict`` the weights in training.

    Differs from Composer: whole-number buffers are copied instead of averaged and cut off.

    Args:
        half_life: After so long, half of what a weight was is forgotten: ``'1000ba'`` batches
            or ``'2ep'`` epochs.
        update_interval: Time between updates; None is 1 in the unit of ``half_life``.
        ema_start: Until then there is no average: ``'0.5dur'``, ``'1000ba'``, ``'3ep'``.
        smoothing: The share of the older weights itself, in place of ``half_life``.
        strict_load: Whether a checkpoint must hold every entry of the average.

    Raises:
        ConfigError: A duration cannot be read, or both or neither of ``half_life`` and
            ``smoothing`` are given.
    """

    def __init__(
        self,
        half_life: str | int | None = '1000ba',
        update_interval: str | int | None = None,
        ema_start: str | int | float = '0dur',
        smoothing: float | None = None,
        strict_load: bool = False,
    ) -> None:
        super().__init__(strict_load=strict_load)
        if (half_life is None) == (smoothing is None):
            raise ConfigError(
                'HalfLifeEMAHook needs half_life or smoothing, one of the two, got '
                f'half_life={half_life!r} and smoothing={smoothing!r}'
            )
        if smoothing is not None and not 0 < smoothing < 1:
            raise ConfigError(f'HalfLifeEMAHook.smoothing must be between 0 and 1, got {smoothing}')
        half = None if half_life is None else _counted(half_life, 'half_life')
        if update_interval is None:
            self.update_interval = Duration(1, 'ba' if half is None else half.unit)
        else:
            self.update_interval = _counted(update_interval, 'update_interval')
        if half is not None and half.unit != self.update_interval.unit:
            raise ConfigError(
                'HalfLifeEMAHook.half_life and update_interval must both be in epochs or both in '
                f'batches, got {half_life!r} and {update_interval!r}'
            )
        self.ema_start = Duration.parse(ema_start, 'HalfLifeEMAHook.ema_start')
        self.smoothing = (
            2 ** -(self.update_interval.value / half.value) if smoothing is None else smoothing
        )
        self._begin = self._every = 0  # known in training

    def before_run(self, runner: Any) -> None:
        """Copy the model."""
        model = runner.model
        self.src_model = model.module if is_model_wrapper(model) else model
        self.ema_model = AveragedWeights(self.src_model)

    def before_train(self, runner: Any) -> None:
        """Learn how long an epoch and the training are.

        Args:
            runner: The runner.
        """
        epoch, total = len(runner.train_loop.dataloader), runner.max_iters
        step = epoch if self.update_interval.unit == 'ep' else 1
        self._every = self.update_interval.iterations(epoch, total)
        factor = {'ep': epoch, 'ba': 1, 'dur': total}[self.ema_start.unit]
        start = max(math.ceil(self.ema_start.value * factor - 1e-9), 1)
        self._begin = math.ceil(start / step) * step  # it begins when an update may take place

    def after_train_iter(
        self, runner: Any, batch_idx: int, data_batch: Any = None, outputs: Any = None
    ) -> None:
        """Begin or update the average.

        Args:
            runner: The runner.
            batch_idx: Not used.
            data_batch: Not used.
            outputs: Not used.
        """
        done = runner.iter + 1
        if done == self._begin:
            self.ema_model.begin(self.src_model)
        elif done > self._begin and done % self._every == 0:
            self.ema_model.update(self.src_model, self.smoothing)

    def before_val_epoch(self, runner: Any) -> None:
        """Put the average in place of the weights."""
        self._complete(runner)
        super().before_val_epoch(runner)

    def before_save_checkpoint(self, runner: Any, checkpoint: dict) -> None:
        """Save the average, and the weights in training beside it.

        Args:
            runner: The runner.
            checkpoint: Changed in place.
        """
        self._complete(runner)
        super().before_save_checkpoint(runner, checkpoint)

    def _complete(self, runner: Any) -> None:
        """Bring what is not averaged, or not yet, up to date."""
        if runner.train_loop_if_built() is None:
            return
        if runner.iter < self._begin:
            self.ema_model.begin(self.src_model)
        else:
            self.ema_model.copy_fixed(self.src_model)


def _counted(given: str | int, name: str) -> Duration:
    duration = Duration.parse(given, f'HalfLifeEMAHook.{name}', parts=False)
    if duration.value < 1:
        raise ConfigError(
            f"HalfLifeEMAHook.{name} must be epochs ('1ep') or batches ('10ba'), at least one, "
            f'got {given!r}'
        )
    return duration
