"""What a Python caller uses; each name is imported when it is first asked for."""

from __future__ import annotations

from importlib import import_module
from typing import Any

_PUBLIC = {
    'train': 'mmseg_deeplab.apis.training',
    'test': 'mmseg_deeplab.apis.testing',
    'init_model': 'mmseg_deeplab.apis.inference',
    'inference_model': 'mmseg_deeplab.apis.inference',
    'show_result_pyplot': 'mmseg_deeplab.apis.inference',
    'MMSegInferencer': 'mmseg_deeplab.apis.inferencer',
    'predict': 'mmseg_deeplab.apis.prediction',
    'audit_dataset': 'mmseg_deeplab.apis.audit',
}

__all__ = list(_PUBLIC)


def __getattr__(name: str) -> Any:
    if name not in _PUBLIC:
        raise AttributeError(f'module {__name__!r} has no attribute {name!r}')
    value = getattr(import_module(_PUBLIC[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
