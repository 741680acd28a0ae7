"""Parts of MMEngine that take most of its import time and that hardly anybody uses, imported late.

Its sharding of weights and of optimiser states imports ``torch.distributed.fsdp`` and with it
symbolic algebra: three quarters of the time that ``import mmengine.model`` takes beyond torch.
"""

from __future__ import annotations

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


def install() -> None:
    """Let those modules be imported when their class is first used, not with MMEngine.

    A class that stands for it has its name in the package and in the registry until then. What
    was imported before this call stays as it is.
    """
    if not any(isinstance(finder, _LateFinder) for finder in sys.meta_path):
        sys.meta_path.insert(0, _LateFinder())


class _LateFinder:
    """Finds the heavy modules, in their light form, until they are really wanted."""

    def __init__(self) -> None:
        self._wanted: set[str] = set()

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Called by the import system for every module; None leaves it to the others."""
        if name in _HEAVY and name not in self._wanted:
            return ModuleSpec(name, self)
        return None

    def create_module(self, spec: ModuleSpec) -> None:
        """The usual empty module."""

    def exec_module(self, module: ModuleType) -> None:
        """Fill a light module with the class that stands for the real one."""
        name = module.__name__
        class_name, registry, _ = _HEAVY[name]

        def build(cls: type, *args: Any, **options: Any) -> Any:
            return self._real_class(name)(*args, **options)

        stand_in = type(class_name, (), {'__new__': build, '__module__': name})
        setattr(module, class_name, stand_in)
        _registry(registry).register_module(module=stand_in)

    def _real_class(self, name: str) -> type:
        class_name, registry, packages = _HEAVY[name]
        if name not in self._wanted:
            self._wanted.add(name)
            del sys.modules[name]
            _registry(registry).module_dict.pop(class_name)  # the real one registers itself
        real = getattr(import_module(name), class_name)
        for package in packages:
            setattr(sys.modules[package], class_name, real)
        return real


def _registry(name: str) -> Any:
    return getattr(import_module('mmengine.registry'), name)
