"""The YAML files of kazuto1011/deeplab-pytorch."""

from __future__ import annotations

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

from mmseg_deeplab.config.foreign_yaml.keys import Keys
from mmseg_deeplab.utils.errors import ConfigError

NAME = 'deeplab-pytorch'


_V2 = 'DeepLabV2_ResNet101_MSC'
_VOC = ('voc', 'vocaug')
_V2_CONFIGS = {
    'voc': 'deeplabv2_r101-d8-msc_voc12-321x321',
    'vocaug': 'deeplabv2_r101-d8-msc_voc12-321x321',
    'cocostuff10k': 'deeplabv2_r101-d8-msc_cocostuff10k-321x321',
    'cocostuff164k': 'deeplabv2_r101-d8-msc_cocostuff164k-321x321',
}
_OTHER_CONFIGS = {
    'DeepLabV2S_ResNet101_MSC': 'deeplabv2s_r101-d8-msc_voc12-321x321',
    'DeepLabV3_ResNet101_MSC': 'deeplabv3_r101-d16-msc_voc12-321x321',
    'DeepLabV3Plus_ResNet101_MSC': 'deeplabv3plus_r101-d16-msc_voc12-321x321',
}
_V1, _V1_CONFIG = 'DeepLabV1_ResNet101', 'deeplabv1_r101-d8_coco'
_OPTIMIZER = {'LR': {'above': 0}, 'MOMENTUM': {'least': 0}, 'WEIGHT_DECAY': {'least': 0}}
_CRF = {
    **dict.fromkeys(('ITER_MAX', 'POS_W', 'BI_W'), {'least': 0}),
    **dict.fromkeys(('POS_XY_STD', 'BI_XY_STD', 'BI_RGB_STD'), {'above': 0}),
}


_SPLITS: dict[str, Callable[[str], dict[str, Any]]] = {
    'vocaug': lambda split: {'ann_file': f'ImageSets/SegmentationAug/{split}.txt'},
    'voc': lambda split: {
        'ann_file': f'ImageSets/Segmentation/{split}.txt',
        'data_prefix': {'img_path': 'JPEGImages', 'seg_map_path': 'SegmentationClass'},
    },
    'cocostuff10k': lambda split: {'ann_file': f'imageLists/{split}.txt'},
    'cocostuff164k': lambda split: {
        'data_prefix': {'img_path': f'images/{split}', 'seg_map_path': f'annotations/{split}'},
    },
}


def recognises(tree: dict[str, Any]) -> bool:
    """Whether a YAML file's content is of this system.

    Args:
        tree: What stands in the file.
    """
    return {'EXP', 'DATASET', 'IMAGE', 'MODEL'} <= tree.keys()


def translate(tree: dict[str, Any], path: Path) -> dict[str, Any]:
    """A config with ``_base_`` and what the file changes of it.

    Beside a config's usual keys there are ``crf``, the file's parameters of the CRF, and
    ``logit_dir`` and ``score_dir``, where the package keeps what its commands write.

    Args:
        tree: What stands in the file.
        path: The file, for messages.

    Raises:
        ConfigError: A setting is unknown, missing, or cannot be had here.
    """
    from mmseg_deeplab.config.load import find_config, read_config

    keys = Keys(tree, path)
    model, name = keys.text('MODEL.NAME'), keys.text('DATASET.NAME', None)
    config = _base(model, name, path)
    base = read_config(find_config(config)).to_dict()
    crop = keys.whole('IMAGE.SIZE.TRAIN', least=1)
    batches = keys.whole('SOLVER.ITER_SIZE', least=1)
    translated: dict[str, Any] = {'_base_': config, 'crop_size': (crop, crop)}
    translated['model'] = _model(keys, model, crop)
    translated |= _schedule(keys, base, batches)
    splits = {part: keys.text(f'DATASET.SPLIT.{part}', None) for part in ('TRAIN', 'VAL')}
    pipeline = _pipeline(keys, crop, base['train_dataloader']['dataset']['pipeline'])
    translated |= _loaders(keys, name, splits, pipeline)
    translated['crf'] = {
        key.lower(): keys.number(f'CRF.{key}', **limits)
        for key, limits in _CRF.items()
        if f'CRF.{key}' in keys
    }
    translated |= _places(keys, model, splits)
    keys.only('DATASET.IGNORE_LABEL', 255, why='other values in the labels must become 255')
    keys.only('SOLVER.OPTIMIZER', 'sgd', why='the package has no other')
    keys.only('MODEL.N_BLOCKS', [3, 4, 23, 3], why='the model is a ResNet-101')
    keys.idle('class names are those of the data set', 'DATASET.LABELS')
    keys.idle('no command of the package reads it', 'DATASET.SPLIT.TEST')
    keys.idle('a test takes images as they are', 'IMAGE.SIZE.TEST')
    keys.done()
    return {**translated, '_notes_': keys.notes}


def _base(model: str, dataset: str | None, path: Path) -> str:
    if model == _V2 and dataset in _V2_CONFIGS:
        return _V2_CONFIGS[dataset]
    if model in _OTHER_CONFIGS and dataset in _VOC:
        return _OTHER_CONFIGS[model]
    if model == _V1 and dataset in (None, 'coco'):
        return _V1_CONFIG
    known = {_V2: _V2_CONFIGS, _V1: ('coco',), **dict.fromkeys(_OTHER_CONFIGS, _VOC)}
    if model not in known:
        raise ConfigError(f'{path}: MODEL.NAME must be one of {", ".join(known)}, got {model!r}')
    raise ConfigError(
        f'{path}: DATASET.NAME must be one of {", ".join(known[model])} with {model}, got '
        f'{dataset!r}'
    )


def _model(keys: Keys, model: str, crop: int) -> dict[str, Any]:
    head: dict[str, Any] = {'num_classes': keys.whole('DATASET.N_CLASSES', least=1)}
    if model == _V2:
        head['dilations'] = tuple(keys.numbers('MODEL.ATROUS_RATES', (6, 12, 18, 24), least=1))
    else:
        keys.idle(f"{model}'s are fixed", 'MODEL.ATROUS_RATES')
    mean = [keys.number(f'IMAGE.MEAN.{band}') for band in 'BGR']
    return {
        'decode_head': head,
        'data_preprocessor': {'size': (crop, crop), 'mean': mean},
        'pretrained': keys.text('MODEL.INIT_MODEL', None) or None,
    }


def _schedule(keys: Keys, base: dict[str, Any], batches: int) -> dict[str, Any]:
    end = keys.whole('SOLVER.ITER_MAX', least=1) * batches
    scheduler = {
        **base['param_scheduler'][0],
        'interval': keys.whole('SOLVER.LR_DECAY', least=1) * batches,
        'power': keys.number('SOLVER.POLY_POWER', least=0),
        'end': end,
    }
    optimizer = {
        key.lower(): keys.number(f'SOLVER.{key}', **limits) for key, limits in _OPTIMIZER.items()
    }
    logged, saved, averaged = (
        keys.whole(f'SOLVER.{key}', least=1) * batches
        for key in ('ITER_TB', 'ITER_SAVE', 'AVERAGE_LOSS')
    )
    return {
        'iter_size': batches,
        'max_iters': end,
        'optim_wrapper': {'optimizer': optimizer, 'accumulative_counts': batches},
        'param_scheduler': [scheduler],
        'train_cfg': {'max_iters': end, 'val_interval': end},
        'default_hooks': {
            'logger': {'interval': logged},
            'checkpoint': {'interval': saved},
        },
        'log_processor': {'window_size': averaged},
    }


def _loaders(
    keys: Keys,
    name: str | None,
    splits: dict[str, str | None],
    pipeline: list[dict[str, Any]],
) -> dict[str, Any]:
    workers, root = keys.whole('DATALOADER.NUM_WORKERS', 0), keys.text('DATASET.ROOT', None)
    if root is not None and name in _VOC:
        root = f'{root.rstrip("/")}/VOC2012'
    loaders: dict[str, Any] = {}
    for loader, size, part, dataset in (
        ('train_dataloader', 'TRAIN', 'TRAIN', {'pipeline': pipeline}),
        ('val_dataloader', 'TEST', 'VAL', {}),
    ):
        if root is not None:
            dataset['data_root'] = root
        if splits[part] is not None and name in _SPLITS:
            dataset |= _SPLITS[name](splits[part])
        batch = keys.whole(f'SOLVER.BATCH_SIZE.{size}', 1, least=1)
        loaders[loader] = {'dataset': dataset, 'num_workers': workers, 'batch_size': batch}
        if not workers:
            loaders[loader]['persistent_workers'] = False
    return {**loaders, 'test_dataloader': copy.deepcopy(loaders['val_dataloader'])}


def _pipeline(keys: Keys, crop: int, steps: list[dict[str, Any]]) -> list[dict[str, Any]]:
    scales = keys.numbers('DATASET.SCALES', None, above=0)
    longer = keys.whole('IMAGE.SIZE.BASE', None, least=1)
    changed = []
    for step in copy.deepcopy(steps):
        if step['type'] == 'RandomScale':
            if longer:
                changed.append({'type': 'ResizeLongerSide', 'base_size': longer})
            if scales:
                step['factors'] = tuple(scales)
        if step['type'] == 'RandomCrop':
            step['crop_size'] = (crop, crop)
        changed.append(step)
    return changed


def _places(keys: Keys, model: str, splits: dict[str, str | None]) -> dict[str, str]:
    root, experiment = keys.text('EXP.OUTPUT_DIR', 'data'), keys.text('EXP.ID')
    below, train, val = f'{experiment}/{model.lower()}', splits['TRAIN'], splits['VAL']
    return {
        'work_dir': f'{root}/models/{below}/{train or "train"}',
        'logit_dir': f'{root}/features/{below}/{val or "val"}/logit',
        'score_dir': f'{root}/scores/{below}/{val or "val"}',
    }
