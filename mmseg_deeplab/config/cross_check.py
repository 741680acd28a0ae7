"""Facts that stand in two places of a config and must agree."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from mmengine.config import Config

from mmseg_deeplab.config.sections import LOADERS
from mmseg_deeplab.config.signatures import default_of
from mmseg_deeplab.config.walk import Walker, resolve_type
from mmseg_deeplab.registry import DATASETS, METRICS, MODELS
from mmseg_deeplab.utils.errors import ConfigError
from mmseg_deeplab.utils.log import warn_once


def check_agreement(walker: Walker, config: Config) -> None:
    """Note contradictions between the model, the data sets and the crop sizes.

    Args:
        walker: Collects the mistakes.
        config: One whose names have all been found right.
    """
    _check_slide(walker, config.model.get('test_cfg'))
    _check_class_counts(walker, config)
    _check_crop(walker, config)
    _check_bands(walker, config)


def pair(value: Any) -> tuple[int, int] | None:
    """``(height, width)`` of a size given as one number or as two; None if it is neither."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value, value
    if isinstance(value, (list, tuple)) and len(value) == 2:
        return tuple(value)
    return None


def _check_slide(walker: Walker, test_cfg: Any) -> None:
    path = 'model.test_cfg'
    if not isinstance(test_cfg, dict):
        return
    mode = test_cfg.get('mode', 'whole')
    if mode not in ('whole', 'slide'):
        walker.note(f'{path}.mode', f"must be 'whole' or 'slide', got {mode!r}")
    if mode != 'slide':
        return
    sizes = {}
    for key in ('crop_size', 'stride'):
        sizes[key] = pair(test_cfg.get(key))
        if sizes[key] is None or min(sizes[key]) < 1:
            got = test_cfg.get(key)
            walker.note(f'{path}.{key}', f'must be (height, width) in slide mode, got {got!r}')
            return
    if any(s > c for s, c in zip(sizes['stride'], sizes['crop_size'], strict=True)):
        walker.note(
            f'{path}.stride',
            f'must not be larger than crop_size {sizes["crop_size"]}, got {sizes["stride"]}; '
            'pixels between the windows would get no prediction',
        )


def heads(model: Any) -> Iterator[tuple[str, dict]]:
    """The place and config of each head, auxiliary ones included."""
    for key in ('decode_head', 'auxiliary_head'):
        head = model.get(key)
        if isinstance(head, dict):
            yield f'model.{key}', head
        elif isinstance(head, (list, tuple)):
            for place, inner in enumerate(head):
                if isinstance(inner, dict):
                    yield f'model.{key}.{place}', inner


def _datasets(config: Config) -> Iterator[tuple[str, dict]]:
    """The data sets that read files, out of their wrappers."""
    for name in LOADERS:
        loader = config.get(name)
        if isinstance(loader, dict):
            yield from inner_datasets(loader.get('dataset'), f'{name}.dataset')


def inner_datasets(dataset: Any, path: str = 'dataset') -> Iterator[tuple[str, dict]]:
    """The places and configs of the data sets inside of wrappers, in order.

    Args:
        dataset: Config of a data set, of a wrapper, or a list of such.
        path: Its place in the config.
    """
    if isinstance(dataset, (list, tuple)):
        for place, inner in enumerate(dataset):
            yield from inner_datasets(inner, f'{path}.{place}')
    elif isinstance(dataset, dict):
        inner = [key for key in ('dataset', 'datasets') if key in dataset]
        for key in inner:
            yield from inner_datasets(dataset[key], f'{path}.{key}')
        if not inner:
            yield path, dataset


def class_names(dataset: dict) -> tuple[str, ...] | None:
    """The classes of a data set's config: its ``metainfo``, else its class; None if unknown.

    Args:
        dataset: Config of one data set, not of a wrapper.
    """
    metainfo = dataset.get('metainfo')
    classes = metainfo.get('classes') if isinstance(metainfo, dict) else None
    if classes is None:
        try:
            target = resolve_type(dataset.get('type'), DATASETS)
        except ConfigError:
            return None
        classes = (getattr(target, 'METAINFO', None) or {}).get('classes')
    return tuple(classes) if isinstance(classes, (list, tuple)) and classes else None


def _check_class_counts(walker: Walker, config: Config) -> None:
    for place, dataset in _datasets(config):
        classes = class_names(dataset)
        for path, head in heads(config.model):
            count = head.get('num_classes')
            if classes is None or not isinstance(count, int) or count == len(classes):
                continue
            walker.note(
                f'{path}.num_classes',
                f'is {count}, but {place} has {len(classes)} classes ({", ".join(classes)})',
            )


def _check_crop(walker: Walker, config: Config) -> None:
    preprocessor = config.model.get('data_preprocessor') or config.get('data_preprocessor')
    size = pair(preprocessor.get('size')) if isinstance(preprocessor, dict) else None
    for place, dataset in _datasets(config):
        if size is None or not place.startswith('train_dataloader'):
            continue
        for number, step in enumerate(dataset.get('pipeline') or ()):
            name = step.get('type') if isinstance(step, dict) else None
            if getattr(name, '__name__', name) != 'RandomCrop':
                continue
            crop = pair(step.get('crop_size'))
            if crop is None or crop == size:
                continue
            path = f'{place}.pipeline.{number}.crop_size'
            text = f'is {crop}, but model.data_preprocessor.size is {size}; set both to one size'
            if any(c > s for c, s in zip(crop, size, strict=True)):
                walker.note(path, text)
            else:  # it works, at the cost of computing padding
                warn_once(f'{path} {text}, for the rest of each image is padding')


def _check_bands(walker: Walker, config: Config) -> None:
    preprocessor = config.model.get('data_preprocessor') or config.get('data_preprocessor')
    backbone = config.model.get('backbone')
    if not isinstance(preprocessor, dict) or not isinstance(backbone, dict):
        return
    mean = preprocessor.get('mean')
    bands = backbone.get('in_channels')
    if bands is None:
        bands = default_of(resolve_type(backbone.get('type'), MODELS), 'in_channels')
    # one number serves all bands
    if not isinstance(mean, (list, tuple)) or len(mean) == 1 or not isinstance(bands, int):
        return
    if bands != len(mean):
        walker.note(
            'model.backbone.in_channels',
            f'is {bands}, but model.data_preprocessor.mean has {len(mean)} bands',
        )


def segmentation_scores(evaluator: Any) -> set[str]:
    """The names of the scores that an evaluator gives, if all its metrics can tell; else none.

    Args:
        evaluator: Config of a metric, of several, or of an ``Evaluator``; may be None.
    """
    metrics = evaluator
    if isinstance(evaluator, dict) and 'metrics' in evaluator:
        metrics = evaluator['metrics']
    known: set[str] = set()
    for metric in metrics if isinstance(metrics, (list, tuple)) else [metrics]:
        try:
            score_names = resolve_type(metric['type'], METRICS).score_names
        except (AttributeError, ConfigError, KeyError, TypeError):
            return set()
        names = metric.get('iou_metrics', ('mIoU',))
        prefix = f'{metric["prefix"]}/' if metric.get('prefix') else ''
        known |= {f'{prefix}{name}' for name in score_names(names)}
    return known
