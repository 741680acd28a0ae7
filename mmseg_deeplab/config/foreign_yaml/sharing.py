"""A batch of a foreign settings file: that of all processes, of which each gets its share."""

from __future__ import annotations

import os

from mmseg_deeplab.utils.errors import ConfigError


def share_out(total: int, key: str, processes: int | None = None) -> int:
    """Images of one process.

    Args:
        total: Images of all of them.
        key: The setting, for the message.
        processes: How many there are; as the launcher tells if None.

    Raises:
        ConfigError: They cannot have equal shares.
    """
    number = _processes() if processes is None else processes
    if total < 1 or total % number:
        near = max(total // number, 1) * number
        raise ConfigError(
            f'{key} must be a multiple of the {number} processes, got {total}; e.g. {near}'
        )
    return total // number


def _processes() -> int:
    for name in ('WORLD_SIZE', 'OMPI_COMM_WORLD_SIZE', 'SLURM_NTASKS'):
        if os.environ.get(name, '').isdigit():
            return int(os.environ[name])
    return 1
