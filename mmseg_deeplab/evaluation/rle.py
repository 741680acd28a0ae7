"""Masks as runs of pixels, in COCO's compressed text form."""

from __future__ import annotations

from typing import Any

import numpy as np

_BITS, _MORE, _FIRST = 5, 0x20, 48  # of a number in each character; '0' stands for none of them


def encode_mask(mask: np.ndarray) -> dict[str, Any]:
    """A mask as COCO's tools write it.

    Args:
        mask: (H, W) bool.

    Returns:
        ``size``, [H, W], and ``counts``: lengths of the runs down the columns, the first of
        False, as text.
    """
    pixels = np.asarray(mask, bool).ravel(order='F')
    changes = np.flatnonzero(np.diff(pixels)) + 1
    ends = [*changes.tolist(), len(pixels)]
    runs = np.diff([0, *ends]).tolist()
    if len(pixels) and pixels[0]:
        runs.insert(0, 0)
    return {'size': list(mask.shape), 'counts': _as_text(runs)}


def decode_mask(encoded: dict[str, Any]) -> np.ndarray:
    """The inverse of :func:`encode_mask`.

    Args:
        encoded: With ``size`` and ``counts``.

    Returns:
        (H, W) bool.

    Raises:
        ValueError: The runs do not cover the size.
    """
    height, width = encoded['size']
    runs = _from_text(encoded['counts'])
    if sum(runs) != height * width or min(runs, default=0) < 0:
        raise ValueError(f'runs of {sum(runs)} pixels must cover {height} x {width}')
    values = np.arange(len(runs)) % 2 == 1
    return np.repeat(values, runs).reshape((height, width), order='F')


def _as_text(runs: list[int]) -> str:
    characters = []
    for index, run in enumerate(runs):
        number = run - runs[index - 2] if index > 2 else run
        more = True
        while more:
            low = number & (_MORE - 1)
            number >>= _BITS
            more = number != (-1 if low & 0x10 else 0)
            characters.append(chr((low | _MORE if more else low) + _FIRST))
    return ''.join(characters)


def _from_text(text: str) -> list[int]:
    runs: list[int] = []
    number = shift = 0
    for character in text:
        low = ord(character) - _FIRST
        number |= (low & (_MORE - 1)) << shift
        shift += _BITS
        if low & _MORE:
            continue
        if low & 0x10:
            number -= 1 << shift
        runs.append(number + runs[-2] if len(runs) > 2 else number)
        number = shift = 0
    return runs
