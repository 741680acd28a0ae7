"""Convert a data set's archives: what the command line and Python callers share."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from contextlib import closing
from functools import partial
from importlib import import_module
from inspect import signature
from os import PathLike
from typing import Any

from mmseg_deeplab.datasets.prepare import Plan, Result, convert, dry_run
from mmseg_deeplab.utils.errors import ConfigError

_PACKAGE = 'mmseg_deeplab.datasets.prepare'
CONVERTERS = {  # module and function that plan a conversion
    'loveda': ('loveda', 'plan'),
    'potsdam': ('potsdam', 'plan'),
    'vaihingen': ('vaihingen', 'plan'),
    'isaid': ('isaid', 'plan'),
    'cityscapes': ('cityscapes', 'plan'),
    'voc_aug': ('voc_aug', 'plan'),
    'voc_trainaug': ('voc_trainaug', 'plan'),
    'pascal_context': ('pascal_context', 'plan'),
    'coco_stuff10k': ('coco_stuff', 'plan_10k'),
    'coco_stuff164k': ('coco_stuff', 'plan_164k'),
    'drive': ('retina', 'plan_drive'),
    'stare': ('retina', 'plan_stare'),
    'chase_db1': ('retina', 'plan_chase_db1'),
    'hrf': ('retina', 'plan_hrf'),
}


def convert_dataset(
    name: str,
    *paths: str | PathLike,
    out_dir: str | PathLike | None = None,
    settings: Mapping[str, Any] | None = None,
    workers: int | None = None,
    resume: bool = True,
    only_count: bool = False,
    on_progress: Callable[[int, int], None] | None = None,
) -> Result:
    """Convert a data set as it is published to the folders that the configs speak of.

    Until all is done the files lie in ``OUT_DIR/.converting``; a run that was interrupted goes
    on where it stopped and ends with the same files.

    Args:
        name: One of :data:`CONVERTERS`.
        paths: The archives or their folder, as the converter's ``plan`` takes them.
        out_dir: Where to; the folder of the configs, below ``data``, if None.
        settings: Further arguments of the converter, such as ``{'clip_size': 512}``.
        workers: Threads; as many as there are cores, at most eight, if None.
        resume: Keep what an interrupted run has left; False discards it.
        only_count: Write nothing; say how many files there would be.
        on_progress: Called with ``(parts done, parts in all)``; None draws a bar on a terminal.

    Returns:
        Counts by folder and notes.

    Raises:
        DataError: An archive is missing, damaged or another one; the disk is full.
        ConfigError: The name, the number of paths or a setting is wrong.
    """
    plan = plan_conversion(name, *paths, out_dir=out_dir, settings=settings)
    if only_count:
        return dry_run(plan)
    if on_progress is not None:
        return convert(plan, workers=workers, resume=resume, on_progress=on_progress)
    from mmseg_deeplab.engine.console import ProgressBar

    with closing(ProgressBar(logging.getLogger(__name__))) as bar:
        update = partial(bar.update, name)
        return convert(plan, workers=workers, resume=resume, on_progress=update)


def plan_conversion(
    name: str,
    *paths: str | PathLike,
    out_dir: str | PathLike | None = None,
    settings: Mapping[str, Any] | None = None,
) -> Plan:
    """What :func:`convert_dataset` would do, without doing it.

    Args:
        name: One of :data:`CONVERTERS`.
        paths: As for :func:`convert_dataset`.
        out_dir: As for :func:`convert_dataset`.
        settings: As for :func:`convert_dataset`.

    Raises:
        DataError: An archive is missing, damaged or another one.
        ConfigError: The name, the number of paths or a setting is wrong.
    """
    if name not in CONVERTERS:
        raise ConfigError(f'no converter {name!r}; there are {", ".join(CONVERTERS)}')
    module, function = CONVERTERS[name]
    plan = getattr(import_module(f'{_PACKAGE}.{module}'), function)
    try:
        bound = signature(plan).bind(*paths, out_dir=out_dir, **(settings or {}))
    except TypeError as error:
        wanted = ', '.join(str(argument) for argument in signature(plan).parameters)
        raise ConfigError(f'converter {name}: {error}; its arguments are {wanted}') from error
    return plan(*bound.args, **bound.kwargs)
