"""What the figures depend on: processor, instruction sets, measured rates, versions."""

from __future__ import annotations

import os
import platform
import re
import statistics
import time
from collections.abc import Callable, Collection
from functools import partial
from pathlib import Path
from typing import Any

import torch

from mmseg_deeplab.utils.cores import processor, usable_cores

_SETS = (  # the first that the processor has names the machine's kind
    ('amx', 'amx_bf16', 'AMX'),
    ('avx512_bf16', 'avx512_bf16', 'AVX512-BF16'),
    ('avx512', 'avx512f', 'AVX512'),
    ('avx2', 'avx2', 'AVX2'),
)
SET_NAMES = {key: name for key, _, name in _SETS} | {'other': 'neither AVX2 nor AVX512'}

_WITH_BF16 = ('amx', 'avx512_bf16')
_MUCH_SLOWER = 4


class Probe:
    """A fixed piece of work that shows how fast the machine is just now.

    Args:
        side: Of the square matrices that are multiplied.
        repeats: The median of so many products counts.
        warm: Products before those, which do not count: the caches are another process's.
    """

    def __init__(self, side: int = 1200, repeats: int = 9, warm: int = 2) -> None:
        self._square = torch.randn(side, side, generator=torch.Generator().manual_seed(0))
        self._repeats = repeats
        self._warm = warm
        self._seen: list[float] = []
        self()

    @property
    def usual(self) -> float:
        """Seconds of a product when nobody slows the machine: the lower quartile so far.

        The least would be a lucky moment of a processor that changes its clock.
        """
        return sorted(self._seen)[len(self._seen) // 4]

    def __call__(self) -> float:
        """Seconds of one product."""
        each = [
            _seconds(lambda: self._square @ self._square) for _ in range(self._warm + self._repeats)
        ]
        taken = statistics.median(each[self._warm :])
        self._seen.append(taken)
        return taken


def instruction_set(flags: Collection[str]) -> str:
    """The kind of machine by its processor's flags: a key of ``SET_NAMES``."""
    return next((key for key, flag, _ in _SETS if flag in flags), 'other')


def describe(threads: int) -> dict[str, Any]:
    """The machine, with its measured rates.

    Args:
        threads: That both sides use.
    """
    torch.set_num_threads(threads)
    name, flags = processor()
    kind = instruction_set(flags)
    return {
        'processor': name,
        'instruction_set': kind,
        'cores': usable_cores(),
        'threads': threads,
        'memory_gb': _memory_gb(),
        'gemm_gflops': {
            'fp32': _gemm_rate(torch.float32),
            'bf16': _gemm_rate(torch.bfloat16),
            'int8': _gemm_rate(torch.int8),
        },
        'memory_gb_per_s': _copy_rate(),
        'gpu': torch.cuda.get_device_name() if torch.cuda.is_available() else None,
        'system': f'{platform.system()} {platform.release()}',
    }


def lacks(machine: dict[str, Any], params: dict[str, Any]) -> str:
    """Why a row would only show that the processor lacks instructions; '' where it does not.

    Args:
        machine: From :func:`describe`.
        params: Of the row. Another engine than torch has kernels of its own for int8.
    """
    precision = 'bf16' if params.get('amp') else params.get('precision', 'fp32')
    if params.get('device', 'cpu') != 'cpu':
        return ''
    if params.get('backend', 'torch') != 'torch':
        if precision == 'bf16' and machine['instruction_set'] not in _WITH_BF16:
            return 'no bf16 instructions here: the engine computes in fp32, as in the row above'
        return ''
    rates = machine['gemm_gflops']
    rate = rates.get(precision) or 0.0
    if rate >= rates['fp32'] / _MUCH_SLOWER:
        return ''
    return (
        f'no {precision} instructions here: GEMM {rate:g} GFLOP/s against {rates["fp32"]:g} in '
        'fp32; not measured'
    )


def kind_of(machine: dict[str, Any]) -> str:
    """A file name for this kind of machine, without the date."""
    words = f'{machine["instruction_set"]}-{machine["processor"]}-{machine["threads"]}threads'
    return re.sub(r'[^a-z0-9]+', '-', words.lower()).strip('-')


def line(machine: dict[str, Any]) -> str:
    """The machine in one line of a report."""
    rates = ', '.join(
        f'{name} {rate:.0f}' for name, rate in machine['gemm_gflops'].items() if rate is not None
    )
    return (
        f'{machine["processor"]}, {SET_NAMES[machine["instruction_set"]]}, '
        f'{machine["cores"]} cores, {machine["threads"]} threads, {machine["memory_gb"]:.0f} GB; '
        f'GEMM {rates} GFLOP/s; memory {machine["memory_gb_per_s"]:.1f} GB/s; '
        f'GPU: {machine["gpu"] or "none"}; {machine["system"]}'
    )


def available_mb() -> float:
    """Memory that a new process may have, MiB."""
    try:
        text = Path('/proc/meminfo').read_text(encoding='ascii')
    except OSError:
        return _memory_gb() * 1e9 / 2**20
    return int(re.search(r'MemAvailable:\s*(\d+)', text)[1]) / 1024


def _memory_gb() -> float:
    return os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 1e9


def _gemm_rate(dtype: torch.dtype, sides: tuple[int, int] = (256, 1536)) -> float | None:
    """1e9 operations (a multiply-add is two) a second; None where torch has no such product.

    Where the smaller product shows that there are no instructions for it, that is the figure:
    the larger one would take minutes.
    """
    rate: float | None = None
    for side in sides:
        if dtype is torch.int8:
            square = torch.randint(-100, 100, (side, side), dtype=dtype)
            product: Callable[[], Any] = partial(torch._int_mm, square, square)
        else:
            square = torch.randn(side, side).to(dtype)
            product = partial(torch.mm, square, square)
        try:
            first = _seconds(product)
        except (RuntimeError, NotImplementedError):
            return rate
        taken = min([first, *(_seconds(product) for _ in range(5 if first < 0.3 else 0))])
        rate = round(2 * side**3 / taken / 1e9, 1)
        if taken > 0.05:
            break
    return rate


def _copy_rate(numbers: int = 1 << 25) -> float:
    """1e9 bytes a second, read and written, of a copy that no cache holds."""
    source, target = torch.ones(numbers), torch.ones(numbers)
    taken = min(_seconds(lambda: target.copy_(source)) for _ in range(4))
    return round(2 * 4 * numbers / taken / 1e9, 1)


def _seconds(work: Callable[[], Any]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun
