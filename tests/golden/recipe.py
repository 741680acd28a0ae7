"""Weights, pictures and labels that are made of names, shapes and a seed alone.

The reference outputs of the original systems were computed for these, so no weights need to be
stored: whoever knows the key list of a network can fill it. A weight depends on its name in the
ORIGINAL system, its shape and the seed, and on nothing else.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

SPREADS = ('running_var', 'moving_variance')  # uniform, 0.5 to 1.5
SCALES = ('weight', 'gamma')  # of a norm layer: uniform, 0.75 to 1.25


def weight(key: str, shape: Sequence[int], seed: int = 0) -> np.ndarray:
    """One entry of a state dict, float32; a scalar is a counter, int64 0.

    Args:
        key: The entry's name in the original system.
        shape: Of a norm layer or bias (one dimension), or of a kernel, whose values have the
            variance 2 / fan-in.
        seed: Of the whole set of weights.
    """
    if not shape:
        return np.zeros((), np.int64)
    random = np.random.RandomState((zlib.crc32(key.encode()) + seed) % 2**32)
    if len(shape) > 1:
        fan_in = int(np.prod(shape)) // shape[0]
        return (random.randn(*shape) * np.sqrt(2.0 / fan_in)).astype(np.float32)
    kind = key.rpartition('.')[2]
    if kind in SPREADS:
        values = random.rand(*shape) + 0.5
    elif kind in SCALES:
        values = random.rand(*shape) * 0.5 + 0.75
    else:
        values = random.randn(*shape) * 0.1
    return values.astype(np.float32)


def weights(shapes: Mapping[str, Sequence[int]], seed: int = 0) -> dict[str, np.ndarray]:
    """:func:`weight` of every key of a network."""
    return {key: weight(key, shape, seed) for key, shape in shapes.items()}


def image(shape: Sequence[int], seed: int = 0) -> np.ndarray:
    """A batch of normal numbers, float32 (N, C, H, W)."""
    return np.random.RandomState(seed + 1).randn(*shape).astype(np.float32)


def label(
    shape: Sequence[int], classes: int, ignore: int | None = None, seed: int = 0
) -> np.ndarray:
    """Labels 0 to ``classes - 1``, int64; about one in ten is ``ignore``, if that is given."""
    random = np.random.RandomState(seed + 2)
    drawn = random.randint(0, classes, size=shape).astype(np.int64)
    if ignore is not None:
        drawn[random.rand(*shape) < 0.1] = ignore
    return drawn


def read_keys(path: Path) -> dict[str, tuple[int, ...]]:
    """The names and shapes of a ``keys_*.txt`` of the reference outputs, in their order.

    Args:
        path: Lines of name, shape and type; the shape as ``64,3,7,7``, ``[64, 3, 7, 7]``,
            ``(64, 3, 7, 7)`` or, without dimensions, ``scalar``, ``[]`` or ``()``.
    """
    found = {}
    for line in path.read_text(encoding='utf-8').splitlines():
        key, shape = re.split(r'\s', line, maxsplit=1)
        sizes = re.match(r'[\[(]?([\d, ]*)', shape)[1].split(',')
        found[key] = tuple(int(size.split()[0]) for size in sizes if size.strip())
    return found
