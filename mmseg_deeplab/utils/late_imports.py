"""Parts of MMEngine that take most of its import time and that hardly anybody uses, imported late.

Its sharding of weights and of optimiser states imports ``torch.distributed.fsdp`` and with it
symbolic algebra: three quarters of the time that ``import mmengine.model`` takes beyond torch.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Sequence
from importlib import import_module
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

# module -> (its class, the registry that knows it, the packages that hand it on)
_HEAVY = {
    'mmengine.optim.optimizer.zero_optimizer': (
        'ZeroRedundancyOptimizer',
        'OPTIMIZERS',
        ('mmengine.optim.optimizer', 'mmengine.optim'),
    ),
    'mmengine.model.wrappers.fully_sharded_distributed': (
        'MMFullyShardedDataParallel',
        'MODEL_WRAPPERS',
        ('mmengine.model.wrappers', 'mmengine.model'),
    ),
    'mmengine._strategy.fsdp': ('FSDPStrategy', 'STRATEGIES', ('mmengine._strategy',)),
}

_wanted: set[str] = set()  # modules that are no longer to be light


def install() -> None:
    """Let those modules be imported when their class is first used, not with MMEngine.

    A class that stands for it has its name in the package and in the registry until then. What
    was imported before this call stays as it is.
    """
    if not any(isinstance(finder, _LateFinder) for finder in sys.meta_path):
        sys.meta_path.insert(0, _LateFinder())


class _StandIn(type):
    """The type of a class that becomes the real one when it is called, derived from or read."""

    def __new__(meta, name: str, bases: tuple[type, ...], content: dict[str, Any]) -> type:
        if any(isinstance(base, _StandIn) for base in bases):
            bases = tuple(base._real() if isinstance(base, _StandIn) else base for base in bases)
            return type(bases[0])(name, bases, content)
        return super().__new__(meta, name, bases, content)

    def _real(cls) -> type:
        return _real_class(cls.__module__)

    def __call__(cls, *args: Any, **options: Any) -> Any:
        return cls._real()(*args, **options)

    def __instancecheck__(cls, instance: object) -> bool:
        # nothing is an instance of a class that was not imported
        return cls.__module__ in _wanted and isinstance(instance, cls._real())

    def __subclasscheck__(cls, other: type) -> bool:
        if other is cls:
            return True
        return cls.__module__ in _wanted and issubclass(other, cls._real())

    @property
    def __signature__(cls) -> inspect.Signature:
        return inspect.signature(cls._real())


class _LateFinder:
    """Finds the heavy modules in their light form until they are really wanted."""

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Called by the import system for every module; None leaves it to the others."""
        if name in _HEAVY and name not in _wanted:
            return ModuleSpec(name, self)
        return None

    def create_module(self, spec: ModuleSpec) -> None:
        """The usual empty module."""

    def exec_module(self, module: ModuleType) -> None:
        """Fill a light module with the class that stands for the real one."""
        name = module.__name__
        class_name, registry, _ = _HEAVY[name]
        stand_in = _StandIn(class_name, (), {'__module__': name})
        setattr(module, class_name, stand_in)
        _registry(registry).register_module(module=stand_in, force=True)

        def other_name(wanted: str) -> Any:
            if wanted.startswith('__'):  # the import system asks for those
                raise AttributeError(f'module {name!r} has no attribute {wanted!r}')
            _real_class(name)
            return getattr(sys.modules[name], wanted)

        module.__getattr__ = other_name  # type: ignore[method-assign]


def _real_class(name: str) -> type:
    class_name, registry, packages = _HEAVY[name]
    if name not in _wanted:
        _wanted.add(name)
        sys.modules.pop(name, None)
        _registry(registry).module_dict.pop(class_name, None)  # the real one registers itself
    real = getattr(import_module(name), class_name)
    for package in packages:
        setattr(sys.modules[package], class_name, real)
    return real


def _registry(name: str) -> Any:
    return getattr(import_module('mmengine.registry'), name)
