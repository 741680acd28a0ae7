"""The settings of a foreign file: each is used, or set aside with a reason, or refused."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mmseg_deeplab.registry import nearest_names
from mmseg_deeplab.utils.errors import ConfigError

_ABSENT = object()


class Keys:
    """Nested settings under dotted names, from which each is taken once.

    Args:
        tree: Nested mappings; a list is one value.
        source: The file's name, for messages.
    """

    def __init__(self, tree: Mapping[str, Any], source: object) -> None:
        self._left = dict(_flat(tree))
        self._asked: set[str] = set()
        self._source = source
        self.notes: list[str] = []

    def __contains__(self, key: str) -> bool:
        self._asked.add(key)
        return key in self._left

    def take(self, key: str, default: Any = _ABSENT) -> Any:
        """The value of a setting, which is then done with.

        Args:
            key: Dotted, as ``SOLVER.BASE_LR``.
            default: In place of a missing one.

        Raises:
            ConfigError: It is missing, and there is no default.
        """
        self._asked.add(key)
        value = self._left.pop(key, default)
        if value is _ABSENT:
            near = nearest_names(key, self._left, 1)
            hint = f'; is {near[0]} a misspelling of it?' if near else ''
            raise ConfigError(f'{self._source}: {key} must be set, and is not{hint}')
        return value

    def take_all(self, prefix: str) -> dict[str, Any]:
        """All settings below a name, as ``{rest of the name: value}``, which are then done with.

        Args:
            prefix: As ``model.deeplabv3``; without the dot.
        """
        below = [key for key in self._left if key.startswith(f'{prefix}.')]
        return {key.removeprefix(f'{prefix}.'): self.take(key) for key in below}

    def only(self, key: str, *values: Any, why: str) -> None:
        """Take a setting of which only some values can be had here.

        Args:
            key: Dotted; it may be missing.
            values: Those that can be had.
            why: What is to be done about others.

        Raises:
            ConfigError: It has another value.
        """
        value = self.take(key, values[0])
        if value not in values:
            shown = ' or '.join(repr(v) for v in values)
            raise ConfigError(f'{self._source}: {key} must be {shown} here, got {value!r}; {why}')

    def idle(self, why: str, *keys: str) -> None:
        """Set settings aside that have no use here; those that are there become a note.

        Args:
            why: As the rest of a sentence, ``the run's folder is --work-dir``.
            keys: Dotted names; one that ends in ``.*`` means all below it.
        """
        found = []
        for key in keys:
            if key.endswith('.*'):
                found += [f'{key[:-1]}{rest}' for rest in self.take_all(key[:-2])]
                continue
            if key in self:
                found.append(key)
            self._left.pop(key, None)
        if found:
            self.notes.append(f'{", ".join(found)}: not used here, {why}')

    def done(self) -> None:
        """Refuse what was neither taken nor set aside.

        Raises:
            ConfigError: There is such a setting; near names are given.
        """
        if not self._left:
            return
        key = next(iter(self._left))
        near = nearest_names(key, self._asked, 2)
        hint = f'; did you mean {" or ".join(near)}?' if near else ''
        others = f' (and {len(self._left) - 1} more)' if len(self._left) > 1 else ''
        raise ConfigError(f'{self._source}: unknown setting {key}{others}{hint}')


def _flat(tree: Mapping[str, Any], prefix: str = '') -> list[tuple[str, Any]]:
    found: list[tuple[str, Any]] = []
    for key, value in tree.items():
        if isinstance(value, Mapping) and value:
            found += _flat(value, f'{prefix}{key}.')
        else:
            found.append((f'{prefix}{key}', value))
    return found
