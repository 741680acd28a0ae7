"""Data, optimiser and schedule in a settings file of Detectron2's DeepLab project."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from mmseg_deeplab.config.foreign_yaml.keys import Keys
from mmseg_deeplab.config.foreign_yaml.sharing import share_of_batch

_TRAIN, _TEST = 'cityscapes_fine_sem_seg_train', 'cityscapes_fine_sem_seg_val'
_OWN_DATA = 'write a config of your own for other data, see docs/own_dataset.md'

Settings = dict[str, Any]


def crop_size(keys: Keys) -> tuple[int, int] | None:
    """Height and width of a training crop, pixels; None where whole images are trained on.

    Args:
        keys: The settings.

    Raises:
        ConfigError: The crop is no size in pixels.
    """
    if not keys.flag('INPUT.CROP.ENABLED', False):
        parts = ('TYPE', 'SIZE', 'SINGLE_CATEGORY_MAX_AREA')
        keys.idle('no crop is taken', *(f'INPUT.CROP.{part}' for part in parts))
        return None
    keys.only('INPUT.CROP.TYPE', 'absolute', why='DeepLab needs a size in pixels')
    height, width = keys.numbers('INPUT.CROP.SIZE', count=2, least=1)
    return int(height), int(width)


def data(keys: Keys, crop: tuple[int, int] | None) -> Settings:
    """Loaders and pipelines.

    Args:
        keys: The settings.
        crop: As :func:`crop_size` gives it.

    Raises:
        ConfigError: The data is not Cityscapes, or a batch cannot be shared out.
    """
    keys.only('DATASETS.TRAIN', [_TRAIN], why=_OWN_DATA)
    keys.only('DATASETS.TEST', [_TEST], why=_OWN_DATA)
    keys.only('INPUT.MIN_SIZE_TRAIN_SAMPLING', 'choice', why='DeepLab draws from a list')
    shortest = keys.numbers('INPUT.MIN_SIZE_TRAIN', [800], least=1)
    edge = {'interpolation': 'bilinear', 'backend': 'pillow'}
    steps: list[Settings] = [
        {'type': 'LoadImageFromFile'},
        {'type': 'LoadAnnotations'},
        {
            'type': 'RandomChoiceResize',
            'scales': list(shortest),
            'resize_type': 'ResizeShortestEdge',
            'max_size': keys.whole('INPUT.MAX_SIZE_TRAIN', 1333, least=1),
            **edge,
        },
    ]
    limit = keys.number('INPUT.CROP.SINGLE_CATEGORY_MAX_AREA', 1.0, above=0)
    if crop is not None:
        steps.append(
            {'type': 'RandomCrop', 'crop_size': crop, 'cat_max_ratio': limit, 'max_draws': 10}
        )
    flip = keys.choice('INPUT.RANDOM_FLIP', ('none', 'horizontal', 'vertical'), 'horizontal')
    if flip != 'none':
        steps.append({'type': 'RandomFlip', 'prob': 0.5, 'direction': flip})
    test: list[Settings] = [{'type': 'LoadImageFromFile'}]
    size = keys.whole('INPUT.MIN_SIZE_TEST', 800)
    longest = keys.whole('INPUT.MAX_SIZE_TEST', 1333, least=1)
    if size:
        test.append({'type': 'ResizeShortestEdge', 'scale': size, 'max_size': longest, **edge})
    test += [{'type': 'LoadAnnotations'}, {'type': 'PackSegInputs'}]
    steps.append({'type': 'PackSegInputs'})
    workers = keys.whole('DATALOADER.NUM_WORKERS', 4)
    parts = {'num_workers': workers, 'persistent_workers': workers > 0}
    where = {'data_root': root} if (root := _data_root()) else {}
    batch = share_of_batch(keys, 'SOLVER.IMS_PER_BATCH', 16)
    scored = {**parts, 'dataset': {'pipeline': test, **where}}
    return {
        'train_pipeline': steps,
        'test_pipeline': test,
        **({'crop_size': crop} if crop else {}),
        'train_dataloader': {
            **parts, 'batch_size': batch, 'dataset': {'pipeline': steps, **where},
        },
        'val_dataloader': scored,
        'test_dataloader': scored,
        **where,
    }  # fmt: skip


def _data_root() -> str | None:
    """Where Detectron2 looks for Cityscapes, if that is there."""
    place = Path(os.environ.get('DETECTRON2_DATASETS', 'datasets')) / 'cityscapes'
    return str(place) if place.is_dir() else None


def solver(keys: Keys) -> Settings:
    """Optimiser, schedule, length, validation and checkpoints.

    Args:
        keys: The settings.

    Raises:
        ConfigError: A value cannot be had here.
    """
    iterations = keys.whole('SOLVER.MAX_ITER', 40000, least=1)
    decay = keys.number('SOLVER.WEIGHT_DECAY', 1e-4, least=0)
    of_norms = keys.number('SOLVER.WEIGHT_DECAY_NORM', 0.0, least=0)
    keys.only('SOLVER.LR_SCHEDULER_NAME', 'WarmupPolyLR', why='it is the schedule of DeepLab')
    keys.only('SOLVER.BIAS_LR_FACTOR', 1.0, why='set optim_wrapper.paramwise_cfg in a config')
    keys.only('SOLVER.WEIGHT_DECAY_BIAS', None, decay, why='biases decay as weights do')
    keys.only('SOLVER.REFERENCE_WORLD_SIZE', 0, why='set batch and rate for the number of GPUs')
    optimizer = {
        'type': 'SGD',
        'lr': keys.number('SOLVER.BASE_LR', 0.001, above=0),
        'momentum': keys.number('SOLVER.MOMENTUM', 0.9, least=0),
        'weight_decay': decay,
        'nesterov': keys.flag('SOLVER.NESTEROV', False),
    }
    mixed = keys.flag('SOLVER.AMP.ENABLED', False)
    schedule = {
        'type': 'WarmupPolyLR',
        'power': keys.number('SOLVER.POLY_LR_POWER', 0.9, least=0),
        'constant_ending': keys.number('SOLVER.POLY_LR_CONSTANT_ENDING', 0.0, least=0),
        'warmup_factor': keys.number('SOLVER.WARMUP_FACTOR', 0.001, least=0),
        'warmup_iters': keys.whole('SOLVER.WARMUP_ITERS', 1000),
        'warmup_method': keys.choice('SOLVER.WARMUP_METHOD', ('linear', 'constant'), 'linear'),
        'begin': 0,
        'end': iterations,
        'by_epoch': False,
    }
    return {
        'max_iters': iterations,
        'optimizer': optimizer,
        'optim_wrapper': {
            'type': 'AmpOptimWrapper' if mixed else 'OptimWrapper',
            'optimizer': optimizer,
            'paramwise_cfg': {'norm_decay_mult': of_norms / decay if decay else 1.0},
            'clip_grad': _clip(keys),
        },
        'param_scheduler': [schedule],
        'train_cfg': {
            'max_iters': iterations,
            'val_interval': keys.whole('TEST.EVAL_PERIOD', 0) or iterations,
        },
        'default_hooks': {
            'checkpoint': {'interval': keys.whole('SOLVER.CHECKPOINT_PERIOD', 5000, least=1)}
        },
    }


def _clip(keys: Keys) -> Settings | None:
    section = 'SOLVER.CLIP_GRADIENTS'
    limit = keys.number(f'{section}.CLIP_VALUE', 1.0, above=0)
    keys.idle('values are clipped', f'{section}.NORM_TYPE')
    if not keys.flag(f'{section}.ENABLED', False):
        keys.idle('no gradient is clipped', f'{section}.CLIP_TYPE')
        return None
    keys.only(f'{section}.CLIP_TYPE', 'value', why='set optim_wrapper.clip_grad in a config')
    return {'_delete_': True, 'type': 'value', 'clip_value': limit}
