"""A batch of a foreign settings file: that of all processes, of which each gets its share."""

from __future__ import annotations

from mmseg_deeplab.config.foreign_yaml.keys import Keys
from mmseg_deeplab.utils.errors import ConfigError
from mmseg_deeplab.utils.processes import started_processes


def share_of_batch(keys: Keys, key: str, default: int) -> int:
    """Images of one of the processes that a launcher has started.

    Args:
        keys: The settings.
        key: Of the batch.
        default: Images of all processes where the file says nothing.

    Raises:
        ConfigError: It is no whole number, or they cannot have equal shares.
    """
    total, processes = keys.whole(key, default, least=1), started_processes()
    if total % processes:
        near = max(total // processes, 1) * processes
        raise ConfigError(
            f'{key} must be a multiple of the {processes} processes, got {total}; e.g. {near}'
        )
    return total // processes
