"""SGD whose weight decay is not multiplied by the learning rate."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor
from torch.optim import Optimizer

from mmseg_deeplab.registry import OPTIMIZERS
from mmseg_deeplab.utils.errors import ConfigError
from mmseg_deeplab.utils.log import warn_once

_STRONG_DECAY = 1e-3  # from here on a value meant for plain SGD is likely


@OPTIMIZERS.register_module()
class DecoupledSGDW(Optimizer):
    """SGD with decoupled weight decay (arXiv:1711.05101), as in MosaicML's Composer.

    Each step: ``p <- p * (1 - lr / initial_lr * weight_decay)``, then ``p <- p - lr * d`` with d
    as in PyTorch's SGD. All parameters that have a gradient decay. So ``weight_decay`` is what a
    step takes off at the full learning rate: 2e-5 here is about 2e-3 in ``SGD(lr=0.01)``.

    Args:
        params: As for any optimiser.
        lr: Learning rate, at least 0.
        momentum: Part of the last direction that stays, at least 0.
        dampening: Part of a gradient that does not enter the momentum.
        weight_decay: Part of a weight that a step at the initial rate takes off, at least 0.
        nesterov: Look one step ahead; needs momentum and no dampening.

    Raises:
        ConfigError: A value does not fit.
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 0.1,
        momentum: float = 0.0,
        dampening: float = 0.0,
        weight_decay: float = 0.0,
        nesterov: bool = False,
    ) -> None:
        for name, value in (('lr', lr), ('momentum', momentum), ('weight_decay', weight_decay)):
            if value < 0:
                raise ConfigError(f'DecoupledSGDW.{name} must be 0 or more, got {value}')
        if nesterov and (momentum == 0 or dampening != 0):
            raise ConfigError('DecoupledSGDW.nesterov needs a momentum and no dampening')
        if weight_decay >= _STRONG_DECAY:
            warn_once(
                f'DecoupledSGDW: weight_decay={weight_decay} is not multiplied by the learning '
                f'rate and takes that part off every weight at every step; for what SGD calls '
                f'{weight_decay}, set weight_decay={weight_decay * lr:.3g} (times lr)'
            )
        defaults = dict(
            lr=lr,
            momentum=momentum,
            dampening=dampening,
            weight_decay=weight_decay,
            nesterov=nesterov,
        )
        super().__init__(params, defaults)
        for group in self.param_groups:
            group.setdefault('initial_lr', group['lr'])

    @torch.no_grad()
    def step(self, closure: Callable[[], Tensor] | None = None) -> Tensor | None:
        """One update.

        Args:
            closure: Computes the loss and the gradients anew; its result is returned.
        """
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for group in self.param_groups:
            params = [p for p in group['params'] if p.grad is not None]
            if params:
                self._update(params, group)
        return loss

    def _update(self, params: list[Tensor], group: dict[str, Any]) -> None:
        directions = [p.grad for p in params]
        momentum = group['momentum']
        if momentum:
            buffers = [self._buffer(p, momentum, group['dampening']) for p in params]
            ahead = group['nesterov']
            directions = (
                torch._foreach_add(directions, buffers, alpha=momentum) if ahead else buffers
            )
        if group['weight_decay']:
            initial = group.get('initial_lr', group['lr'])
            ratio = group['lr'] / initial if initial else 1.0
            torch._foreach_mul_(params, 1 - ratio * group['weight_decay'])
        torch._foreach_add_(params, directions, alpha=-group['lr'])

    def _buffer(self, param: Tensor, momentum: float, dampening: float) -> Tensor:
        state = self.state[param]
        if 'momentum_buffer' not in state:
            state['momentum_buffer'] = param.grad.clone().detach()
            return state['momentum_buffer']
        return state['momentum_buffer'].mul_(momentum).add_(param.grad, alpha=1 - dampening)
