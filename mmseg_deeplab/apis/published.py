"""The published weights that belong to a config."""

from __future__ import annotations

from os import PathLike
from pathlib import Path
from typing import Any

from mmengine.config import Config

from mmseg_deeplab.hub import fetch, find_exact
from mmseg_deeplab.utils.errors import CheckpointError, ConfigError


def has_published_weights(config: str | PathLike | Config | Any) -> bool:
    """Whether a config is given by a name in the catalogue, and weights were published for it.

    Args:
        config: As the user gave it; a file, a ``Config`` or a mapping is no name.
    """
    if not isinstance(config, str) or Path(config).is_file():
        return False
    row = find_exact(config)
    return row is not None and row.kind == 'model' and bool(row.addresses)


def published_weights(config: str | PathLike | Config | Any) -> Path:
    """The checkpoint that was published for a config, downloaded if it is not here yet.

    Only the very name of a config in the catalogue will do: weights of a model with a like name
    would fit some other config, or worse, seem to fit this one.

    Args:
        config: Path or name of a config, 1.x or 0.x, or a ``Config`` read from such a file.

    Raises:
        ConfigError: The config has no name.
        CheckpointError: Nothing was published under its name, or no source has the file.
    """
    name = config.filename if isinstance(config, Config) else config
    if not isinstance(name, (str, PathLike)):
        raise ConfigError(
            'pretrained=True goes by the name of a config file, got a config without one; give '
            'checkpoint=FILE instead'
        )
    row = find_exact(str(name))
    if row is None or row.kind != 'model':
        raise CheckpointError(
            f'no weights were published under the name {Path(name).stem!r}; give checkpoint=FILE, '
            'or the name of a config that docs/download.md tells how to find'
        )
    return fetch(row.name)
