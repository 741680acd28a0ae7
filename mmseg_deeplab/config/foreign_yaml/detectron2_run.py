"""Data, optimiser and schedule in a settings file of Detectron2's DeepLab project."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from mmseg_deeplab.config.foreign_yaml.keys import Keys
from mmseg_deeplab.config.foreign_yaml.sharing import share_out

BATCH = 'SOLVER.IMS_PER_BATCH'
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
    if not keys.take('INPUT.CROP.ENABLED', False):
        parts = ('TYPE', 'SIZE', 'SINGLE_CATEGORY_MAX_AREA')
        keys.idle('no crop is taken', *(f'INPUT.CROP.{part}' for part in parts))
        return None
    keys.only('INPUT.CROP.TYPE', 'absolute', why='DeepLab needs a size in pixels')
    height, width = keys.take('INPUT.CROP.SIZE')
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
    shortest = keys.take('INPUT.MIN_SIZE_TRAIN', [800])
    edge = {'interpolation': 'bilinear', 'backend': 'pillow'}
    steps: list[Settings] = [
        {'type': 'LoadImageFromFile'},
        {'type': 'LoadAnnotations'},
        {
            'type': 'RandomChoiceResize',
            'scales': list(shortest) if isinstance(shortest, list) else [shortest],
            'resize_type': 'ResizeShortestEdge',
            'max_size': keys.take('INPUT.MAX_SIZE_TRAIN', 1333),
            **edge,
        },
    ]
    limit = keys.take('INPUT.CROP.SINGLE_CATEGORY_MAX_AREA', 1.0)
    if crop is not None:
        steps.append(
            {'type': 'RandomCrop', 'crop_size': crop, 'cat_max_ratio': limit, 'max_draws': 10}
        )
    flip = keys.take('INPUT.RANDOM_FLIP', 'horizontal')
    if flip != 'none':
        steps.append({'type': 'RandomFlip', 'prob': 0.5, 'direction': flip})
    test: list[Settings] = [{'type': 'LoadImageFromFile'}]
    size, longest = keys.take('INPUT.MIN_SIZE_TEST', 800), keys.take('INPUT.MAX_SIZE_TEST', 1333)
    if size:
        test.append({'type': 'ResizeShortestEdge', 'scale': size, 'max_size': longest, **edge})
    test += [{'type': 'LoadAnnotations'}, {'type': 'PackSegInputs'}]
    steps.append({'type': 'PackSegInputs'})
    workers = keys.take('DATALOADER.NUM_WORKERS', 4)
    parts = {'num_workers': workers, 'persistent_workers': workers > 0}
    where = {'data_root': root} if (root := _data_root()) else {}
    batch = share_out(keys.take(BATCH, 16), BATCH)
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
    iterations = keys.take('SOLVER.MAX_ITER', 40000)
    decay, of_norms = (
        keys.take('SOLVER.WEIGHT_DECAY', 1e-4),
        keys.take('SOLVER.WEIGHT_DECAY_NORM', 0.0),
    )
    keys.only('SOLVER.LR_SCHEDULER_NAME', 'WarmupPolyLR', why='it is the schedule of DeepLab')
    keys.only('SOLVER.BIAS_LR_FACTOR', 1.0, why='set optim_wrapper.paramwise_cfg in a config')
    keys.only('SOLVER.WEIGHT_DECAY_BIAS', None, decay, why='biases decay as weights do')
    keys.only('SOLVER.REFERENCE_WORLD_SIZE', 0, why='set batch and rate for the number of GPUs')
    optimizer = {
        'type': 'SGD',
        'lr': keys.take('SOLVER.BASE_LR', 0.001),
        'momentum': keys.take('SOLVER.MOMENTUM', 0.9),
        'weight_decay': decay,
        'nesterov': keys.take('SOLVER.NESTEROV', False),
    }
    mixed = keys.take('SOLVER.AMP.ENABLED', False)
    schedule = {
        'type': 'WarmupPolyLR',
        'power': keys.take('SOLVER.POLY_LR_POWER', 0.9),
        'constant_ending': keys.take('SOLVER.POLY_LR_CONSTANT_ENDING', 0.0),
        'warmup_factor': keys.take('SOLVER.WARMUP_FACTOR', 0.001),
        'warmup_iters': keys.take('SOLVER.WARMUP_ITERS', 1000),
        'warmup_method': keys.take('SOLVER.WARMUP_METHOD', 'linear'),
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
            'val_interval': keys.take('TEST.EVAL_PERIOD', 0) or iterations,
        },
        'default_hooks': {'checkpoint': {'interval': keys.take('SOLVER.CHECKPOINT_PERIOD', 5000)}},
    }


def _clip(keys: Keys) -> Settings | None:
    section = 'SOLVER.CLIP_GRADIENTS'
    limit = keys.take(f'{section}.CLIP_VALUE', 1.0)
    keys.idle('values are clipped', f'{section}.NORM_TYPE')
    if not keys.take(f'{section}.ENABLED', False):
        keys.idle('no gradient is clipped', f'{section}.CLIP_TYPE')
        return None
    keys.only(f'{section}.CLIP_TYPE', 'value', why='set optim_wrapper.clip_grad in a config')
    return {'_delete_': True, 'type': 'value', 'clip_value': limit}
