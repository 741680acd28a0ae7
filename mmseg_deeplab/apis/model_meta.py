"""Class names and colours of a model that predicts: from its checkpoint, else its config."""

from __future__ import annotations

import colorsys
from collections.abc import Mapping, Sequence
from typing import Any

from mmengine.config import Config

from mmseg_deeplab.registry import DATASETS
from mmseg_deeplab.utils.errors import ConfigError
from mmseg_deeplab.utils.log import get_logger

_LOADERS = ('test_dataloader', 'val_dataloader', 'train_dataloader')


def model_meta(
    config: Config, checkpoint: Mapping[str, Any] | None, num_classes: int, source: str
) -> dict[str, Any]:
    """Class names and palette for a model, from the surest place that has them.

    The order: the checkpoint (``meta.dataset_meta``, or ``CLASSES`` and ``PALETTE`` of 0.x
    files); the config's data set, with a warning where the checkpoint should have had them;
    numbers as names, with a warning. Names are never guessed from the number of classes.

    Args:
        config: The model's.
        checkpoint: What its file holds; None for a model without one.
        num_classes: Classes that the model tells apart.
        source: The checkpoint's name, for messages.

    Returns:
        ``classes`` (tuple of names), ``palette`` (list of RGB) and what else there is.
    """
    found = {} if checkpoint is None else _of_checkpoint(checkpoint)
    if not found.get('classes'):
        found = _of_config(config)
        if checkpoint is not None and found.get('classes'):
            get_logger().warning(
                '%s names no classes; those of the config\'s data set are used: %s',
                source, ', '.join(found['classes']),
            )  # fmt: skip
    classes = tuple(found.get('classes') or ())
    if classes and len(classes) != num_classes:
        get_logger().warning(
            '%d class names were found for %d classes of the model (%s); they are not used',
            len(classes), num_classes, ', '.join(classes),
        )  # fmt: skip
        classes = ()
    if not classes:
        get_logger().warning('the classes have no names; they are numbered')
        found, classes = {}, tuple(f'class {index}' for index in range(num_classes))
    palette = found.get('palette') or spread_palette(len(classes))
    return {**found, 'classes': classes, 'palette': [list(colour) for colour in palette]}


def spread_palette(count: int) -> list[list[int]]:
    """Colours that differ in hue and lightness, the same every time.

    Args:
        count: How many.

    Returns:
        RGB of each, 0 to 255.
    """
    golden = 0.618033988749895  # steps of the golden ratio spread hues for any count
    tones = ((0.95, 0.75), (0.6, 0.95), (0.9, 0.5))  # saturation, value
    colours = [
        colorsys.hsv_to_rgb((0.05 + index * golden) % 1, *tones[index % len(tones)])
        for index in range(count)
    ]
    return [[round(255 * part) for part in colour] for colour in colours]


def _of_checkpoint(checkpoint: Mapping[str, Any]) -> dict[str, Any]:
    meta = checkpoint.get('meta') or {}
    if meta.get('dataset_meta'):
        return {key.lower(): value for key, value in meta['dataset_meta'].items()}
    if meta.get('CLASSES'):
        return {'classes': meta['CLASSES'], 'palette': meta.get('PALETTE')}
    return {}


def _of_config(config: Config) -> dict[str, Any]:
    for loader in _LOADERS:
        dataset = (config.get(loader) or {}).get('dataset')
        if dataset:
            found = _of_dataset(_innermost(dataset))
            if found.get('classes'):
                return found
    return {}


def _innermost(dataset: Mapping[str, Any]) -> Mapping[str, Any]:
    """The data set inside of wrappers; the first one of several."""
    while 'dataset' in dataset or 'datasets' in dataset:
        dataset = dataset.get('dataset') or dataset['datasets'][0]
    return dataset


def _of_dataset(dataset: Mapping[str, Any]) -> dict[str, Any]:
    kind = dataset['type']
    own = getattr(DATASETS.get(kind) if isinstance(kind, str) else kind, 'METAINFO', {})
    given = dataset.get('metainfo') or {}
    found = {**own, **given}
    if isinstance(found.get('classes'), str):
        found['classes'] = _read_names(found['classes'])
    if 'palette' not in given and 'classes' in given:
        found['palette'] = _subset(own, found['classes'])
    return found


def _subset(own: Mapping[str, Any], classes: Sequence[str]) -> list | None:
    """The colours of some classes of a data set; None where one of them is not known."""
    colours = dict(zip(own.get('classes') or (), own.get('palette') or (), strict=False))
    if any(name not in colours for name in classes):
        return None
    return [colours[name] for name in classes]


def _read_names(path: str) -> tuple[str, ...]:
    try:
        with open(path, encoding='utf-8') as file:
            return tuple(line.strip() for line in file if line.strip())
    except OSError as error:
        raise ConfigError(
            f'{path}: the file of class names cannot be read ({error.strerror}); '
            'correct metainfo.classes'
        ) from error
