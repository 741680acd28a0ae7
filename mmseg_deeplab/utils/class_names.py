"""Class names and colours of the known data sets: the one place where they are written down.

Each lies in ``class_tables/NAME.csv``, one class a line, in the order of the ids.
"""

from __future__ import annotations

import csv
from functools import cache
from pathlib import Path
from typing import Any

from mmseg_deeplab.utils.errors import ConfigError

_FOLDER = Path(__file__).parent / 'class_tables'

# short name -> all names that mean it: MMSegmentation's, and the retina sets that it left out
dataset_aliases: dict[str, list[str]] = {
    'cityscapes': ['cityscapes'],
    'ade': ['ade', 'ade20k'],
    'voc': ['voc', 'pascal_voc', 'voc12', 'voc12aug'],
    'pcontext': ['pcontext', 'pascal_context', 'voc2010'],
    'loveda': ['loveda'],
    'potsdam': ['potsdam'],
    'vaihingen': ['vaihingen'],
    'cocostuff': [
        f'coco{mark}stuff{size}' for mark in ('', '-', '_') for size in ('', '10k', '164k')
    ],
    'cocostuff182': ['cocostuff182', 'coco_stuff182'],
    'coco': ['coco91'],
    'isaid': ['isaid', 'iSAID'],
    'stare': ['stare', 'STARE'],
    'drive': ['drive', 'DRIVE'],
    'chase_db1': ['chase_db1', 'CHASE_DB1'],
    'hrf': ['hrf', 'HRF'],
    'lip': ['LIP', 'lip'],
    'mapillary_v1': ['mapillary_v1'],
    'mapillary_v2': ['mapillary_v2'],
    'bdd100k': ['bdd100k'],
}
# where the table is not called as the data set, or its first lines are left out
_TABLES: dict[str, tuple[str, int]] = {
    'ade': ('ade20k', 0),
    'bdd100k': ('cityscapes', 0),
    'chase_db1': ('vessels', 0),
    'coco': ('coco91', 0),
    'cocostuff': ('coco_stuff', 0),
    'cocostuff182': ('coco_stuff182', 0),
    'drive': ('vessels', 0),
    'hrf': ('vessels', 0),
    'pcontext': ('pascal_context', 1),  # without background
    'potsdam': ('isprs', 0),
    'stare': ('vessels', 0),
    'vaihingen': ('isprs', 0),
}


# COCO's ids from 0 that were planned and never drawn; the table of COCO-Stuff leaves them out
_NEVER_DRAWN = {
    11: 'street sign', 25: 'hat', 28: 'shoe', 29: 'eye glasses', 44: 'plate', 65: 'mirror',
    67: 'window', 68: 'desk', 70: 'door', 82: 'blender', 90: 'hair brush',
}  # fmt: skip
_COCO_IDS = 'coco_stuff182'  # COCO-Stuff under its published ids, 0 to 181
_COCO_OBJECTS = 'coco91'  # COCO's ids of objects, 0 the background, 90 the last that is drawn
_BLACK = [0, 0, 0]


@cache
def class_table(name: str, first: int = 0) -> dict[str, Any]:
    """Read a table of classes.

    Args:
        name: Of a file in ``class_tables``, without ``.csv``; or ``'coco_stuff182'`` or
            ``'coco91'``, which are made of COCO-Stuff's.
        first: How many classes to leave out at the beginning.

    Returns:
        ``classes``, a tuple of names, and ``palette``, a list of [red, green, blue], 0 to 255;
        one dict for all callers, not to be changed.
    """
    if name in (_COCO_IDS, _COCO_OBJECTS):
        return _coco_table(objects=name == _COCO_OBJECTS)
    with (_FOLDER / f'{name}.csv').open(encoding='utf-8', newline='') as file:
        rows = list(csv.DictReader(file))[first:]
    return {
        'classes': tuple(row['class'] for row in rows),
        'palette': [[int(row[color]) for color in ('red', 'green', 'blue')] for row in rows],
    }


def _coco_table(objects: bool) -> dict[str, Any]:
    drawn = class_table('coco_stuff')
    classes, palette = list(drawn['classes']), list(drawn['palette'])
    for number, name in _NEVER_DRAWN.items():
        classes.insert(number, name)
        palette.insert(number, _BLACK)
    if objects:
        last = 90
        classes, palette = ['background', *classes[:last]], [_BLACK, *palette[:last]]
    return {'classes': tuple(classes), 'palette': palette}


def get_classes(dataset: str) -> list[str]:
    """Class names of a known data set, in the order of their ids.

    Args:
        dataset: One of the names in :data:`dataset_aliases`, such as ``'loveda'``;
            ``'pascal_context'`` means the 59 classes without background.

    Returns:
        A new list.

    Raises:
        TypeError: ``dataset`` is not a string.
        ConfigError: No data set has that name; the message lists those that have one.
    """
    return list(_find(dataset)['classes'])


def get_palette(dataset: str) -> list[list[int]]:
    """Colours of the classes of a known data set.

    Args:
        dataset: As for :func:`get_classes`.

    Returns:
        A new list, [red, green, blue] of 0 to 255 for each class.

    Raises:
        TypeError: ``dataset`` is not a string.
        ConfigError: No data set has that name; the message lists those that have one.
    """
    return [list(color) for color in _find(dataset)['palette']]


def _find(dataset: str) -> dict[str, Any]:
    if not isinstance(dataset, str):
        raise TypeError(f'dataset must be a string, got {type(dataset).__name__}')
    for name, aliases in dataset_aliases.items():
        if dataset in aliases:
            return class_table(*_TABLES.get(name, (name, 0)))
    known = ', '.join(alias for aliases in dataset_aliases.values() for alias in aliases)
    raise ConfigError(f'dataset must be one of {known}; got {dataset!r}')
