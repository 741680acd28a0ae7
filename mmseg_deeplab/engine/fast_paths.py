"""Which fast ways to compute this machine gets: measured once, kept in the cache folder.

``MMSEG_DEEPLAB_SPEED=plain`` turns them off.
"""

from __future__ import annotations

import json
import os
import platform
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
from mmseg_deeplab.utils.errors import ConfigError, DataError
from mmseg_deeplab.utils.files import write_text
from mmseg_deeplab.utils.log import get_logger
from mmseg_deeplab.utils.winograd import winograd_conv2d

SWITCH = 'MMSEG_DEEPLAB_SPEED'
_FILE = 'fast_paths.json'
_CHANNELS, _SIDE, _DILATION, _TILE = 256, 64, 2, 4  # the layer that is measured
_ROUNDS = 3


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
        """Whether Winograd's way is the faster one here."""
        return self.winograd_ms < self.plain_ms


def use_fast_paths(model: nn.Module, device: torch.device | str) -> None:
    """Let a model compute as fast as this machine allows; results are the same up to rounding.

    Only a CPU has a choice. Where it was not measured yet that takes about a second.

    Args:
        model: Its layers with an attribute ``winograd`` are told.
        device: What it computes on.

    Raises:
        ConfigError: ``MMSEG_DEEPLAB_SPEED`` has an unknown value.
    """
    if is_plain() or torch.device(device).type != 'cpu':
        return
    layers = [layer for layer in model.modules() if hasattr(layer, 'winograd')]
    keep_freed_memory(*NETWORK_BYTES)
    chosen = bool(layers) and measured().winograd
    for layer in layers:
        layer.winograd = chosen


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
    """This machine's figures, from the cache folder or measured now and put there."""
    key, path = _machine(), cache_root() / _FILE
    known = _read(path)
    try:
        return Measured(**known[key])
    except (KeyError, TypeError):  # another machine, or a file of another version
        found = _measure()
    try:
        write_text(path, json.dumps({**known, key: asdict(found)}, indent=1) + '\n')
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
    names = ('plain way', "Winograd's way")
    lines = [
        f'speed: chosen for {_machine()}, measured {found.day} (kept in {cache_root() / _FILE})',
        f'  3x3 convolutions of many channels: {names[found.winograd]}; a layer of {_CHANNELS} '
        f'channels on {_SIDE}x{_SIDE} takes {found.plain_ms:.0f} ms plain, '
        f"{found.winograd_ms:.0f} ms Winograd's, forward and backward",
        '  freed memory: '
        + (
            'used again by the process (glibc)'
            if keep_freed_memory(*NETWORK_BYTES)
            else 'left to the system'
        ),
        f'  {SWITCH}=plain turns both off; --amp and --backend openvino are asked for, not chosen',
    ]
    return '\n'.join(lines)


def _machine() -> str:
    threads = torch.get_num_threads()
    name = _processor() or platform.processor() or platform.machine()
    capability = torch.backends.cpu.get_cpu_capability()
    return f'{name} ({capability}), {threads} threads, torch {torch.__version__}'


def _processor() -> str:
    try:
        lines = Path('/proc/cpuinfo').read_text(encoding='utf-8').splitlines()
    except OSError:
        return ''
    return next((line.split(':')[1].strip() for line in lines if line.startswith('model name')), '')


def _read(path: Path) -> dict[str, Any]:
    try:
        known = json.loads(path.read_text(encoding='utf-8'))
    except (OSError, ValueError):
        return {}
    return known if isinstance(known, dict) else {}


def _measure() -> Measured:
    random = torch.Generator().manual_seed(0)  # the run's own random numbers stay as they are
    shape = (1, _CHANNELS, _SIDE, _SIDE)
    maps = torch.randn(shape, generator=random).requires_grad_()
    taps = (_CHANNELS, _CHANNELS, 3, 3)
    weight = (torch.randn(taps, generator=random) / 48).requires_grad_()
    gradient = torch.randn(shape, generator=random)

    def plain() -> torch.Tensor:
        return F.conv2d(maps, weight, padding=_DILATION, dilation=_DILATION)

    def winograd() -> torch.Tensor:
        return winograd_conv2d(maps, weight, dilation=_DILATION, tile=_TILE)

    def milliseconds(compute: Callable[[], torch.Tensor]) -> float:
        begun = time.perf_counter()
        with torch.enable_grad():
            torch.autograd.grad(compute(), (maps, weight), gradient)
        return 1e3 * (time.perf_counter() - begun)

    # in turns, so that a slow moment of the machine meets both; the first round warms up
    rounds = [(milliseconds(plain), milliseconds(winograd)) for _ in range(1 + _ROUNDS)][1:]
    least = [round(min(each), 1) for each in zip(*rounds, strict=True)]
    return Measured(*least, day=time.strftime('%Y-%m-%d'))
