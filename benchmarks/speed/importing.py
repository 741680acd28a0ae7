"""Import of the package, in fresh processes, beyond that of torch."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from pathlib import Path
from typing import Any

from benchmarks.speed.side import Side, Work

_STUB = 'from benchmarks.parity import mmcv_ops_stub; mmcv_ops_stub.install(); '
_TIMED = (
    'import sys, time, torch, numpy; {stub}before = set(sys.modules); '
    'begun = time.perf_counter(); import {module}; taken = time.perf_counter() - begun; '
    "print('seconds', taken); "
    'print(*[f for n, m in list(sys.modules.items()) if n not in before '
    "and (f := getattr(m, '__file__', None))], sep='\\n')"
)


def prepare_inputs(folder: Path, params: dict[str, Any], packages: tuple[str, ...]) -> None:
    """Nothing."""


def models(side: Side, folder: Path, params: dict[str, Any], server: Any) -> Work:
    """``import PACKAGE.models`` after torch; cold: its files are put out of memory first."""
    stub = _STUB if side.is_peer else ''
    code = _TIMED.format(stub=stub, module=f'{side.package}.models')
    command = [sys.executable, '-W', 'ignore', '-c', code]
    files: list[str] = []

    def run() -> float:
        if params['cold']:
            forget(files)
        answer = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        first, *files[:] = answer.splitlines()
        largest = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
        work.facts |= {'peak_mb': largest, 'base_mb': None}
        return float(first.split()[1])

    work = Work(run, dict)
    return work


def forget(files: list[str]) -> None:
    """Ask the kernel to drop files, and the byte code beside them, from its page cache.

    Args:
        files: Paths; what another process has mapped stays.
    """
    if not hasattr(os, 'posix_fadvise'):
        return
    for name in files:
        path = Path(name)
        for one in (path, *path.parent.glob(f'__pycache__/{path.stem}.*.pyc')):
            if one.is_file():
                descriptor = os.open(one, os.O_RDONLY)
                os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
                os.close(descriptor)
