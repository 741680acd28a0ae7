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
    'submit_loveda': 'mmseg_deeplab.apis.submission',
    'pack_loveda': 'mmseg_deeplab.apis.submission',
    'convert_dataset': 'mmseg_deeplab.apis.conversion',
    'download_weights': 'mmseg_deeplab.apis.published',
    'convert_weights': 'mmseg_deeplab.apis.foreign_weights',
    'export_weights': 'mmseg_deeplab.apis.foreign_weights',
    'audit_dataset': 'mmseg_deeplab.apis.audit',
    'publish_model': 'mmseg_deeplab.apis.publish',
    'inspect_checkpoint': 'mmseg_deeplab.apis.inspection',
    'model_complexity': 'mmseg_deeplab.apis.complexity',
    'quantize': 'mmseg_deeplab.apis.quantization',
    'benchmark': 'mmseg_deeplab.apis.speed',
    'browse_dataset': 'mmseg_deeplab.apis.browsing',
    'confusion_matrix': 'mmseg_deeplab.apis.confusion',
    'analyze_logs': 'mmseg_deeplab.apis.log_analysis',
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
