"""Users' own modules: import them, also those that were written for MMSegmentation."""

from __future__ import annotations

import importlib.abc
import importlib.machinery
import importlib.util
import os
import sys
from importlib import import_module
from pathlib import Path
from types import ModuleType

from mmengine.config import Config

from mmseg_deeplab.registry import SCOPE
from mmseg_deeplab.utils.errors import ConfigError

PEER = 'mmseg'


class _AliasLoader(importlib.abc.Loader):
    """Loads ``mmseg.x`` by handing out the module ``mmseg_deeplab.x``."""

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> ModuleType:
        """The module of this package, with its own spec kept."""
        module = import_module(SCOPE + spec.name.removeprefix(PEER))
        self._own_spec = module.__spec__
        return module

    def exec_module(self, module: ModuleType) -> None:
        """Put the module's own spec back, over which the import system has written the alias's.

        The module itself has been executed under its own name.
        """
        module.__spec__ = self._own_spec


class PeerAlias(importlib.abc.MetaPathFinder):
    """Finds ``mmseg`` and ``mmseg.x`` in this package, where MMSegmentation is not installed.

    A user's module that says ``from mmseg.registry import MODELS`` then registers here,
    unchanged.
    """

    def find_spec(self, fullname: str, path: object = None, target: object = None):
        """The spec of ``mmseg[.x]`` if ``mmseg_deeplab[.x]`` exists, else None."""
        if fullname != PEER and not fullname.startswith(f'{PEER}.'):
            return None
        try:
            if importlib.util.find_spec(SCOPE + fullname.removeprefix(PEER)) is None:
                return None
        except ModuleNotFoundError:  # not even its parent is there
            return None
        return importlib.machinery.ModuleSpec(fullname, _AliasLoader(), is_package=True)


def install_alias() -> bool:
    """Make ``import mmseg`` work by :class:`PeerAlias` unless the real package is there.

    Returns:
        Whether the alias is in place.
    """
    if any(isinstance(finder, PeerAlias) for finder in sys.meta_path):
        return True
    if PEER in sys.modules or importlib.util.find_spec(PEER) is not None:
        return False
    # first, because the aliased package's __path__ would lead the others to a second copy
    sys.meta_path.insert(0, PeerAlias())
    return True


def prepare_imports(path: Path) -> None:
    """Make the alias ready for a lazy-style config that imports from ``mmseg``.

    Args:
        path: The config file; its bases are taken to be of the same style.
    """
    text = path.read_text(encoding='utf-8')
    if f'from {PEER}' in text or f'import {PEER}' in text:
        install_alias()


def import_custom_modules(config: Config) -> None:
    """Import the modules that ``custom_imports`` names.

    A module is looked for on ``sys.path``, then in the folder where the command was started.

    Args:
        config: May hold ``custom_imports=dict(imports=[...], allow_failed_imports=False)``.

    Raises:
        ConfigError: A module is not there. An error inside a module is left as it is, because
            its traceback is what its author needs.
    """
    wanted = config.get('custom_imports')
    if not wanted:
        return
    if not isinstance(wanted, dict) or not set(wanted) <= {'imports', 'allow_failed_imports'}:
        raise ConfigError(
            'custom_imports must be dict(imports=[...], allow_failed_imports=False), '
            f'got {dict(wanted) if isinstance(wanted, dict) else wanted!r}'
        )
    install_alias()
    names = wanted.get('imports') or []
    for name in [names] if isinstance(names, str) else names:
        try:
            _import(name)
        except ModuleNotFoundError as error:
            if wanted.get('allow_failed_imports', False):
                continue
            raise ConfigError(
                f'custom_imports: cannot import {name!r} ({error}); '
                'set PYTHONPATH to the folder that holds it'
            ) from error


def _import(name: str) -> None:
    try:
        import_module(name)
    except ModuleNotFoundError as error:
        own = error.name is not None and f'{name}.'.startswith(f'{error.name}.')
        if not own or os.getcwd() in sys.path:
            raise
        sys.path.append(os.getcwd())
        import_module(name)
