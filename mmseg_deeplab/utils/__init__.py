"""Helpers that import nothing else of the package.

The names that need PyTorch are imported when they are first asked for.
"""

from __future__ import annotations

from functools import partial
from importlib import import_module
from typing import Any

from mmseg_deeplab.utils.class_names import dataset_aliases, get_classes, get_palette

_LATER = {
    'add_prefix': 'misc',
    'collect_env': 'set_env',
    'register_all_modules': 'set_env',
    'stack_batch': 'misc',
    **dict.fromkeys(
        (
            'ConfigType',
            'ForwardResults',
            'MultiConfig',
            'OptConfigType',
            'OptMultiConfig',
            'OptSampleList',
            'SampleList',
            'TensorDict',
            'TensorList',
        ),
        'typing_utils',
    ),
}
# loveda_classes() is get_classes('loveda'), and so on
_OF_DATASET = {
    f'{name}_{what}': partial(find, name)
    for name in dataset_aliases
    for what, find in (('classes', get_classes), ('palette', get_palette))
}

__all__ = ['dataset_aliases', 'get_classes', 'get_palette', *_LATER, *_OF_DATASET]


def __getattr__(name: str) -> Any:
    if name in _OF_DATASET:
        return _OF_DATASET[name]
    if name not in _LATER:
        raise AttributeError(f'module {__name__!r} has no attribute {name!r}')
    value = getattr(import_module(f'{__name__}.{_LATER[name]}'), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
