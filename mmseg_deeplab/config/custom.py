"""Users' own modules: import them, also those that were written for MMSegmentation."""

from __future__ import annotations

import importlib.abc
import importlib.machinery
import importlib.util
import os
import re
import sys
from importlib import import_module
from pathlib import Path
from types import ModuleType

from mmengine.config import Config

from mmseg_deeplab.config.bases import TEXT_ENCODING
from mmseg_deeplab.registry import PEER_SCOPE, SCOPE
from mmseg_deeplab.utils.errors import ConfigError
from mmseg_deeplab.utils.log import warn_once


class _AliasLoader(importlib.abc.Loader):
    """Loads ``mmseg.x`` by handing out the module ``mmseg_deeplab.x``."""

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> ModuleType:
        """The module of this package, with its own spec kept."""
        module = import_module(SCOPE + spec.name.removeprefix(PEER_SCOPE))
        self._own_spec = module.__spec__
        return module

    def exec_module(self, module: ModuleType) -> None:
        """Put the module's own spec back, over which the import system has written the alias's.

        The module itself has been executed under its own name.
        """
        module.__spec__ = self._own_spec


class PeerAlias(importlib.abc.MetaPathFinder):
    """Finds ``mmseg`` and ``mmseg.x`` in this package.

    A user's module that says ``from mmseg.registry import MODELS`` then registers here,
    unchanged. A module that this package has not, such as ``mmseg.datasets.my_set`` in somebody's
    own checkout of MMSegmentation, is taken from there: its relative imports lead here again.

    Args:
        checkout: The folder ``mmseg`` of an installation or checkout; None if there is none.
    """

    def __init__(self, checkout: Path | None = None) -> None:
        self.checkout = checkout

    def find_spec(self, fullname: str, path: object = None, target: object = None):
        """The spec of ``mmseg[.x]`` if ``mmseg_deeplab[.x]`` or a file of it exists, else None."""
        if fullname != PEER_SCOPE and not fullname.startswith(f'{PEER_SCOPE}.'):
            return None
        try:
            ours = importlib.util.find_spec(SCOPE + fullname.removeprefix(PEER_SCOPE))
        except ModuleNotFoundError:  # not even its parent is there
            ours = None
        if ours is not None:
            return importlib.machinery.ModuleSpec(fullname, _AliasLoader(), is_package=True)
        return self._in_checkout(fullname)

    def _in_checkout(self, fullname: str) -> importlib.machinery.ModuleSpec | None:
        if self.checkout is None:
            return None
        place = self.checkout.joinpath(*fullname.split('.')[1:])
        for file in (place.with_suffix('.py'), place / '__init__.py'):
            if file.is_file():
                folders = [str(place)] if file.name == '__init__.py' else None
                return importlib.util.spec_from_file_location(
                    fullname, file, submodule_search_locations=folders
                )
        return None


def install_alias(config_file: str | None = None) -> bool:
    """Make ``import mmseg`` work by :class:`PeerAlias`, unless the real package does.

    An installation whose models cannot be imported (its mmcv has no operators, or a version that
    it refuses) counts as none.

    Args:
        config_file: A config that may lie in a checkout with modules of its own.

    Returns:
        Whether the alias is in place.
    """
    for finder in sys.meta_path:
        if isinstance(finder, PeerAlias):
            # an earlier config may have lain outside of any checkout
            finder.checkout = finder.checkout or _checkout(None, config_file)
            return True
    real = importlib.util.find_spec(PEER_SCOPE)
    if real is not None:
        try:
            import_module(f'{PEER_SCOPE}.models')
            return False
        except Exception as error:  # an AssertionError on a version, an ImportError, ...
            warn_once(
                f'MMSegmentation in {real.submodule_search_locations} cannot be imported '
                f'({error}); its names mean those of {SCOPE}'
            )
        for name in [name for name in sys.modules if name.split('.')[0] == PEER_SCOPE]:
            del sys.modules[name]
    # first, because the aliased package's __path__ would lead the others to a second copy
    sys.meta_path.insert(0, PeerAlias(_checkout(real, config_file)))
    return True


def _checkout(real: importlib.machinery.ModuleSpec | None, config_file: str | None) -> Path | None:
    """The folder ``mmseg`` that is installed, or lies above the config or where we started."""
    if real is not None and real.submodule_search_locations:
        return Path(list(real.submodule_search_locations)[0])
    above = Path(config_file).resolve().parents if config_file else ()
    for folder in (*above, Path.cwd()):
        if (folder / PEER_SCOPE / '__init__.py').is_file():
            return folder / PEER_SCOPE
    return None


def prepare_imports(path: Path) -> None:
    """Make the alias ready for a lazy-style config that imports from ``mmseg``.

    Args:
        path: The config file; its bases are taken to be of the same style.
    """
    text = path.read_text(**TEXT_ENCODING)
    if re.search(rf'^\s*(from|import)\s+{PEER_SCOPE}\b', text, re.MULTILINE):
        install_alias(str(path))


def import_custom_modules(config: Config) -> None:
    """Import the modules that ``custom_imports`` names.

    A module is looked for on ``sys.path``, then in the folder where the command was started.

    Args:
        config: May hold ``custom_imports=dict(imports=[...], allow_failed_imports=False)``.

    Raises:
        ConfigError: A module is not there, or it imports from MMSegmentation what this package
            has not. Another error inside a module is left as it is, because
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
    install_alias(config.filename)
    names = wanted.get('imports') or []
    for name in [names] if isinstance(names, str) else names:
        try:
            _import(name)
        except ImportError as error:
            # of a name that a module of somebody else lacks, the traceback tells more
            if not isinstance(error, ModuleNotFoundError) and not _is_ours(error.name):
                raise
            if wanted.get('allow_failed_imports', False):
                continue
            raise ConfigError(
                f'custom_imports: cannot import {name!r} ({error}); {_remedy(error)}'
            ) from error


def _is_ours(module: str | None) -> bool:
    return module is not None and module.split('.')[0] in (PEER_SCOPE, SCOPE)


def _remedy(error: ImportError) -> str:
    if not _is_ours(error.name):
        return 'set PYTHONPATH to the folder that holds it'
    return (
        f'{SCOPE} does not have that part of MMSegmentation; docs/from_mmsegmentation.md says what '
        'is gone and what to use instead'
    )


def _import(name: str) -> None:
    try:
        import_module(name)
    except ModuleNotFoundError as error:
        own = error.name is not None and f'{name}.'.startswith(f'{error.name}.')
        if not own or os.getcwd() in sys.path:
            raise
        sys.path.append(os.getcwd())
        import_module(name)
