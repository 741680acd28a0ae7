"""Whether both sides' results are the same, in numbers."""

from __future__ import annotations

from typing import Any

import torch


def compare(kind: str, peer: dict[str, Any], ours: dict[str, Any]) -> dict[str, float]:
    """The figures of one comparison.

    Args:
        kind: ``'logits'`` or ``'labels'`` (a prediction), ``'losses'``, ``'scores'``,
            ``'arrays'``, ``'samples'`` or ``'none'``.
        peer: Tensors by name.
        ours: The same.

    Returns:
        Name to value: ``relative_error`` (norm of the difference over the peer's norm),
        ``largest`` (largest difference over the peer's largest number), ``equal`` (share of
        entries, 0 to 1).

    Raises:
        ValueError: The names or shapes differ.
    """
    if kind == 'none':
        return {}
    if kind in ('logits', 'labels'):
        found = {'equal': _share(peer, ours, ['labels'])}
        if kind == 'logits' and 'logits' in ours:
            found |= _errors(peer['logits'], ours['logits'])
        return found
    if peer.keys() != ours.keys():
        differing = sorted(peer.keys() ^ ours.keys())
        raise ValueError(f'results differ in {differing[:4]} ({len(differing)} names)')
    names = sorted(peer)
    if kind in ('losses', 'scores'):
        both = [
            torch.cat([side[name].flatten().double() for name in names]) for side in (peer, ours)
        ]
        return _errors(*both)
    return {'equal': _share(peer, ours, names)}


def words(kind: str, figures: dict[str, float]) -> str:
    """The figures as the table has them.

    Args:
        kind: See :func:`compare`.
        figures: Its result.
    """
    parts = []
    if 'relative_error' in figures:
        what = {'logits': 'logits', 'losses': 'losses', 'scores': 'scores'}[kind]
        error = figures['relative_error']
        parts.append(f'{what} equal' if error == 0 else f'{what} {error:.1e}')
    if 'equal' in figures:
        what = {'logits': 'argmax', 'labels': 'argmax'}.get(kind, 'entries')
        share = figures['equal']
        parts.append(f'{what} equal' if share == 1 else f'{what} {100 * share:.3f} %')
    return ', '.join(parts)


def _errors(peer: torch.Tensor, ours: torch.Tensor) -> dict[str, float]:
    if peer.shape != ours.shape:
        raise ValueError(f"{tuple(ours.shape)} is not the peer's {tuple(peer.shape)}")
    reference, difference = peer.double(), ours.double() - peer.double()
    return {
        'relative_error': (difference.norm() / reference.norm().clamp_min(1e-30)).item(),
        'largest': (difference.abs().max() / reference.abs().max().clamp_min(1e-30)).item(),
    }


def _share(peer: dict[str, Any], ours: dict[str, Any], names: list[str]) -> float:
    equal = total = 0
    for name in names:
        if peer[name].shape != ours[name].shape:
            raise ValueError(f'{name}: {tuple(ours[name].shape)} is not {tuple(peer[name].shape)}')
        equal += (peer[name] == ours[name]).sum().item()
        total += peer[name].numel()
    return equal / total if total else 1.0
