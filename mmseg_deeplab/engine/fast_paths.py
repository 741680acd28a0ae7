"""Which fast ways to compute this machine gets: measured once, kept in the cache folder.

``MMSEG_DEEPLAB_SPEED=plain`` turns them off.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import nn

from mmseg_deeplab.hub.places import cache_root
from mmseg_deeplab.utils.allocation import NETWORK_BYTES, keep_freed_memory
from mmseg_deeplab.utils.conv import FastConv2d, hasten
from mmseg_deeplab.utils.cores import processor
from mmseg_deeplab.utils.errors import ConfigError, DataError
from mmseg_deeplab.utils.files import write_text
from mmseg_deeplab.utils.log import get_logger
from mmseg_deeplab.utils.winograd import winograd_conv2d

SWITCH = 'MMSEG_DEEPLAB_SPEED'
_FILE = 'fast_paths.json'
_CHANNELS, _SIDE, _DILATION, _TILE = 256, 64, 2, 4  # the layer that is measured
_ROUNDS = 3
_MARGIN = 0.9  # a gain below it may be chance

_known: dict[str, Measured] = {}  # of this process, so that it chooses once


@dataclass(frozen=True)
class Measured:
    """Milliseconds of one 3x3 layer, forward and backward, and what follows from them.

    Attributes:
        plain_ms: As PyTorch computes it.
        winograd_ms: As :func:`winograd_conv2d` does.
        day: When it was measured, YYYY-MM-DD.
    """

    plain_ms: float
    winograd_ms: float
    day: str

    @property
    def winograd(self) -> bool:
        """Whether Winograd's way is clearly the faster one here."""
        return self.winograd_ms < _MARGIN * self.plain_ms


def use_fast_paths(model: nn.Module, device: torch.device | str) -> None:
    """Let a model compute as fast as this machine allows; results are the same up to rounding.

    Only a CPU has a choice. Where it was not measured yet that takes a second or a few. The
    process keeps freed memory from then on, see :func:`keep_freed_memory`.

    Args:
        model: Its convolutions are changed in place.
        device: What it computes on.

    Raises:
        ConfigError: ``MMSEG_DEEPLAB_SPEED`` has an unknown value.
    """
    if is_plain() or torch.device(device).type != 'cpu':
        return
    keep_freed_memory(*NETWORK_BYTES)
    hasten(model, fast=measured().winograd)


def go_on_as_before(model: nn.Module, device: torch.device | str, fast: bool | None) -> None:
    """Compute as a training did that is resumed, so that it ends with the same bits.

    Args:
        model: Its convolutions are changed in place.
        device: What it computes on.
        fast: What :func:`is_fast` said; None, of an older checkpoint, leaves the model alone.
    """
    if fast is not None and torch.device(device).type == 'cpu' and not is_plain():
        hasten(model, fast=fast)


def is_fast(model: nn.Module) -> bool:
    """Whether a model's convolutions may be computed by Winograd's way."""
    return any(isinstance(layer, FastConv2d) for layer in model.modules())


def is_plain() -> bool:
    """Whether the user wants the plain ways only.

    Raises:
        ConfigError: ``MMSEG_DEEPLAB_SPEED`` has an unknown value.
    """
    wanted = os.environ.get(SWITCH, 'fast')
    if wanted not in ('fast', 'plain'):
        raise ConfigError(f'{SWITCH} must be fast or plain, got {wanted!r}')
    return wanted == 'plain'


def measured() -> Measured:
    """This machine's figures: the process's, the cache folder's, or measured now and put there."""
    key = _machine()
    if key not in _known:
        _known[key] = _kept_or_measured(key, cache_root() / _FILE)
    return _known[key]


def _kept_or_measured(key: str, path: Path) -> Measured:
    try:
        return Measured(**_read(path)[key])
    except (KeyError, TypeError):  # another machine, or a file of another version
        found = _measure()
    try:  # read again: another process may have written meanwhile
        write_text(path, json.dumps({**_read(path), key: asdict(found)}, indent=1) + '\n')
    except DataError as error:
        get_logger().warning(f'{error}; the speed of this machine is measured again next time')
    return found


def explain(device: torch.device | str) -> str:
    """What :func:`use_fast_paths` does here and why, in a few lines.

    Args:
        device: That is computed on.

    Raises:
        ConfigError: ``MMSEG_DEEPLAB_SPEED`` has an unknown value.
    """
    if torch.device(device).type != 'cpu':
        return f'speed: on {device} there is nothing to choose'
    if is_plain():
        return f'speed: the plain ways, because {SWITCH}=plain'
    found = measured()
    way = "Winograd's way" if found.winograd else 'plain way'
    kept = keep_freed_memory(*NETWORK_BYTES)
    lines = [
        f'speed: chosen for {_machine()}, measured {found.day} (kept in {cache_root() / _FILE})',
        f'  3x3 convolutions of many channels: {way}; a layer of {_CHANNELS} '
        f'channels on {_SIDE}x{_SIDE} takes {found.plain_ms:.0f} ms plain, '
        f"{found.winograd_ms:.0f} ms Winograd's, forward and backward",
        f'  freed memory: {"used again by the process (glibc)" if kept else "left to the system"}',
        f'  {SWITCH}=plain turns both off; without the file it is measured again; with --amp or '
        '--backend openvino the convolutions are computed by those',
    ]
    return '\n'.join(lines)


def _machine() -> str:
    threads = torch.get_num_threads()
    capability = torch.backends.cpu.get_cpu_capability()
    return f'{processor().name} ({capability}), {threads} threads, torch {torch.__version__}'


def _read(path: Path) -> dict[str, Any]:
    try:
        known = json.loads(path.read_text(encoding='utf-8'))
    except (OSError, ValueError):
        return {}
    return known if isinstance(known, dict) else {}


@torch.inference_mode(False)
def _measure() -> Measured:
    random = torch.Generator().manual_seed(0)  # the run's own random numbers stay as they are
    shape = (1, _CHANNELS, _SIDE, _SIDE)
    plainly = {'generator': random, 'device': 'cpu', 'dtype': torch.float32}
    maps = torch.randn(shape, **plainly).requires_grad_()
    taps = (_CHANNELS, _CHANNELS, 3, 3)
    weight = (torch.randn(taps, **plainly) / 48).requires_grad_()
    gradient = torch.randn(shape, **plainly)

    def plain() -> torch.Tensor:
        return F.conv2d(maps, weight, padding=_DILATION, dilation=_DILATION)

    def winograd() -> torch.Tensor:
        return winograd_conv2d(maps, weight, dilation=_DILATION, tile=_TILE)

    def milliseconds(compute: Callable[[], torch.Tensor]) -> float:
        begun = time.perf_counter()
        with torch.enable_grad(), torch.autocast('cpu', enabled=False):
            torch.autograd.grad(compute(), (maps, weight), gradient)
        return 1e3 * (time.perf_counter() - begun)

    # in turns, so that a slow moment of the machine meets both; the first round warms up
    rounds = [(milliseconds(plain), milliseconds(winograd)) for _ in range(1 + _ROUNDS)][1:]
    least = [round(min(each), 1) for each in zip(*rounds, strict=True)]
    return Measured(*least, day=time.strftime('%Y-%m-%d'))
