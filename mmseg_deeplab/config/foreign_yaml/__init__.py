"""Settings files of other DeepLab systems, read as if they were configs of this one.

A module for each system has

* ``NAME``: as people call it;
* ``recognises(tree) -> bool``: whether a YAML file's content is of that system; true for no
  other system's;
* ``translate(tree, path) -> dict``: a config with ``_base_``, the name of one of the shipped
  configs, and what the file changes of it. Under :data:`NOTES` it may list, in sentences, the
  settings that have no use here and why. It takes its settings out of a :class:`Keys`, which
  refuses what nobody asked for.
"""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any

from mmseg_deeplab.config.foreign_yaml.keys import Keys
from mmseg_deeplab.config.foreign_yaml.reading import read_yaml
from mmseg_deeplab.utils.errors import ConfigError

SYSTEMS = ('detectron2', 'composer', 'mindcv', 'deeplab_pytorch')
NOTES = '_notes_'

__all__ = ['NOTES', 'SYSTEMS', 'Keys', 'read_yaml', 'system_of', 'translate']


def system_of(tree: Any) -> ModuleType | None:
    """The module that knows a YAML file's content, or None if it is of no system known here.

    Args:
        tree: What stands in the file.
    """
    if not isinstance(tree, dict):
        return None
    found = (module for module in _modules() if module.recognises(tree))
    return next(found, None)


def translate(tree: dict[str, Any], path: Path) -> tuple[dict[str, Any], list[str]] | None:
    """A foreign file's content as a config with a ``_base_``, and remarks on it.

    Args:
        tree: What stands in the file; it is not changed.
        path: The file, for messages and for what it names relative to itself.

    Returns:
        None for a file of no system known here.

    Raises:
        ConfigError: A key is unknown, or a value cannot be had here.
    """
    module = system_of(tree)
    if module is None:
        return None
    try:
        config = dict(module.translate(tree, path))
    except ConfigError as error:  # settings are checked in many places; the file is named here
        if str(path) in str(error):
            raise
        raise ConfigError(f'{path}: {error}') from error
    notes = list(config.pop(NOTES, []))
    return config, [f'{path} is a {module.NAME} file, read as {config["_base_"]}', *notes]


def _modules() -> list[ModuleType]:
    names = [f'{__name__}.{system}' for system in SYSTEMS]
    return [import_module(name) for name in names if find_spec(name)]
