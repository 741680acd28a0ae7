"""Registering everything at once, and what a report of a problem should say."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from mmengine.registry import DefaultScope

_PACKAGE = __name__.split('.')[0]
_PARTS = ('datasets', 'engine', 'evaluation', 'models', 'structures', 'visualization')


def register_all_modules(init_default_scope: bool = True) -> None:
    """Import every part of the package, which registers its classes.

    Not needed with this package's registries and functions, which import what they look up.

    Args:
        init_default_scope: Also let MMEngine's registries look in this package first, from now
            on.
    """
    for part in _PARTS:
        import_module(f'{_PACKAGE}.{part}')
    current = DefaultScope.get_current_instance()
    if init_default_scope and (current is None or current.scope_name != _PACKAGE):
        number = 0  # an instance of an earlier call may not be the current one any more
        while DefaultScope.check_instance_created(f'{_PACKAGE}-{number}'):
            number += 1
        DefaultScope.get_instance(f'{_PACKAGE}-{number}', scope_name=_PACKAGE)


def collect_env() -> dict[str, Any]:
    """Versions of Python, PyTorch, CUDA, OpenCV, MMEngine and this package; the GPUs."""
    from mmengine.utils.dl_utils import collect_env as collect_base_env

    return {**collect_base_env(), _PACKAGE: import_module(_PACKAGE).__version__}
