"""One optimiser wrapper for full and mixed precision, on CPU and GPU."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import torch
from mmengine.optim import OptimWrapper
from torch import nn
from torch.optim import Optimizer

from mmseg_deeplab.engine.guard import FiniteGuard
from mmseg_deeplab.registry import OPTIM_WRAPPERS
from mmseg_deeplab.utils.errors import ConfigError
from mmseg_deeplab.utils.log import warn_once

_PRECISIONS = {'float16': torch.float16, 'bfloat16': torch.bfloat16}
_CHECKS = ('auto', 'each_step', 'deferred')
_CAN_BE_FUSED = ('SGD', 'Adam', 'AdamW')  # PyTorch's optimisers that can mask an update


@OPTIM_WRAPPERS.register_module()
class SegOptimWrapper(OptimWrapper):
    """MMEngine's ``OptimWrapper`` and ``AmpOptimWrapper`` in one, with a guard against NaN.

    Args:
        optimizer: The optimiser; its parameters' device is the one computed on.
        accumulative_counts: Batches whose gradients are averaged for one update, >= 1.
        clip_grad: As in MMEngine: arguments of ``clip_grad_norm_``, or with
            ``type='value'`` of ``clip_grad_value_``.
        amp: Mixed precision: float16 with loss scaling on GPUs, bfloat16 elsewhere.
        dtype: ``'float16'`` or ``'bfloat16'`` (or PyTorch's objects), to choose otherwise.
        loss_scale: For float16: ``'dynamic'``, a fixed number, or ``GradScaler``'s arguments.
        finite_check: ``'each_step'`` looks at every loss before it is used; ``'deferred'``
            leaves the verdict on the device and masks the update, which needs a fused
            optimiser; ``'auto'`` defers on GPUs where that can be done.

    Raises:
        ConfigError: An argument does not fit.
    """

    def __init__(
        self,
        optimizer: Optimizer,
        accumulative_counts: int = 1,
        clip_grad: dict[str, Any] | None = None,
        *,
        amp: bool = False,
        dtype: str | torch.dtype | None = None,
        loss_scale: str | float | dict[str, Any] = 'dynamic',
        finite_check: str = 'auto',
    ) -> None:
        if accumulative_counts < 1:
            raise ConfigError(f'accumulative_counts must be >= 1, got {accumulative_counts}')
        if finite_check not in _CHECKS:
            raise ConfigError(f'finite_check must be one of {_CHECKS}, got {finite_check!r}')
        super().__init__(
            optimizer,
            accumulative_counts=accumulative_counts,
            clip_grad=None if clip_grad is None else dict(clip_grad),
        )
        self.device_type = optimizer.param_groups[0]['params'][0].device.type
        self.cast_dtype = _precision(dtype, self.device_type) if amp else None
        self.loss_scaler, self._fixed_scale = self._make_scaler(loss_scale)
        self.last_grad_norm: torch.Tensor | None = None
        self._losses = 0  # in the update under way
        fused = bool(optimizer.param_groups[0].get('fused'))
        if finite_check == 'deferred' and not fused and self.loss_scaler is None:
            raise ConfigError("finite_check='deferred' needs an optimiser with fused=True")
        on_gpu = self.device_type == 'cuda'
        can_defer = fused or self.loss_scaler is not None
        deferred = finite_check == 'deferred' or (finite_check == 'auto' and on_gpu and can_defer)
        self.guard = FiniteGuard(deferred)

    def update_params(
        self,
        loss: torch.Tensor,
        step_kwargs: dict[str, Any] | None = None,
        zero_kwargs: dict[str, Any] | None = None,
    ) -> None:
        """Backward, and an update where enough gradients have come together.

        Args:
            loss: A scalar.
            step_kwargs: For the optimiser's ``step``.
            zero_kwargs: For the optimiser's ``zero_grad``.

        Raises:
            TrainingError: The loss or a gradient is not finite (at once, or at the next
                ``guard.settle()``).
        """
        self.guard.check_loss(loss)
        self._losses += 1
        super().update_params(loss, step_kwargs, zero_kwargs)

    def backward(self, loss: torch.Tensor, **kwargs: Any) -> None:
        """Compute gradients, of the scaled loss where a scaler is used."""
        if self.loss_scaler is not None:
            loss = self.loss_scaler.scale(loss)
        super().backward(loss, **kwargs)
        # MMEngine's schedulers count updates on this object, and warn where accumulation lets
        # them step before the first.
        self._global_step = max(getattr(self, '_global_step', 0), 0)

    def step(self, **kwargs: Any) -> None:
        """Clip, check and update."""
        losses, self._losses = self._losses, 0
        if self.loss_scaler is not None:
            # An infinite gradient is part of finding the scale, and the scaler's own affair.
            self.loss_scaler.unscale_(self.optimizer)
            self._clip_grad()
            self._step_scaled(kwargs)
            return
        norm = self._clip_grad()
        self.guard.check_gradient(self._norm() if norm is None else norm)
        if not self.guard.deferred:
            self.optimizer.step(**kwargs)
            return
        # The protocol between PyTorch's GradScaler and its fused optimisers: where `found_inf`
        # is 1 the kernel leaves everything as it is, and the host need not know.
        self.optimizer.grad_scale = None
        self.optimizer.found_inf = self.guard.found_inf(losses)
        try:
            self.optimizer.step(**kwargs)
        finally:
            del self.optimizer.grad_scale, self.optimizer.found_inf

    @contextmanager
    def optim_context(self, model: nn.Module) -> Iterator[None]:
        """The forward's surroundings: precision, and no gradient exchange while accumulating.

        Args:
            model: The model or its wrapper.
        """
        on = self.cast_dtype is not None
        with super().optim_context(model):
            if not on:
                yield
                return
            with torch.autocast(self.device_type, dtype=self.cast_dtype):
                yield

    def state_dict(self) -> dict[str, Any]:
        """The optimiser's state, and the scaler's under ``loss_scaler``, as in MMEngine."""
        state = super().state_dict()
        if self.loss_scaler is not None:
            state['loss_scaler'] = self.loss_scaler.state_dict()
        return state

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Load what :meth:`state_dict` or MMEngine's wrappers gave.

        Args:
            state_dict: Left unchanged.
        """
        state = dict(state_dict)
        scaler = state.pop('loss_scaler', None)
        if scaler and self.loss_scaler is not None:
            self.loss_scaler.load_state_dict(scaler)
        super().load_state_dict(state)

    def _step_scaled(self, kwargs: dict[str, Any]) -> None:
        self.loss_scaler.step(self.optimizer, **kwargs)
        self.loss_scaler.update(self._fixed_scale)

    def _gradients(self) -> list[torch.Tensor]:
        groups = self.optimizer.param_groups
        return [p.grad for group in groups for p in group['params'] if p.grad is not None]

    def _norm(self) -> torch.Tensor:
        gradients = self._gradients()
        if not gradients:
            return torch.zeros((), device=self.device_type)
        return torch.nn.utils.get_total_norm(gradients)

    def _clip_grad(self) -> torch.Tensor | None:
        """Clip; the norm before it stays a tensor, since reading it would wait for the GPU."""
        if not self.clip_grad_kwargs:
            return None
        groups = self.optimizer.param_groups
        params = [p for group in groups for p in group['params'] if p.grad is not None]
        norm = self.clip_func(params, **self.clip_grad_kwargs) if params else None
        self.last_grad_norm = norm
        return norm

    def _make_scaler(
        self, loss_scale: str | float | dict[str, Any]
    ) -> tuple[torch.amp.GradScaler | None, float | None]:
        if self.cast_dtype is not torch.float16:
            return None, None
        if loss_scale == 'dynamic':
            return torch.amp.GradScaler(self.device_type), None
        if isinstance(loss_scale, dict):
            return torch.amp.GradScaler(self.device_type, **loss_scale), None
        if isinstance(loss_scale, (int, float)):
            scale = float(loss_scale)
            return torch.amp.GradScaler(self.device_type, init_scale=scale), scale
        raise ConfigError(f"loss_scale must be 'dynamic', a number or a dict, got {loss_scale!r}")


def adapt_config(config: Mapping[str, Any], on_gpu: bool) -> dict[str, Any]:
    """Point a config of MMEngine's two wrappers to :class:`SegOptimWrapper`.

    Args:
        config: ``optim_wrapper`` of a config; left unchanged. Other wrapper types stay.
        on_gpu: Use PyTorch's fused optimisers where the config does not choose.
    """
    adapted = dict(config)
    kind = adapted.get('type', 'OptimWrapper')
    name = str(getattr(kind, '__name__', kind)).rsplit('.', 1)[-1]
    if name not in ('OptimWrapper', 'AmpOptimWrapper'):
        return adapted
    adapted['type'] = 'mmengine.SegOptimWrapper'
    if name == 'AmpOptimWrapper':
        adapted['amp'] = True
        if adapted.pop('use_fsdp', False):
            raise ConfigError('optim_wrapper.use_fsdp is not supported; remove it')
    optimizer = adapted.get('optimizer')
    if on_gpu and isinstance(optimizer, dict) and optimizer.get('type') in _CAN_BE_FUSED:
        chosen = {'fused', 'foreach'} & set(optimizer)
        adapted['optimizer'] = dict(optimizer) if chosen else dict(optimizer, fused=True)
    return adapted


def _precision(dtype: str | torch.dtype | None, device_type: str) -> torch.dtype:
    default = torch.float16 if device_type == 'cuda' else torch.bfloat16
    if dtype is None:
        return default
    chosen = _PRECISIONS.get(str(dtype).removeprefix('torch.'))
    if chosen is None:
        raise ConfigError(f'optim_wrapper.dtype must be one of {list(_PRECISIONS)}, got {dtype!r}')
    if chosen is torch.float16 and device_type == 'cpu':
        warn_once('mixed precision on the CPU is bfloat16; float16 is for GPUs')
        return torch.bfloat16
    return chosen
