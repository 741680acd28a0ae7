"""The settings of a foreign file: each is used, or set aside with a reason, or refused."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Mapping
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

    def number(
        self,
        key: str,
        default: Any = _ABSENT,
        *,
        least: float | None = None,
        above: float | None = None,
    ) -> Any:
        """Take a finite number.

        Args:
            key: Dotted.
            default: In place of a missing one; also allowed as a value.
            least: The smallest that is allowed.
            above: What it must be above.

        Raises:
            ConfigError: It is something else.
        """

        def fits(value: Any) -> bool:
            return _is_number(value) and _within(value, least, above)

        return self._typed(key, default, fits, f'a number{_limits(least, above)}')

    def whole(self, key: str, default: Any = _ABSENT, *, least: int = 0) -> Any:
        """Take a whole number; ``2e4`` is one.

        Args:
            key: Dotted.
            default: In place of a missing one; also allowed as a value.
            least: The smallest that is allowed.

        Raises:
            ConfigError: It is something else.
        """

        def fits(value: Any) -> bool:
            return _is_number(value) and value == int(value) >= least

        value = self._typed(key, default, fits, f'a whole number of {least} or more')
        return int(value) if isinstance(value, float) else value

    def numbers(
        self,
        key: str,
        default: Any = _ABSENT,
        *,
        count: int | None = None,
        least: float | None = None,
        above: float | None = None,
    ) -> Any:
        """Take a list of finite numbers.

        Args:
            key: Dotted.
            default: In place of a missing one; also allowed as a value.
            count: How many; at least one if None.
            least: The smallest that is allowed.
            above: What each must be above.

        Raises:
            ConfigError: It is something else.
        """

        def fits(value: Any) -> bool:
            return (
                isinstance(value, (list, tuple))
                and (len(value) > 0 if count is None else len(value) == count)
                and all(_is_number(item) and _within(item, least, above) for item in value)
            )

        many = 'numbers' if count is None else f'{count} numbers'
        return self._typed(key, default, fits, f'a list of {many}{_limits(least, above)}')

    def flag(self, key: str, default: Any = _ABSENT) -> Any:
        """Take a setting that is True or False.

        Args:
            key: Dotted.
            default: In place of a missing one; also allowed as a value.

        Raises:
            ConfigError: It is something else.
        """
        return self._typed(key, default, lambda value: isinstance(value, bool), 'True or False')

    def text(self, key: str, default: Any = _ABSENT) -> Any:
        """Take a text, such as a path or a name; a number is read as one.

        Args:
            key: Dotted.
            default: In place of a missing one; also allowed as a value.

        Raises:
            ConfigError: It is something else.
        """
        value = self._typed(key, default, _is_text, 'a text')
        return str(value) if _is_number(value) else value

    def texts(self, key: str, default: Any = _ABSENT) -> Any:
        """Take a list of texts.

        Args:
            key: Dotted.
            default: In place of a missing one; also allowed as a value.

        Raises:
            ConfigError: It is something else.
        """

        def fits(value: Any) -> bool:
            return isinstance(value, (list, tuple)) and all(isinstance(v, str) for v in value)

        return self._typed(key, default, fits, 'a list of names')

    def choice(self, key: str, known: Collection[Any], default: Any = _ABSENT) -> Any:
        """Take a setting that has one of a few values.

        Args:
            key: Dotted.
            known: Those that can be had.
            default: In place of a missing one; also allowed as a value.

        Raises:
            ConfigError: It has another one.
        """
        listed = list(known)
        shown = ', '.join(map(str, listed))
        return self._typed(key, default, lambda value: value in listed, f'one of {shown}')

    def _typed(self, key: str, default: Any, fits: Callable[[Any], bool], wanted: str) -> Any:
        value = self.take(key, default)
        if value is default or fits(value):
            return value
        got = 'nothing' if value is None else repr(value)
        raise ConfigError(f'{self._source}: {key} must be {wanted}, got {got}')

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


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)


def _is_text(value: Any) -> bool:
    return isinstance(value, str) or _is_number(value)


def _within(value: float, least: float | None, above: float | None) -> bool:
    return (least is None or value >= least) and (above is None or value > above)


def _limits(least: float | None, above: float | None) -> str:
    if above is not None:
        return f' above {above:g}'
    return '' if least is None else f' of {least:g} or more'


def _flat(tree: Mapping[str, Any], prefix: str = '') -> list[tuple[str, Any]]:
    found: list[tuple[str, Any]] = []
    for key, value in tree.items():
        if isinstance(value, Mapping) and value:
            found += _flat(value, f'{prefix}{key}.')
        else:
            found.append((f'{prefix}{key}', value))
    return found
