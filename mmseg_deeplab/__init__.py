"""mmseg_deeplab: DeepLab models for aerial imagery, trained, tested and run.

Importing the package reads no file, opens no connection and touches no device: the
public names below are imported on first use.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

from mmseg_deeplab.utils.late_imports import install as _import_heavy_parts_late
from mmseg_deeplab.version import __version__, version_info

_import_heavy_parts_late()

_PUBLIC = {
    'deeplabv3': 'mmseg_deeplab.models.deeplab',
    'deeplabv3plus': 'mmseg_deeplab.models.deeplab',
    'init_model': 'mmseg_deeplab.apis',
    'inference_model': 'mmseg_deeplab.apis',
    'show_result_pyplot': 'mmseg_deeplab.apis',
    'MMSegInferencer': 'mmseg_deeplab.apis',
    'SegDataSample': 'mmseg_deeplab.structures',
    'digit_version': 'mmengine.utils',
}

__all__ = ['__version__', 'version_info', *_PUBLIC]


def __getattr__(name: str) -> Any:
    if name not in _PUBLIC:
        raise AttributeError(f'module {__name__!r} has no attribute {name!r}')
    return getattr(import_module(_PUBLIC[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
