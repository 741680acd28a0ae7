"""What stands in a Detectron2 settings file, with its bases below it and options above."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from mmseg_deeplab.config.foreign_yaml.reading import read_yaml
from mmseg_deeplab.utils.errors import ConfigError

BASE = '_BASE_'
_DEEPEST = 8  # bases of bases
# values of the two bases that the project's files have, for a file copied out of its checkout;
# what a detector alone needs is left out
_KNOWN_BASES: dict[str, dict[str, Any]] = {
    'Base-RCNN-DilatedC5.yaml': {
        'MODEL': {'RESNETS': {'OUT_FEATURES': ['res5'], 'RES5_DILATION': 2}},
        'SOLVER': {'IMS_PER_BATCH': 16, 'BASE_LR': 0.02, 'MAX_ITER': 90000},
        'VERSION': 2,
    },
    'Base-DeepLabV3-OS16-Semantic.yaml': {
        BASE: 'Base-RCNN-DilatedC5.yaml',
        'MODEL': {
            'META_ARCHITECTURE': 'SemanticSegmentor',
            'BACKBONE': {'FREEZE_AT': 0},
            'SEM_SEG_HEAD': {
                'NAME': 'DeepLabV3Head',
                'IN_FEATURES': ['res5'],
                'ASPP_CHANNELS': 256,
                'ASPP_DILATIONS': [6, 12, 18],
                'ASPP_DROPOUT': 0.1,
                'CONVS_DIM': 256,
                'COMMON_STRIDE': 16,
                'NUM_CLASSES': 19,
                'LOSS_TYPE': 'hard_pixel_mining',
            },
        },
        'DATASETS': {
            'TRAIN': ['cityscapes_fine_sem_seg_train'],
            'TEST': ['cityscapes_fine_sem_seg_val'],
        },
        'SOLVER': {
            'BASE_LR': 0.01,
            'MAX_ITER': 90000,
            'LR_SCHEDULER_NAME': 'WarmupPolyLR',
            'IMS_PER_BATCH': 16,
        },
        'INPUT': {
            'MIN_SIZE_TRAIN': [512, 768, 1024, 1280, 1536, 1792, 2048],
            'MIN_SIZE_TRAIN_SAMPLING': 'choice',
            'MIN_SIZE_TEST': 1024,
            'MAX_SIZE_TRAIN': 4096,
            'MAX_SIZE_TEST': 2048,
            'CROP': {
                'ENABLED': True,
                'TYPE': 'absolute',
                'SIZE': [512, 1024],
                'SINGLE_CATEGORY_MAX_AREA': 1.0,
            },
        },
        'DATALOADER': {'NUM_WORKERS': 10},
    },
}


def with_bases(tree: Mapping[str, Any], path: Path) -> dict[str, Any]:
    """A file's settings over those of its bases, texts in the form of a tuple made lists.

    Args:
        tree: What stands in the file.
        path: The file; a base's path is relative to it. The project's own bases need not be
            there.

    Raises:
        ConfigError: A base is missing or broken, or they go round in a circle.
    """
    return _with_bases(dict(tree), path, 0)


def with_options(tree: Mapping[str, Any], words: Sequence[str]) -> dict[str, Any]:
    """Settings changed by ``KEY VALUE`` words, as Detectron2's commands take them.

    Args:
        tree: Nested settings; it is not changed.
        words: ``['SOLVER.BASE_LR', '0.02', ...]``.

    Raises:
        ConfigError: A key has no value.
    """
    if len(words) % 2:
        raise ConfigError(f'options must be pairs KEY VALUE, but {words[-1]!r} has no value')
    changed = dict(tree)
    for key, text in zip(words[::2], words[1::2], strict=True):
        nested: Any = _decoded(text, always=True)
        for part in reversed(key.split('.')):
            nested = {part: nested}
        changed = _merged(changed, nested)
    return changed


def _with_bases(tree: dict[str, Any], path: Path, depth: int) -> dict[str, Any]:
    base = tree.pop(BASE, None)
    tree = _plain(tree)
    if base is None:
        return tree
    if depth >= _DEEPEST:
        raise ConfigError(f'{path}: more than {_DEEPEST} bases in a row; is there a circle?')
    place = Path(str(base)).expanduser()
    place = place if place.is_absolute() else path.parent / place
    if place.is_file():
        content = read_yaml(place)
    else:
        content = _KNOWN_BASES.get(place.name)
    if not isinstance(content, Mapping):
        raise ConfigError(
            f'{path}: its base {place} is not there or holds no settings; copy it too'
        )
    return _merged(_with_bases(dict(content), place, depth + 1), tree)


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    return _decoded(value)


def _decoded(value: Any, *, always: bool = False) -> Any:
    """A text as the Python literal in it; without ``always`` only where that is a sequence."""
    if not isinstance(value, str) or not (always or value.strip().startswith(('(', '['))):
        return value
    try:
        found = ast.literal_eval(value.strip())
    except (ValueError, SyntaxError, RecursionError):
        return value
    return list(found) if isinstance(found, tuple) else found


def _merged(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(below)
    for key, value in above.items():
        old = merged.get(key)
        both = isinstance(old, Mapping) and isinstance(value, Mapping)
        merged[key] = _merged(old, value) if both else value
    return merged
