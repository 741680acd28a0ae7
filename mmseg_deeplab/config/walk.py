"""Walk through the objects of a config and note every name that is wrong."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from typing import Any

from mmengine.config import Config
from mmengine.registry import Registry

from mmseg_deeplab.config.sections import (
    FORWARDS,
    FREE_PARTS,
    INJECTED,
    KEYED_PARTS,
    LAYER_PARTS,
    PART_EXTRAS,
    PART_REGISTRIES,
)
from mmseg_deeplab.config.signatures import accepted_arguments, required_arguments
from mmseg_deeplab.registry import SegRegistry, nearest_names
from mmseg_deeplab.utils.errors import ConfigError

OUR_PACKAGES = ('mmseg_deeplab', 'mmengine', 'mmcv')
RESERVED = {'type', '_scope_', '_delete_'}


def is_near_miss(name: str, known: str) -> bool:
    """Whether ``name`` is so like ``known`` that it is taken for a misspelling of it.

    Args:
        name: What was written.
        known: A right name, other than ``name``.
    """
    import difflib

    plain, right = (re.sub(r'[\W_]', '', text).lower() for text in (name, known))
    if plain == right or (len(right) > 4 and sorted(plain) == sorted(right)):
        return True
    return difflib.SequenceMatcher(None, plain, right).ratio() >= 0.85


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """The end of a message: the nearest right names, or all of them if none is near."""
    known = sorted(known)
    near = nearest_names(name, known)
    if near:
        return f'did you mean {" or ".join(near)}?'
    return f'there are: {", ".join(known)}' if known else 'it takes none'


class Walker:
    """Collects what is wrong with a config instead of stopping at the first mistake."""

    def __init__(self) -> None:
        self.mistakes: list[str] = []

    def note(self, path: str, message: str) -> None:
        """Remember one mistake at the dotted ``path``."""
        line = f'{path}: {message}'
        if line not in self.mistakes:
            self.mistakes.append(line)

    def keys(self, value: dict, known: Collection[str], path: str, what: str) -> None:
        """Note each key of a dict that is not among the known ones."""
        for key in value:
            if key not in known and key not in RESERVED:
                self.note(f'{path}.{key}', f'{what} has no such key; {did_you_mean(key, known)}')

    def near_misses(self, value: Any, known: Collection[str], path: str) -> None:
        """Note each key of a dict that is a misspelling; other keys are free."""
        for key in value if isinstance(value, dict) else ():
            close = [right for right in known if is_near_miss(str(key), right)]
            if key not in known and close:
                self.note(f'{path}.{key}', f'unknown key; did you mean {close[0]}?')

    def parts(
        self, value: Any, registry: Registry, path: str, *, extra: Collection[str] = (),
        default_type: str | None = None, strict: bool = True,
    ) -> None:  # fmt: skip
        """Check an object, or lists of objects however deep.

        Args:
            value: A dict with ``type``, or lists of such; anything else is no object.
            registry: Where its type is looked up.
            path: Dotted place of ``value``.
            extra: Keys that are allowed although the constructor does not take them.
            default_type: The type of a dict without one.
            strict: Whether a type that nothing is known of is a mistake.
        """
        if isinstance(value, (list, tuple)):
            for place, inner in enumerate(value):
                self.parts(
                    inner, registry, f'{path}.{place}', extra=extra, default_type=default_type,
                    strict=strict,
                )  # fmt: skip
        elif isinstance(value, (dict, Config)):
            self._object(value, registry, path, extra, default_type, strict)

    def _object(
        self, value: Any, registry: Registry, path: str, extra: Collection[str],
        default_type: str | None, strict: bool,
    ) -> None:  # fmt: skip
        name = value.get('type', default_type)
        if name is None:
            if strict:
                self.note(path, 'its `type` is missing')
            return
        try:
            target = resolve_type(name, registry, value.get('_scope_'))
        except ConfigError as error:
            if strict:
                self.note(f'{path}.type', str(error))
            return
        self._arguments(value, target, path, extra)
        ours = _package(target) in OUR_PACKAGES
        for key, inner in value.items():
            if key not in RESERVED:
                self._inner(str(key), inner, registry, f'{path}.{key}', strict and ours)

    def _inner(self, key: str, value: Any, registry: Registry, path: str, strict: bool) -> None:
        """One argument of an object: another object, a dict of fixed keys, or plain values."""
        if key in KEYED_PARTS:
            self.near_misses(value, KEYED_PARTS[key], path)
        if key in FREE_PARTS:
            return
        if key in PART_REGISTRIES:
            layer = key in LAYER_PARTS
            self.parts(value, PART_REGISTRIES[key], path, extra=PART_EXTRAS.get(key, ()))
            if layer or not isinstance(value, dict):
                return
        elif _holds_objects(value):
            self.parts(value, registry, path, strict=strict)

    def _arguments(self, value: Any, target: Any, path: str, extra: Collection[str]) -> None:
        last = path.rsplit('.', 1)[-1]
        name = getattr(target, '__name__', str(target))
        known, is_open = accepted_arguments(target)
        known = known | set(extra) | self._forwarded(value, name)
        ours = _package(target) in OUR_PACKAGES
        for key in value:
            if key in known or key in RESERVED:
                continue
            # what a user's class does with its **kwargs is its own affair
            if (
                not is_open
                or name in FORWARDS
                or (ours and any(is_near_miss(str(key), right) for right in known))
            ):
                hint = did_you_mean(str(key), known)
                self.note(f'{path}.{key}', f'{name} has no such argument; {hint}')
        if last in LAYER_PARTS or last in ('init_cfg', 'override'):
            return
        missing = required_arguments(target) - set(value) - INJECTED
        if missing:
            self.note(path, f'{name} needs {", ".join(sorted(missing))}')

    def _forwarded(self, value: Any, name: str) -> set[str]:
        """The names that go to another class, which the object builds with its **kwargs."""
        if name not in FORWARDS:
            return set()
        argument, default, registry = FORWARDS[name]
        try:
            built = resolve_type(value.get(argument, default), registry)
        except ConfigError:
            return set()
        return accepted_arguments(built).names


def _package(target: Any) -> str:
    return str(getattr(target, '__module__', '')).split('.')[0]


def _holds_objects(value: Any) -> bool:
    if isinstance(value, dict):
        return 'type' in value
    return isinstance(value, (list, tuple)) and any(_holds_objects(inner) for inner in value)


def resolve_type(name: Any, registry: Registry, scope: str | None = None) -> Any:
    """The class or function that a ``type`` means.

    Args:
        name: A name in the registry, a dotted import path, or (lazy style) the class itself.
        registry: Where to look.
        scope: The ``_scope_`` that stands beside the type, if any.

    Raises:
        ConfigError: Nothing has that name; the nearest names are given.
    """
    if callable(name):
        return name
    if not isinstance(name, str):
        raise ConfigError(f'must be a name or a class, got {name!r}')
    full = f'{scope}.{name}' if scope not in (None, registry.scope, 'mmengine') else name
    if isinstance(registry, SegRegistry):
        return registry.get(full)
    try:
        found = registry.get(full)
    except RuntimeError:
        found = None
    if found is None:
        hint = did_you_mean(name, registry.module_dict)
        if not nearest_names(name, registry.module_dict):
            hint = 'check its spelling and imports'
        raise ConfigError(f'{name!r} is not a registered {registry.name}; {hint}')
    return found
