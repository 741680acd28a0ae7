"""Class names and colours of a model that predicts: from its checkpoint, else its config."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mmengine.config import Config

from mmseg_deeplab.config.cross_check import inner_datasets
from mmseg_deeplab.config.sections import LOADERS
from mmseg_deeplab.datasets.metainfo import map_classes, merge_metainfo
from mmseg_deeplab.datasets.palette import make_palette, random_palette
from mmseg_deeplab.engine.file_meta import dataset_meta_of
from mmseg_deeplab.registry import DATASETS
from mmseg_deeplab.utils.log import get_logger


def model_meta(
    config: Config, checkpoint: Mapping[str, Any] | None, num_classes: int, source: str
) -> dict[str, Any]:
    """Class names and palette for a model, from the surest place that has them.

    The order: the checkpoint (``meta.dataset_meta``, or ``CLASSES`` and ``PALETTE`` of 0.x
    files); the config's data set, with a warning where the checkpoint should have had them;
    numbers as names, with a warning. Names are never guessed from the number of classes. A
    palette that the checkpoint lacks is the config's, if that has the same classes.

    Args:
        config: The model's.
        checkpoint: What its file holds; None for a model without one.
        num_classes: Classes that the model tells apart.
        source: The checkpoint's name, for messages.

    Returns:
        ``classes`` (tuple of names), ``palette`` (list of RGB) and what else there is.
    """
    found = {} if checkpoint is None else dataset_meta_of(checkpoint)
    if not found.get('classes'):
        found = meta_of_config(config)
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
        classes = tuple(f'class {index}' for index in range(num_classes))
        return {'classes': classes, 'palette': random_palette(num_classes)}
    palette = found.get('palette')
    if palette is None or len(palette) != len(classes):
        palette = _other_palette(config, classes, source)
    return {**found, 'classes': classes, 'palette': [list(colour) for colour in palette]}


def _other_palette(config: Config, classes: tuple[str, ...], source: str) -> list[list[int]]:
    """Colours for classes that came without any."""
    of_config = meta_of_config(config)
    if tuple(of_config.get('classes') or ()) == classes:
        get_logger().warning("%s names no colours; those of the config's data set are used", source)
        return of_config['palette']
    get_logger().warning('%s names no colours; they are drawn at random', source)
    return random_palette(len(classes))


def meta_of_config(config: Config) -> dict[str, Any]:
    """Class names and palette of a config's data set; an empty dict if it names none.

    Args:
        config: The model's; the data sets of its loaders are asked, that for tests first.
    """
    for loader in reversed(LOADERS):
        dataset = (config.get(loader) or {}).get('dataset')
        if dataset:
            _, first = next(inner_datasets(dataset))
            found = _of_dataset(first)
            if found.get('classes'):
                return found
    return {}


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
