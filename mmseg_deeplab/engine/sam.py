"""Sharpness-aware minimisation: the gradient is taken where the loss is worst nearby."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from mmseg_deeplab.engine.optim import SegOptimWrapper
from mmseg_deeplab.registry import OPTIM_WRAPPERS
from mmseg_deeplab.utils.errors import ConfigError

_EPS = 1e-12  # Composer's


@OPTIM_WRAPPERS.register_module()
class SAMOptimWrapper(SegOptimWrapper):
    """:class:`SegOptimWrapper` with SAM (arXiv:2010.01412), as in MosaicML's Composer.

    Every ``interval``-th step sees its batch twice: all weights climb together by ``rho`` along
    the gradient, the gradient there is what the optimiser gets, and the weights go back first.
    Of several processes, each climbs along its own gradient. The logged loss of such a step is
    the one at the top. The second look draws the same random numbers (dropout, MixUp).

    Args:
        optimizer: See :class:`SegOptimWrapper`, as all arguments not named here.
        rho: Length of the climb, above 0.
        interval: 1 climbs at every step, 2 at every second one, ...
        accumulative_counts: Must be 1.
        clip_grad: Applies to the second gradient.
        amp: Mixed precision.
        dtype: Of mixed precision.
        loss_scale: Of float16.
        finite_check: When a loss is looked at.

    Raises:
        ConfigError: An argument does not fit.
    """

    def __init__(
        self,
        optimizer: Optimizer,
        rho: float = 0.05,
        interval: int = 1,
        accumulative_counts: int = 1,
        clip_grad: dict[str, Any] | None = None,
        *,
        amp: bool = False,
        dtype: str | torch.dtype | None = None,
        loss_scale: str | float | dict[str, Any] = 'dynamic',
        finite_check: str = 'auto',
    ) -> None:
        if rho <= 0 or interval < 1:
            raise ConfigError(
                'SAMOptimWrapper needs rho above 0 and interval of at least 1, got '
                f'rho={rho} and interval={interval}'
            )
        if accumulative_counts != 1:
            raise ConfigError(
                'SAMOptimWrapper.accumulative_counts must be 1, got '
                f'{accumulative_counts}; a climb belongs to one batch'
            )
        super().__init__(
            optimizer,
            clip_grad=clip_grad,
            amp=amp,
            dtype=dtype,
            loss_scale=loss_scale,
            finite_check=finite_check,
        )
        self.rho = rho
        self.interval = interval
        self._climbing = False
        self._ground: list[tuple[Tensor, Tensor]] = []  # parameters, and their values below

    def climb(self, model: nn.Module, batch: Any) -> bool:
        """Before a training step: move the weights uphill, if it is this step's turn.

        Args:
            model: The model or its wrapper; its ``train_step`` is called once more.
            batch: The step's batch.

        Returns:
            Whether it was; then the coming step is to see ``batch`` with the same random
            numbers.
        """
        if (self._inner_count + 1) % self.interval:
            return False
        self._climbing = True
        try:
            model.train_step(batch, optim_wrapper=self)
        finally:
            self._climbing = False
        return True

    def should_sync(self) -> bool:
        """Whether processes exchange gradients in the coming backward pass."""
        return not self._climbing and super().should_sync()

    def update_params(
        self,
        loss: Tensor,
        step_kwargs: dict[str, Any] | None = None,
        zero_kwargs: dict[str, Any] | None = None,
    ) -> None:
        """Climb, or come down and update.

        Args:
            loss: A scalar.
            step_kwargs: For the optimiser's ``step``.
            zero_kwargs: For the optimiser's ``zero_grad``.

        Raises:
            TrainingError: The loss or a gradient is not finite.
        """
        if self._climbing:
            self.guard.check_loss(loss)
            (loss if self.loss_scaler is None else self.loss_scaler.scale(loss)).backward()
            self.move_uphill()
            self.zero_grad(**(zero_kwargs or {}))
            return
        try:
            super().update_params(loss, step_kwargs, zero_kwargs)
        finally:
            self.move_back()  # only after an error is anything left to move

    def step(self, **kwargs: Any) -> None:
        """Come down, then update with the gradient found at the top."""
        self.move_back()
        super().step(**kwargs)

    @torch.no_grad()
    def move_uphill(self) -> None:
        """Move each weight by ``rho`` times its part of the gradient's direction."""
        groups = self.optimizer.param_groups
        params = [p for group in groups for p in group['params'] if p.grad is not None]
        if not params:
            return
        gradients = [p.grad for p in params]
        norm = torch.nn.utils.get_total_norm(gradients)
        # a loss scale cancels out; where it has made a gradient infinite, nothing moves
        factor = torch.where(norm.isfinite(), self.rho / (norm + _EPS), 0.0)
        self._ground = [(p, p.detach().clone()) for p in params]
        for param, gradient in zip(params, gradients, strict=True):
            param.add_(torch.nan_to_num(gradient * factor, nan=0.0, posinf=0.0, neginf=0.0))

    @torch.no_grad()
    def move_back(self) -> None:
        """Give the weights the values from before the climb."""
        for param, value in self._ground:
            param.copy_(value)
        self._ground = []
