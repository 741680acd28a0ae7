"""Numbers that both sides make for themselves: bit for bit the same on any machine."""

from __future__ import annotations

import math
import zlib

import numpy as np
import torch


def uniform(name: str, *shape: int) -> torch.Tensor:
    """Float64 numbers in -1..1 that depend on a name and a shape only.

    The generator is SplitMix64, seeded with the CRC-32 of the name.

    Args:
        name: What the numbers are for.
        shape: Of the result.
    """
    count = math.prod(shape)
    with np.errstate(over='ignore'):
        state = np.uint64(zlib.crc32(name.encode())) + np.arange(1, count + 1, dtype=np.uint64)
        bits = state * np.uint64(0x9E3779B97F4A7C15)
        bits = (bits ^ (bits >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        bits = (bits ^ (bits >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        bits ^= bits >> np.uint64(31)
    numbers = (bits >> np.uint64(11)).astype(np.float64) / 2.0**52 - 1
    return torch.from_numpy(numbers.reshape(shape))


def integers(name: str, high: int, *shape: int) -> torch.Tensor:
    """Int64 numbers from 0 to ``high - 1``, made from :func:`uniform`."""
    return ((uniform(name, *shape) + 1) / 2 * high).long().clamp_(max=high - 1)


def fill(model: torch.nn.Module) -> None:
    """Give every entry of the state dict a value that depends on its name and shape only.

    Convolutions get the variance that keeps the size of activations, norms a scale near one,
    means near zero and variances near one; counters stay.
    """
    filled = {}
    for name, value in model.state_dict().items():
        if not value.is_floating_point():
            filled[name] = value
            continue
        numbers = uniform(name, *value.shape)
        if value.dim() > 1:
            numbers *= math.sqrt(3 / value[0].numel())
        elif name.endswith(('running_var', 'weight')):
            numbers = 1 + 0.3 * numbers
        else:
            numbers *= 0.1
        filled[name] = numbers.to(value.dtype)
    model.load_state_dict(filled)
