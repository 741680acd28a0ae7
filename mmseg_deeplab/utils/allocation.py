"""The C library's memory: keeping what was freed for the next array."""

from __future__ import annotations

import ctypes
import sys

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3  # glibc's names for mallopt
_MOST_FOR_OLD = 32 << 20  # bytes; glibc before 2.35 takes no larger threshold

WORKER_BYTES = (32 << 20, 128 << 20)
NETWORK_BYTES = (512 << 20, 512 << 20)


def keep_freed_memory(largest: int, idle: int) -> bool:
    """Let this process reuse the memory of freed arrays instead of returning it to the system.

    A loader worker makes and drops the same few arrays for every sample, a network the same maps
    for every batch. Returned, each of their pages is asked for and zeroed again: up to half the
    time of a sample that needs no decoding, a third of a training step on large maps.

    Args:
        largest: Bytes of the largest array whose memory is kept.
        idle: Bytes that may lie idle at the end of the heap.

    Returns:
        Whether it was set: on Linux with glibc, otherwise nothing happens.
    """
    if not sys.platform.startswith('linux'):
        return False
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError):  # another C library
        return False
    threshold = mallopt(_MMAP_THRESHOLD, largest) or mallopt(
        _MMAP_THRESHOLD, min(largest, _MOST_FOR_OLD)
    )
    return bool(threshold and mallopt(_TRIM_THRESHOLD, idle))
