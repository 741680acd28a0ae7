"""What tells one network from another: its weights, its layers' settings, its code."""

from __future__ import annotations

import dataclasses
import hashlib
import inspect
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path

import torch
from torch import nn

from mmseg_deeplab.inference.backends.export import EXPORT_VERSION
from mmseg_deeplab.utils.conv import FastConv2d
from mmseg_deeplab.version import __version__

_NO_MATTER = ('training', 'init_cfg', 'pretrained')  # how weights came to be what they are
_PLAIN = (bool, int, float, str, type(None), torch.Size, torch.dtype)


def fingerprint(network: nn.Module, facts: Iterable[str] = ()) -> str:
    """A key that is equal where two networks compute the same function by the same code.

    It covers names, shapes, types and bytes of all weights and buffers; class and plain settings
    (numbers, text, lists of such) of all layers; the source files of their classes; and the
    versions of PyTorch, of this package, and of its export.

    Args:
        network: On any device.
        facts: Whatever else an exported model depends on, such as a runtime's version.

    Returns:
        40 hexadecimal digits.
    """
    digest = hashlib.sha256()

    def note(text: str) -> None:
        digest.update(text.encode() + b'\0')

    for fact in (str(EXPORT_VERSION), __version__, torch.__version__, *facts):
        note(fact)
    for name, layer in network.named_modules():
        kind = nn.Conv2d if type(layer) is FastConv2d else type(layer)  # exported alike
        note(f'{name}: {kind.__module__}.{kind.__qualname__} {_source_hash(kind)}')
        for key, value in sorted(vars(layer).items()):
            if not key.startswith('_') and key not in _NO_MATTER and _is_plain(value):
                note(f'{key}={value!r}')
    for name, value in network.state_dict().items():
        note(f'{name} {tuple(value.shape)} {value.dtype}')
        digest.update(
            memoryview(value.detach().cpu().contiguous().view(-1).view(torch.uint8).numpy())
        )
    return digest.hexdigest()[:40]


def _is_plain(value: object) -> bool:
    if isinstance(value, (list, tuple, set, frozenset)):
        return all(map(_is_plain, value))
    if isinstance(value, Mapping):
        return all(map(_is_plain, value.values()))
    return isinstance(value, _PLAIN) or (
        dataclasses.is_dataclass(value) and all(map(_is_plain, vars(value).values()))
    )


@cache
def _source_hash(kind: type) -> str:
    """Of the file that a class stands in; PyTorch's own classes are told by its version."""
    if kind.__module__.split('.')[0] == 'torch':
        return ''
    try:
        return hashlib.sha256(Path(inspect.getsourcefile(kind)).read_bytes()).hexdigest()
    except (OSError, TypeError):  # typed into a console
        return 'unknown'
