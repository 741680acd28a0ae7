"""MindCV's settings files of DeepLabV3 and V3+ (``-c deeplabv3_s16_dilated_resnet101.yaml``)."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mmseg_deeplab.config.foreign_yaml.keys import Keys
from mmseg_deeplab.utils.errors import ConfigError

NAME = 'MindCV'
_SIGNS = {'output_stride', 'eval_data_lst', 'ckpt_pre_trained'}
_MODELS = {'deeplabv3': [4], 'deeplabv3plus': [1, 4]}
_BACKBONES = {'dilated_resnet50': 50, 'dilated_resnet101': 101}
_CLASSES = 21
_WARMUP = 3  # epochs: a default of MindCV's scheduler, which its files do not mention
_MISSPELT = "filter_bias_and_bn'"  # as the newer files have it, so that the setting is not found

Settings = dict[str, Any]


def recognises(tree: Mapping[str, Any]) -> bool:
    """Whether a YAML file's content is MindCV's.

    Args:
        tree: What stands in the file.
    """
    return tree.keys() >= _SIGNS


def translate(tree: Mapping[str, Any], path: Path) -> Settings:
    """The file as one of our configs and what it changes of it.

    Args:
        tree: What stands in the file.
        path: The file, for messages.

    Raises:
        ConfigError: A key is unknown, or a value cannot be had here.
    """
    keys = Keys({_unquoted(key): value for key, value in tree.items()}, path)
    kind = keys.choice('model', _MODELS, 'deeplabv3')
    depth = _BACKBONES[keys.choice('backbone', _BACKBONES)]
    keys.only('backbone_out_indices', _MODELS[kind], why=f'{kind} takes these maps')
    base = f'{kind}_s16_dilated_resnet{depth}'
    batch, rate = keys.whole('batch_size', least=1), keys.number('lr', above=0)
    changes: Settings = {
        '_base_': base,
        'randomness': {'seed': keys.whole('seed', 1)},
        'work_dir': keys.text('ckpt_save_dir', './ckpt'),
        **_start(keys, path),
        **_training(keys, rate),
        'optim_wrapper': _optimiser(keys, rate),
        **_data(keys, base, batch),
    }
    changes['model'] |= {
        'backbone': {'output_stride': keys.choice('output_stride', (8, 16))},
        'data_preprocessor': {'size': changes['crop_size']},
    }
    _set_aside(keys)
    keys.done()
    return {**changes, '_notes_': keys.notes}


def _unquoted(key: Any) -> str:
    return _MISSPELT if str(key).strip('\'": ') != str(key) else str(key)


def _start(keys: Keys, path: Path) -> Settings:
    """Where the weights come from, and which are tested."""
    checkpoint, backbone = keys.text('ckpt_path', None), keys.text('backbone_ckpt_path', None)
    tested = {'test_from': checkpoint} if checkpoint else {}
    if keys.flag('ckpt_pre_trained', False):
        if not checkpoint:
            raise ConfigError(
                f'{path}: ckpt_path must name a checkpoint, as ckpt_pre_trained is True'
            )
        return {'load_from': checkpoint, 'model': {'pretrained': None}, **tested}
    return {'load_from': None, 'model': {'pretrained': backbone or None}, **tested}


def _training(keys: Keys, rate: float) -> Settings:
    """Length, schedule, validation and checkpoints."""
    epochs = keys.whole('epoch_size', least=1)
    keys.only('scheduler', 'cosine_decay', why='write a config of your own for another one')
    keys.only('lr_epoch_stair', False, why='the rate changes with every step')
    horizon = keys.whole('decay_epochs', epochs, least=1)
    if horizon > epochs:
        keys.notes.append(
            f'decay_epochs: {horizon} of {epochs} epochs leave the learning rate all but constant, '
            'as in the published trainings; --cfg-options param_scheduler.0.decay_steps=None '
            'lets it decay to the end'
        )
    schedule = {
        'type': 'WarmupCosineLR',
        'warmup_steps': keys.whole('warmup_epochs', _WARMUP),
        'alpha_f': keys.number('min_lr', 0.0, least=0) / rate,
        'decay_steps': horizon,
        'begin': 0,
        'end': epochs,
        'by_epoch': True,
        'convert_to_iter_based': True,
    }
    checkpoint = {
        'by_epoch': False,
        'interval': keys.whole('save_steps', 410, least=1),
        'max_keep_ckpts': keys.whole('keep_checkpoint_max', 2, least=1),
    }
    begin = keys.whole('eval_start_epoch', 1)
    interval = keys.whole('eval_interval', 1, least=1)
    found: Settings = {
        'param_scheduler': [schedule],
        'train_cfg': {
            '_delete_': True,
            'type': 'EpochBasedTrainLoop',
            'max_epochs': epochs,
            'val_begin': begin,
            'val_interval': interval,
        },
        'log_processor': {'by_epoch': True},
        'default_hooks': {'checkpoint': checkpoint, 'logger': {'log_metric_by_epoch': True}},
    }
    if not keys.flag('eval_while_train', True):
        found |= {'val_cfg': None, 'val_dataloader': None, 'val_evaluator': None}
        checkpoint['save_best'] = None
    return found


def _optimiser(keys: Keys, rate: float) -> Settings:
    keys.only('optimizer', 'momentum', why='the recipe is momentum SGD')
    fixed = keys.take('loss_scale_type', 'fixed') == 'fixed'
    scale = keys.number('loss_scale', 1.0, above=0)
    mixed = keys.take('amp_level', 'O0') != 'O0'
    # left out or misspelt, norms and biases have no decay; False gives it to all
    spare = _MISSPELT in keys or keys.flag('filter_bias_and_bn', True)
    keys.idle('the key has a stray quote, so MindCV does not find it', _MISSPELT)
    scaled = {'type': 'AmpOptimWrapper', 'loss_scale': float(scale) if fixed else 'dynamic'}
    return {
        '_delete_': True,
        **(scaled if mixed else {'type': 'OptimWrapper'}),
        'accumulative_counts': keys.whole('gradient_accumulation_steps', 1, least=1),
        'optimizer': {
            'type': 'SGD',
            'lr': rate,
            'momentum': keys.number('momentum', 0.9, least=0),
            'weight_decay': keys.number('weight_decay', 1e-4, least=0),
        },
        'paramwise_cfg': {'norm_decay_mult': 0.0, 'bias_decay_mult': 0.0} if spare else None,
    }


def _data(keys: Keys, base: str, batch: int) -> Settings:
    """Loaders and pipelines."""
    keys.only('dataset', 'vocaug', 'voc', why='write a config of your own for other data')
    keys.only('num_classes', _CLASSES, why='VOC has so many; write a config for other data')
    keys.only('input_format', 'NCHW', why='images come so')
    crop = keys.whole('crop_size', least=1)
    scales, flip = keys.numbers('scales', [1.0], above=0), keys.flag('flip', False)
    if flip or list(scales) != [1.0]:
        keys.notes.append('scales and flip: test with --aug-test, which takes them')
    smallest = keys.number('min_scale', above=0)
    changes = {
        'RandomScale': {'scale_range': (smallest, keys.number('max_scale', least=smallest))},
        'RandomCrop': {'crop_size': (crop, crop)},
        'Normalize': {
            'mean': keys.numbers('image_mean', count=3),
            'std': keys.numbers('image_std', count=3, above=0),
        },
        'Pad': {'size': (crop, crop)},
        'ResizeLongerSide': {'base_size': crop},
    }
    shipped = _shipped(base)
    training, testing = (
        _changed(shipped[name], changes) for name in ('train_pipeline', 'test_pipeline')
    )
    views = _changed(shipped['tta_pipeline'], changes)
    views[1]['transforms'] = [_views(choices, scales, flip) for choices in views[1]['transforms']]
    common = {
        'data_root': keys.text('data_root', None) or '',
        'ignore_index': keys.whole('ignore_label', 255),
    }
    workers = {'num_workers': keys.whole('num_parallel_workers', 8)}
    lists = {'ann_file': _absolute(keys.text('eval_data_lst')), 'pipeline': testing}
    testing_loader = {**workers, 'dataset': {**common, **lists}}
    return {
        'crop_size': (crop, crop),
        'train_pipeline': training,
        'test_pipeline': testing,
        'tta_pipeline': views,
        'train_dataloader': {
            **workers,
            'batch_size': batch,
            'drop_last': True,
            'sampler': {'_delete_': True, 'type': 'DefaultSampler', 'shuffle': True},
            'dataset': {**common, 'ann_file': _shards(keys.text('data_dir')), 'pipeline': training},
        },
        'val_dataloader': testing_loader,
        'test_dataloader': testing_loader,
    }


def _shipped(name: str) -> Settings:
    from mmseg_deeplab.config.load import find_config, read_config  # which reads this module

    return read_config(find_config(name)).to_dict()


def _changed(step: Any, changes: Mapping[str, Settings]) -> Any:
    """A pipeline with other sizes; the padding to a square keeps its rule."""
    if isinstance(step, (list, tuple)):
        return [_changed(inner, changes) for inner in step]
    found = {key: _changed(v, changes) if key == 'transforms' else v for key, v in step.items()}
    return found if 'pad_to_square' in step else {**found, **changes.get(step['type'], {})}


def _views(choices: list[Settings], scales: list[float], flip: bool) -> list[Settings]:
    first = choices[0]
    if 'scale_factor' in first:
        return [{**first, 'scale_factor': scale} for scale in scales]
    return choices[: 1 + bool(flip)] if first['type'] == 'RandomFlip' else choices


def _absolute(path: str) -> str:
    """A path as MindCV means it: relative to where the command is started."""
    return os.path.abspath(path)


def _shards(first: str) -> str:
    """The index of the shards of which the first is named; a MindRecord is one by itself."""
    if os.path.isfile(f'{first}.db') or first.endswith(('.json', '.txt')):
        return _absolute(first)
    return _absolute(re.sub(r'\d+(\.tar)?$', '', first)) + '.shards.json'


def _set_aside(keys: Keys) -> None:
    keys.idle('processes are started by mpirun or torchrun', 'distribute')
    keys.idle('PyTorch has its own way', 'mode', 'device_target', 'all_reduce_fusion_config',
              'amp_cast_list', 'enable_modelarts')  # fmt: skip
    keys.idle('names are mapped when the file is read', 'backbone_ckpt_auto_mapping',
              'backbone_features_only')  # fmt: skip
    keys.idle('the cosine has no such factor', 'decay_rate')
    keys.idle('a step whose gradients overflow is always left out', 'drop_overflow_update')
    keys.idle('reading always shuffles', 'shuffle')
    keys.idle('validation always shows its progress', 'eval_processing_log')
