"""What training must leave as it is: frozen parts and the statistics of norms."""

from __future__ import annotations

from collections.abc import Iterable

from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm


def freeze(modules: Iterable[nn.Module]) -> None:
    """Stop the parameters from training and put the modules into evaluation mode.

    Args:
        modules: Changed in place; to be called again after each ``train()``.
    """
    for module in modules:
        module.eval()
        for parameter in module.parameters():
            parameter.requires_grad = False


def keep_norm_statistics(network: nn.Module) -> None:
    """Put all batch norms of a network into evaluation mode; their weights still train.

    Args:
        network: Changed in place; to be called again after each ``train()``.
    """
    for module in network.modules():
        if isinstance(module, _BatchNorm):
            module.eval()
