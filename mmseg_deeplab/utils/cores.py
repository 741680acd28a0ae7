"""What this process may use of the machine."""

from __future__ import annotations

import os
import platform
from functools import cache
from pathlib import Path
from typing import NamedTuple


class Processor(NamedTuple):
    """What the system says of its processor.

    Attributes:
        name: Such as ``'AMD EPYC'``; outside Linux that of its architecture.
        flags: Its instruction sets as Linux names them, such as ``'avx2'``; empty elsewhere.
    """

    name: str
    flags: frozenset[str]


def usable_cores() -> int:
    """How many processor cores this process may use."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # macOS, Windows
        return os.cpu_count() or 1


@cache
def processor() -> Processor:
    """The processor of this machine."""
    try:
        text = Path('/proc/cpuinfo').read_text(encoding='utf-8')
    except OSError:  # macOS, Windows
        text = ''
    rows = (line.split(':', 1) for line in text.splitlines() if ':' in line)
    facts = {key.strip(): value.strip() for key, value in rows}
    name = facts.get('model name') or platform.processor() or platform.machine()
    return Processor(name, frozenset(facts.get('flags', '').split()))
