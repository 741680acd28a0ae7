"""Composer's initialisers by name."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import partial

from torch import nn

from mmseg_deeplab.registry import WEIGHT_INITIALIZERS, nearest_names
from mmseg_deeplab.utils.errors import ConfigError


def _weights(fill: Callable) -> Callable[[nn.Module], None]:
    def initialise(module: nn.Module) -> None:
        if isinstance(module, (nn.Linear, nn.Conv2d)):
            fill(module.weight)

    return initialise


def _norms(fill: Callable) -> Callable[[nn.Module], None]:
    def initialise(module: nn.Module) -> None:
        if isinstance(module, (nn.BatchNorm2d, nn.SyncBatchNorm)):
            fill(module.weight)
            nn.init.zeros_(module.bias)

    return initialise


def _log_constant_bias(module: nn.Module) -> None:
    if isinstance(module, nn.Linear) and module.bias is not None:
        nn.init.constant_(module.bias, -math.log(module.out_features))


INITIALIZERS: dict[str, Callable[[nn.Module], None]] = {
    'kaiming_normal': _weights(nn.init.kaiming_normal_),
    'kaiming_uniform': _weights(nn.init.kaiming_uniform_),
    'xavier_normal': _weights(nn.init.xavier_normal_),
    'xavier_uniform': _weights(nn.init.xavier_uniform_),
    'bn_ones': _norms(nn.init.ones_),
    'bn_uniform': _norms(partial(nn.init.uniform_, a=0.0, b=1.0)),
    'linear_log_constant_bias': _log_constant_bias,
}


def check_initializers(names: str | Sequence[str]) -> tuple[str, ...]:
    """The names in lower case.

    Args:
        names: Any of ``INITIALIZERS``, in any case; a text is one name.

    Raises:
        ConfigError: One is unknown.
    """
    found = []
    for name in [names] if isinstance(names, str) else names:
        lower = str(getattr(name, 'value', name)).lower()  # Composer's enum, too
        if lower not in INITIALIZERS:
            near = nearest_names(lower, INITIALIZERS)
            hint = f'did you mean {near[0]}?' if near else f'there are {", ".join(INITIALIZERS)}'
            raise ConfigError(f'initializers: {name!r} is unknown; {hint}')
        found.append(lower)
    return tuple(found)


def initialize(module: nn.Module, names: Sequence[str]) -> None:
    """Give a module start weights.

    Args:
        module: Changed in place, with all that is below it.
        names: Any of ``INITIALIZERS``; a later one overrides an earlier one.

    Raises:
        ConfigError: A name is unknown.
    """
    for name in check_initializers(names):
        module.apply(INITIALIZERS[name])


@WEIGHT_INITIALIZERS.register_module()
class ComposerInit:
    """Composer's initialisers as an ``init_cfg``, of a module and all that is below it.

    Differs from Composer: SyncBN layers are batch norms, too.

    Args:
        names: Any of ``INITIALIZERS``; a later one overrides an earlier one.

    Raises:
        ConfigError: A name is unknown.
    """

    def __init__(self, names: Sequence[str]) -> None:
        self.names = check_initializers(names)

    def __call__(self, module: nn.Module) -> None:
        """Initialise ``module`` in place."""
        initialize(module, self.names)
