"""An empty ``mmcv.ops``, so that MMSegmentation can be imported with mmcv-lite.

Its models of the DeepLab family call none of these compiled operations; importing them is all
that is needed. Where the full mmcv is installed nothing is replaced.
"""

from __future__ import annotations

import importlib.util
import sys
import types


class _EmptyOps(types.ModuleType):
    """Any name imported from it is a class that cannot be built."""

    def __getattr__(self, name: str) -> type:
        if name.startswith('__'):
            raise AttributeError(name)

        def refuse(*_args: object, **_options: object) -> None:
            raise RuntimeError(f'mmcv.ops.{name} is not there: it is a compiled operation')

        return type(name, (), {'__init__': refuse})


def install() -> None:
    """Put the stub in place unless mmcv has its compiled operations."""
    if importlib.util.find_spec('mmcv._ext') is None:
        sys.modules['mmcv.ops'] = _EmptyOps('mmcv.ops')
