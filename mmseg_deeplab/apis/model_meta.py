"""Class names and colours of a model that predicts: from its checkpoint, else its config."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mmengine.config import Config

from mmseg_deeplab.datasets.metainfo import map_classes, merge_metainfo
from mmseg_deeplab.datasets.palette import make_palette, random_palette
from mmseg_deeplab.registry import DATASETS
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
    palette = found.get('palette') or random_palette(len(classes))
    return {**found, 'classes': classes, 'palette': [list(colour) for colour in palette]}


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
    found = merge_metainfo(own, given)
    label_map = map_classes(own.get('classes'), found['classes'], str(kind))
    found['palette'] = make_palette(
        found['classes'], given.get('palette'), own.get('palette'), label_map
    )
    return found
