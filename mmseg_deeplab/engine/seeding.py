"""Random numbers as a function of where a run is, so that no generator state need be stored.

Python's, NumPy's and PyTorch's generators are seeded anew for every sample from (seed,
position in the sample stream) and for every training iteration from (seed, iteration, rank).
A resumed run, and a run with another number of loader workers, then draws the same numbers.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch

from mmseg_deeplab.utils.errors import ConfigError

# One word per purpose keeps the streams of one seed apart.
SAMPLE, ITERATION, SAMPLER, WEIGHTS = 1, 2, 3, 4

RngState = tuple[Any, Any, torch.Tensor]


def check_seed(seed: Any) -> None:
    """Refuse what NumPy's generator cannot be seeded with.

    Args:
        seed: A whole number from 0 to 2**32 - 1, or None.

    Raises:
        ConfigError: It is something else.
    """
    whole = isinstance(seed, (int, np.integer)) and not isinstance(seed, bool)
    if seed is not None and not (whole and 0 <= seed < 2**32):
        raise ConfigError(f'seed must be a whole number from 0 to {2**32 - 1}, got {seed!r}')


def seed_generators(*words: int, devices: bool = False) -> None:
    """Seed Python's, NumPy's and PyTorch's global generators.

    Args:
        words: Whole numbers >= 0 that name the stream; other words give unrelated numbers.
        devices: Also seed the accelerators' generators. Loader workers must not, since they
            have no business with a device.
    """
    state = np.random.SeedSequence(words).generate_state(6)
    random.seed(int(state[0]) << 32 | int(state[1]))
    np.random.seed(state[2:4])
    number = (int(state[4]) << 32 | int(state[5])) >> 1  # PyTorch takes signed 64 bits
    if devices:
        torch.manual_seed(number)
    else:
        torch.default_generator.manual_seed(number)


def get_state() -> RngState:
    """The state of Python's, NumPy's and PyTorch's CPU generators."""
    return random.getstate(), np.random.get_state(), torch.get_rng_state()


def set_state(state: RngState) -> None:
    """Put back what :func:`get_state` returned."""
    python, numpy, cpu = state
    random.setstate(python)
    np.random.set_state(numpy)
    torch.set_rng_state(cpu)


@contextmanager
def borrowed_generators(*words: int) -> Iterator[None]:
    """Run a block with the CPU generators seeded from ``words``; then put their states back."""
    before = get_state()
    seed_generators(*words)
    try:
        yield
    finally:
        set_state(before)


class OwnGenerators:
    """A stream of random numbers of one's own behind the global generators' interface.

    Used for code that draws from the global generators and is called now and then: each time
    it goes on where it stopped, whatever others drew in between.

    Args:
        words: They seed the stream, as in :func:`seed_generators`.
    """

    def __init__(self, *words: int) -> None:
        self._words = words
        self._own: RngState | None = None

    def __enter__(self) -> None:
        self._outer = get_state()
        if self._own is None:
            seed_generators(*self._words)
        else:
            set_state(self._own)

    def __exit__(self, *exception: object) -> None:
        self._own = get_state()
        set_state(self._outer)
