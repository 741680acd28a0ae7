"""Class names: a data set's own, the user's, and the map between the two."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from typing import Any

from mmengine.config import Config

from mmseg_deeplab.datasets.labels import IGNORE
from mmseg_deeplab.utils.class_names import class_table
from mmseg_deeplab.utils.errors import ConfigError, ConfigTypeError, DatasetNotFoundError

MAX_CLASSES = 253  # 254 and 255 have meanings of their own while labels are read


class TableMetainfo:
    """A ``METAINFO`` that is read from its table when it is first asked for, not on import.

    Args:
        name: Of the table; see :func:`~mmseg_deeplab.utils.class_names.class_table`.
        first: How many classes to leave out at the beginning.
    """

    def __init__(self, name: str, first: int = 0) -> None:
        self._arguments = (name, first)

    def __get__(self, instance: Any, owner: type | None = None) -> dict[str, Any]:
        return class_table(*self._arguments)


def merge_metainfo(own: Mapping, given: Mapping | None) -> dict[str, Any]:
    """A data set's METAINFO with the user's ``metainfo`` over it.

    Args:
        own: The class's; it is not changed.
        given: The user's; ``classes`` may be the path of a text file of one name per line.

    Returns:
        A new dict whose ``classes`` is a tuple of names, perhaps empty.

    Raises:
        ConfigError: Keys are written as in MMSegmentation 0.x, or there are too many classes.
        ConfigTypeError: ``given`` is no mapping.
        DatasetNotFoundError: The file of class names is missing.
    """
    if given is not None and not isinstance(given, Mapping | Config):
        raise ConfigTypeError(
            f'metainfo must be a dict, such as dict(classes=[...]), got {type(given).__name__}'
        )
    merged = copy.deepcopy(dict(own))
    merged.update({} if given is None else copy.deepcopy(dict(given.items())))
    for key in ('classes', 'palette'):
        if key.upper() in merged:
            raise ConfigError(f'metainfo.{key.upper()} must be written metainfo.{key}')
    classes = merged.get('classes')
    merged['classes'] = _read_names(classes) if isinstance(classes, str) else tuple(classes or ())
    if len(merged['classes']) > MAX_CLASSES:
        raise ConfigError(f'metainfo.classes must be at most {MAX_CLASSES} names')
    return merged


def map_classes(
    old_classes: Sequence[str] | None, new_classes: Sequence[str] | None, name: str
) -> dict[int, int] | None:
    """The map from a data set's own class ids to those of a part of its classes.

    Args:
        old_classes: The data set's own names, or None.
        new_classes: Some of them, in the order of the new ids, or None.
        name: The data set's, for the message.

    Returns:
        Old id to new id, 255 for classes left out; None if nothing changes.

    Raises:
        ConfigError: A new name is not one of the old.
    """
    if not new_classes or not old_classes or list(new_classes) == list(old_classes):
        return None
    unknown = [each for each in new_classes if each not in old_classes]
    if unknown:
        raise ConfigError(
            f'metainfo.classes of {name} must be some of {", ".join(old_classes)}; '
            f'got {", ".join(map(str, unknown))} as well'
        )
    new_id = {each: index for index, each in enumerate(new_classes)}
    return {old: new_id.get(each, IGNORE) for old, each in enumerate(old_classes)}


def _read_names(path: str) -> tuple[str, ...]:
    try:
        with open(path, encoding='utf-8') as file:
            return tuple(line.strip() for line in file if line.strip())
    except OSError as error:
        raise DatasetNotFoundError(f'{path}: no such file of class names') from error
