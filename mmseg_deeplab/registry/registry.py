"""A registry that belongs to this project, falls back politely and names near misses."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from importlib import import_module

import mmengine.registry
from mmengine.registry import Registry

from mmseg_deeplab.registry.overrides import warn_of_ignored
from mmseg_deeplab.utils.errors import ConfigKeyError

SCOPE = 'mmseg_deeplab'
PEER_SCOPE = 'mmseg'  # the scope that users' configs and modules were written for

_LONG_ENOUGH = 4  # letters of a name of which the end is missing


def nearest_names(
    name: str, known: Iterable[str], count: int = 3, *, likeness: float = 0.6
) -> list[str]:
    """The known names most like ``name``, best first; case counts for little.

    Args:
        name: What the user wrote.
        known: The names that would be right.
        count: At most so many are returned.
        likeness: How like they must be, 0 to 1.
    """
    by_lower = {candidate.lower(): candidate for candidate in known}
    close = difflib.get_close_matches(name.lower(), by_lower, n=count, cutoff=likeness)
    return [by_lower[lower] for lower in close]


class SegRegistry(Registry):
    """A child of MMEngine's root registry of the same kind, in the scope ``mmseg_deeplab``.

    A name is looked for here, then in MMEngine's root, then in MMSegmentation's registry if
    that package was imported by the user, then in ``fallback``, a module that registers into
    the root when imported (mmcv's layers and transforms). The prefix ``mmseg.`` is read as
    this scope, so configs written for MMSegmentation need no change.

    Args:
        kind: MMEngine's name of the registry, ``'model'``, ``'dataset'``, ...
        locations: Modules to import on the first look-up.
        fallback: A module to import only when the name is found nowhere else.
    """

    def __init__(self, kind: str, *, locations: list[str], fallback: str | None = None) -> None:
        root = getattr(mmengine.registry, f'{kind.upper()}S')
        super().__init__(kind, parent=root, scope=SCOPE, locations=locations)
        self._fallback = fallback

    def get(self, key: str) -> type:
        """The class registered under ``key``.

        Args:
            key: A class name, with or without a scope (``'ASPPHead'``, ``'mmseg.ASPPHead'``),
                or a dotted import path.

        Raises:
            ConfigKeyError: Nothing has that name; the message gives the nearest ones.
        """
        name = key.removeprefix(f'{PEER_SCOPE}.')
        found = self._lookup(name)
        if found is None and self._fallback is not None:
            import_module(self._fallback)
            found = self._lookup(name)
        if found is None:
            raise ConfigKeyError(self._unknown(name))
        warn_of_ignored(found)  # also what registered with MMEngine's own registry
        return found

    def known_names(self) -> list[str]:
        """All names that :meth:`get` would find without a scope, sorted."""
        self.import_from_location()
        return sorted({*self._module_dict, *self.parent._module_dict})

    def _lookup(self, name: str) -> type | None:
        self.import_from_location()
        if name in self._module_dict:
            return self._module_dict[name]
        peer = self.parent._children.get(PEER_SCOPE)
        if peer is not None and name in peer._module_dict:
            return peer._module_dict[name]
        try:
            return super().get(name)
        except RuntimeError:  # MMEngine's way to say that a name is unknown
            return None

    def _unknown(self, name: str) -> str:
        # endings such as Hook make names alike that have nothing to do with each other
        known = self.known_names()
        near = nearest_names(name, known, likeness=0.8)
        if not near and len(name) > _LONG_ENOUGH:
            near = [each for each in known if each.startswith(name)]
        hint = f'did you mean {" or ".join(near)}?' if near else 'check its spelling and imports'
        return f'{name!r} is not a registered {self.name}; {hint}'
