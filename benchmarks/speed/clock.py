"""Time, processor time and memory of this process."""

from __future__ import annotations

import gc
import resource
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

_STATUS = Path('/proc/self/status')


def measure(run: Callable[[], float | None], runs: int, *, per: int = 1) -> dict[str, Any]:
    """Call something several times.

    Args:
        run: Returns its own seconds, or None where this clock counts.
        runs: How often.
        per: Units of work in one call.

    Returns:
        ``seconds``, ``min``, ``max`` (median, least and greatest of a unit), ``cpu`` (median
        of user and system seconds of a unit, its child processes included), ``runs``.
    """
    gc.collect()
    wall, cpu = [], []
    for _ in range(runs):
        busy, begun = cpu_seconds(), time.perf_counter()
        own = run()
        wall.append((time.perf_counter() - begun if own is None else own) / per)
        cpu.append((cpu_seconds() - busy) / per)
    return {
        'seconds': statistics.median(wall),
        'min': min(wall),
        'max': max(wall),
        'cpu': statistics.median(cpu),
        'runs': runs,
    }


def cpu_seconds() -> float:
    """User and system seconds of this process and the children it has waited for."""
    spent = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in spent)


def wait_for_device() -> None:
    """Until a GPU that is in use has done all it was given."""
    torch = sys.modules.get('torch')
    if torch is not None and torch.cuda.is_available() and torch.cuda.is_initialized():
        torch.cuda.synchronize()


def peak_mb() -> float:
    """Greatest resident size so far, MiB."""
    return _status('VmHWM') or resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def resident_mb() -> float:
    """Resident size now, MiB; 0 where the system does not say."""
    return _status('VmRSS')


def reset_peak() -> None:
    """Begin the peak anew, where the system allows it: a child inherits its parent's."""
    try:
        Path('/proc/self/clear_refs').write_text('5', encoding='ascii')
    except OSError:
        return


def _status(key: str) -> float:
    try:
        lines = _STATUS.read_text(encoding='ascii').splitlines()
    except OSError:
        return 0.0
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith(key)), 0.0)
