"""Which keyword arguments a class or function takes, its bases included."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from typing import Any, NamedTuple

VARIABLE = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)


class Accepted(NamedTuple):
    """The names that a call takes, and whether it takes any other as well."""

    names: set[str]
    is_open: bool


def accepted_arguments(target: Callable[..., Any]) -> Accepted:
    """The names that may be given to ``target(**arguments)``.

    A constructor with ``**kwargs`` is taken to hand them to its bases, so their names count
    as well, along the method resolution order, until one takes no ``**kwargs``.

    Args:
        target: A class, a function or a partial.

    Returns:
        The names; ``is_open`` if the last in that line takes ``**kwargs`` too, or if a
        signature cannot be read.
    """
    if not inspect.isclass(target):
        named, tunnel = _read(target)
        return Accepted(named or set(), tunnel is not None or named is None)
    names: set[str] = set()
    for base in target.__mro__:
        constructor = base.__dict__.get('__init__')
        if constructor is None or base is object:
            continue
        if base.__module__ == 'torch.nn.modules.module':
            return Accepted(names - {'self'}, False)  # its **kwargs only serve to raise
        named, tunnel = _read(constructor)
        if named is None:
            return Accepted(names - {'self'}, True)
        names |= named
        if tunnel is None:
            return Accepted(names - {'self'}, False)
        names |= _taken_from(constructor, tunnel)
    return Accepted(names - {'self'}, True)


def required_arguments(target: Callable[..., Any]) -> set[str]:
    """The names without a default in the signature of ``target`` itself.

    Args:
        target: A class or function.
    """
    called = target.__init__ if inspect.isclass(target) else target
    try:
        parameters = inspect.signature(called).parameters.values()
    except (ValueError, TypeError):
        return set()
    return {p.name for p in parameters if p.default is p.empty and p.kind not in VARIABLE}


def default_of(target: Callable[..., Any], name: str) -> Any:
    """The default of an argument, in the class or the nearest base that names it; None if none.

    Args:
        target: A class or function.
        name: The argument.
    """
    for base in target.__mro__ if inspect.isclass(target) else (target,):
        called = base.__dict__.get('__init__') if inspect.isclass(base) else base
        try:
            parameter = inspect.signature(called).parameters.get(name)
        except (ValueError, TypeError):
            continue
        if parameter is not None:
            return None if parameter.default is parameter.empty else parameter.default
    return None


def _read(called: Callable[..., Any]) -> tuple[set[str] | None, str | None]:
    """The named parameters and the name of ``**kwargs``, if there is one."""
    try:
        parameters = inspect.signature(called).parameters.values()
    except (ValueError, TypeError):  # written in C
        return None, None
    tunnels = [p.name for p in parameters if p.kind is inspect.Parameter.VAR_KEYWORD]
    named = {
        p.name
        for p in parameters
        if p.kind not in VARIABLE and p.kind is not inspect.Parameter.POSITIONAL_ONLY
    }
    return named, tunnels[0] if tunnels else None


def _taken_from(called: Callable[..., Any], tunnel: str) -> set[str]:
    """The names that the body takes out of ``**kwargs`` itself, as ``kwargs.pop('x', 1)``."""
    try:
        source = inspect.getsource(called)
    except (OSError, TypeError):
        return set()
    access = r'(?:\.(?:pop|get|setdefault)\(|\[)\s*[\'"](\w+)[\'"]'
    return set(re.findall(rf'\b{re.escape(tunnel)}{access}', source))
