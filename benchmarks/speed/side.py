"""One of the two packages, imported under one set of names."""

from __future__ import annotations

import importlib
import logging
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

PEER, OURS = 'mmseg', 'mmseg_deeplab'


class NotAvailable(Exception):
    """This side cannot do the work here; the message says why."""


@dataclass
class Work:
    """Prepared work.

    Attributes:
        run: Does it once; may return seconds that it took itself, else the caller's clock counts.
        result: What the last run gave: tensors by name, to compare the sides.
        per: Units of work in one run; times are divided by it.
    """

    run: Callable[[], float | None]
    result: Callable[[], dict[str, Any]]
    per: int = 1
    facts: dict[str, Any] = field(default_factory=dict)


class Side:
    """A package by name.

    Args:
        package: ``'mmseg'`` or ``'mmseg_deeplab'``.
    """

    def __init__(self, package: str) -> None:
        self.package = package
        self._ready = False

    @property
    def is_peer(self) -> bool:
        """Whether it is MMSegmentation."""
        return self.package == PEER

    def get_ready(self) -> None:
        """Import what registers the classes; work that measures imports does not call this."""
        if self._ready:
            return
        warnings.filterwarnings('ignore')
        if self.is_peer:
            from benchmarks.parity import mmcv_ops_stub

            mmcv_ops_stub.install()
            self.module('utils').register_all_modules(init_default_scope=True)
        else:
            for name in ('models', 'datasets', 'evaluation', 'engine'):
                self.module(name)
        logging.disable(logging.WARNING)
        self._ready = True

    def module(self, name: str) -> Any:
        """A module of the package."""
        return importlib.import_module(f'{self.package}.{name}')

    def build(self, registry: str, cfg: dict) -> Any:
        """An object of a registry (``'MODELS'``, ``'TRANSFORMS'``, ``'DATASETS'``)."""
        return getattr(self.module('registry'), registry).build(cfg)
