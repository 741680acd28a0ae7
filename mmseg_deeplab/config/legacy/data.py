"""``data`` and ``evaluation`` of 0.x: three loaders and two evaluators now."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mmseg_deeplab.config.legacy.pipelines import Facts, convert_testing, convert_training
from mmseg_deeplab.config.normalize import with_backend
from mmseg_deeplab.config.walk import did_you_mean
from mmseg_deeplab.utils.errors import ConfigError

STAGES = ('train', 'val', 'test')
RENAMED = {'CustomDataset': 'BaseSegDataset'}
WRAPPERS = ('ConcatDataset', 'RepeatDataset', 'MultiImageMixDataset', 'ClassBalancedDataset')
# Arguments of a loader that still have their names.
LOADER_KEYS = ('persistent_workers', 'pin_memory', 'prefetch_factor', 'drop_last')
# What a loader of 0.x took, for all stages in `data` or for one in `data.train_dataloader`.
OLD_LOADER_KEYS = ('samples_per_gpu', 'workers_per_gpu', 'shuffle', *LOADER_KEYS)
SCORES = ('mIoU', 'mDice', 'mFscore')
# Arguments of 0.x's evaluation that are arguments of the metric now.
METRIC_KEYS = ('nan_to_num', 'beta')


def convert_data(data: Mapping[str, Any], facts: Facts, *, by_epoch: bool) -> dict[str, Any]:
    """The three loaders.

    Args:
        data: ``data`` of 0.x; a stage may be missing.
        facts: Collects what the pipelines say about the preprocessor.
        by_epoch: Whether training counts epochs.

    Returns:
        ``train_dataloader``, ``val_dataloader``, ``test_dataloader``, as far as there is data.

    Raises:
        ConfigError: An unknown key; the message says where it stands and which is meant.
    """
    own_loaders = [f'{stage}_dataloader' for stage in STAGES]
    _refuse_unknown('data', data, (*STAGES, *own_loaders, *OLD_LOADER_KEYS))
    for name in own_loaders:
        _refuse_unknown(f'data.{name}', data.get(name) or {}, OLD_LOADER_KEYS)
    loaders = {}
    for stage in STAGES:
        own = data.get(stage)
        if own is None and stage == 'test':
            own = data.get('val')
        if own is not None:
            loaders[f'{stage}_dataloader'] = _loader(data, stage, own, facts, by_epoch)
    return loaders


def _refuse_unknown(place: str, section: Mapping[str, Any], known: tuple[str, ...]) -> None:
    for key in section:
        if key not in known:
            raise ConfigError(f'{place}.{key}: unknown key; {did_you_mean(key, known)}')


def _loader(
    data: Mapping[str, Any], stage: str, dataset: Any, facts: Facts, by_epoch: bool
) -> dict[str, Any]:
    training = stage == 'train'
    own = {**data, **(data.get(f'{stage}_dataloader') or {})}
    if not training and 'samples_per_gpu' not in (data.get(f'{stage}_dataloader') or {}):
        own['samples_per_gpu'] = 1  # as 0.x did unless the stage had a setting of its own
    workers = own.get('workers_per_gpu', 2)
    endless = training and not by_epoch
    return {
        'batch_size': own.get('samples_per_gpu', 1),
        'num_workers': workers,
        'persistent_workers': workers > 0,
        **{key: own[key] for key in LOADER_KEYS if key in own},
        'sampler': {
            'type': 'InfiniteSampler' if endless else 'DefaultSampler',
            'shuffle': own.get('shuffle', training),
        },
        'dataset': convert_dataset(dataset, facts, training=training),
    }


def convert_dataset(dataset: Any, facts: Facts, *, training: bool) -> dict[str, Any]:
    """A data set in today's form; lists of folders become a ``ConcatDataset``.

    Args:
        dataset: Config of a data set, of a wrapper, or a list of such.
        facts: As for :func:`convert_data`.
        training: Whether its pipeline is one for training.

    Raises:
        ConfigError: Lists of folders that do not fit each other.
    """
    if isinstance(dataset, (list, tuple)):
        return _concatenated([convert_dataset(d, facts, training=training) for d in dataset])
    dataset = dict(dataset)
    kind = dataset.get('type')
    if kind in WRAPPERS:
        return _wrapped(dataset, facts, training)
    parts = _parts(dataset)
    if len(parts) > 1:
        return _concatenated([_one(part, facts, training) for part in parts])
    return _one(parts[0], facts, training)


def _concatenated(datasets: list[dict[str, Any]]) -> dict[str, Any]:
    if len(datasets) == 1:
        return datasets[0]
    return {'type': 'ConcatDataset', 'datasets': datasets}


def _wrapped(dataset: dict[str, Any], facts: Facts, training: bool) -> dict[str, Any]:
    for key in ('dataset', 'datasets'):
        if key in dataset and isinstance(dataset[key], Mapping):
            dataset[key] = convert_dataset(dataset[key], facts, training=training)
        elif key in dataset:
            dataset[key] = [convert_dataset(d, facts, training=training) for d in dataset[key]]
    if 'pipeline' in dataset:
        dataset['pipeline'] = convert_training(dataset['pipeline'], facts)
    _note_separate_scores(dataset, facts)
    return dataset


def _note_separate_scores(dataset: dict[str, Any], facts: Facts) -> None:
    if dataset.pop('separate_eval', False):
        facts.note('separate_eval: several data sets are scored together; give each a `group`')


def _parts(dataset: dict[str, Any]) -> list[dict[str, Any]]:
    """One data set for each folder or list of files, as 0.x read lists of them."""
    lists = {key: list(dataset[key]) for key in ('img_dir', 'ann_dir', 'split')
             if isinstance(dataset.get(key), (list, tuple))}  # fmt: skip
    if not lists:
        return [dataset]
    lengths = {len(value) for value in lists.values()}
    if len(lengths) != 1:
        shown = ', '.join(f'{key} has {len(value)}' for key, value in lists.items())
        raise ConfigError(
            f'{dataset.get("type")}: lists in one data set must be of one length, got {shown}'
        )
    return [{**dataset, **{key: value[place] for key, value in lists.items()}}
            for place in range(lengths.pop())]  # fmt: skip


def _one(dataset: dict[str, Any], facts: Facts, training: bool) -> dict[str, Any]:
    """A data set that reads files itself, from one folder."""
    old = {key: value for key, value in dataset.items() if value is not None}
    labels = old.pop('ann_dir', None)
    _note_separate_scores(old, facts)
    _note_label_loading(old, facts)
    steps = old.pop('pipeline', [])
    pipeline = (convert_training(steps, facts) if training
                else convert_testing(steps, facts, labels=labels is not None))  # fmt: skip
    kind = str(old.pop('type', 'CustomDataset'))
    new: dict[str, Any] = {'type': RENAMED.get(kind, kind)}
    meta = {key: old.pop(key) for key in ('classes', 'palette') if key in old}
    if meta:
        new['metainfo'] = meta
    if 'data_root' in old:
        new['data_root'] = old.pop('data_root')
    new['data_prefix'] = {'img_path': old.pop('img_dir', '')}
    if labels is not None:
        new['data_prefix']['seg_map_path'] = labels
    if 'split' in old:
        new['ann_file'] = old.pop('split')
    if old.pop('reduce_zero_label', False) or facts.reduce_zero_label:
        new['reduce_zero_label'] = True
        if 'classes' in meta:
            facts.note(
                'classes with reduce_zero_label: 0.x translated the classes first and took one '
                'off afterwards, now it is the other way round; check that the ids are those you '
                'mean'
            )
    return {**new, **with_backend(old), 'pipeline': pipeline}


def _note_label_loading(old: dict[str, Any], facts: Facts) -> None:
    """How the data set loads labels for validation, where it says so."""
    loading = dict(old.pop('gt_seg_map_loader_cfg', {}))
    if loading:
        facts.reduce_zero_label = loading.pop('reduce_zero_label', facts.reduce_zero_label)
        facts.annotations = {'type': 'LoadAnnotations', **with_backend(loading)}


def convert_evaluation(evaluation: Mapping[str, Any], facts: Facts) -> dict[str, Any]:
    """The metric.

    Args:
        evaluation: ``evaluation`` of 0.x; its interval is none of the metric's business.
        facts: Takes a remark on metrics that are left out.
    """
    asked = evaluation.get('metric', 'mIoU')
    asked = [asked] if isinstance(asked, str) else list(asked)
    if left_out := [name for name in asked if name not in SCORES]:
        facts.note(f'evaluation.metric {", ".join(left_out)} is left out: there is no such score')
    extra = {key: evaluation[key] for key in METRIC_KEYS if evaluation.get(key) is not None}
    return {'type': 'IoUMetric', 'iou_metrics': [n for n in asked if n in SCORES] or ['mIoU'],
            **extra}  # fmt: skip


def has_labels(dataset: Mapping[str, Any]) -> bool:
    """Whether a converted data set, or all those in a wrapper, have labels.

    Args:
        dataset: As :func:`convert_dataset` returns it.
    """
    inner = dataset.get('datasets') or ([dataset['dataset']] if 'dataset' in dataset else [])
    if inner:
        return all(has_labels(one) for one in inner)
    return 'seg_map_path' in dataset['data_prefix']
