"""The C library's memory: keeping what was freed for the next array."""

from __future__ import annotations

import ctypes
import sys

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3  # glibc's names for mallopt
_LARGEST_KEPT = 32 << 20  # bytes of one array; glibc takes no more
_MOST_KEPT = 128 << 20  # bytes that may lie idle


def keep_freed_memory() -> bool:
    """Let this process reuse the memory of freed arrays instead of returning it to the system.

    A loader worker makes and drops the same few arrays for every sample. Returned, each of their
    pages is asked for and zeroed again: up to half the time of a sample that needs no decoding.
    At most 128 MB stay with the process.

    Returns:
        Whether it was set: on Linux with glibc, otherwise nothing happens.
    """
    if not sys.platform.startswith('linux'):
        return False
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError):  # another C library
        return False
    return bool(mallopt(_MMAP_THRESHOLD, _LARGEST_KEPT) and mallopt(_TRIM_THRESHOLD, _MOST_KEPT))
