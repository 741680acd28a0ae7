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
_OPTIMIZER = ('lr', 'momentum', 'weight_decay')
_CRF = ('ITER_MAX', 'POS_W', 'POS_XY_STD', 'BI_W', 'BI_XY_STD', 'BI_RGB_STD')


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
    model, name = keys.take('MODEL.NAME'), keys.take('DATASET.NAME', None)
    config = _base(model, name, path)
    base = read_config(find_config(config)).to_dict()
    crop, batches = int(keys.take('IMAGE.SIZE.TRAIN')), int(keys.take('SOLVER.ITER_SIZE'))
    translated: dict[str, Any] = {'_base_': config, 'crop_size': (crop, crop)}
    translated['model'] = _model(keys, model, crop)
    translated |= _schedule(keys, base, batches)
    splits = {part: keys.take(f'DATASET.SPLIT.{part}', None) for part in ('TRAIN', 'VAL')}
    pipeline = _pipeline(keys, crop, base['train_dataloader']['dataset']['pipeline'])
    translated |= _loaders(keys, name, splits, pipeline)
    translated['crf'] = {
        key.lower(): keys.take(f'CRF.{key}') for key in _CRF if f'CRF.{key}' in keys
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
    head: dict[str, Any] = {'num_classes': keys.take('DATASET.N_CLASSES')}
    if model == _V2:
        head['dilations'] = tuple(keys.take('MODEL.ATROUS_RATES', (6, 12, 18, 24)))
    else:
        keys.idle(f"{model}'s are fixed", 'MODEL.ATROUS_RATES')
    mean = [keys.take(f'IMAGE.MEAN.{band}') for band in 'BGR']
    return {
        'decode_head': head,
        'data_preprocessor': {'size': (crop, crop), 'mean': mean},
        'pretrained': keys.take('MODEL.INIT_MODEL', None) or None,
    }


def _schedule(keys: Keys, base: dict[str, Any], batches: int) -> dict[str, Any]:
    end = int(keys.take('SOLVER.ITER_MAX')) * batches
    scheduler = {
        **base['param_scheduler'][0],
        'interval': int(keys.take('SOLVER.LR_DECAY')) * batches,
        'power': keys.take('SOLVER.POLY_POWER'),
        'end': end,
    }
    optimizer = {key: keys.take(f'SOLVER.{key.upper()}') for key in _OPTIMIZER}
    return {
        'iter_size': batches,
        'max_iters': end,
        'optim_wrapper': {'optimizer': optimizer, 'accumulative_counts': batches},
        'param_scheduler': [scheduler],
        'train_cfg': {'max_iters': end, 'val_interval': end},
        'default_hooks': {
            'logger': {'interval': int(keys.take('SOLVER.ITER_TB')) * batches},
            'checkpoint': {'interval': int(keys.take('SOLVER.ITER_SAVE')) * batches},
        },
        'log_processor': {'window_size': int(keys.take('SOLVER.AVERAGE_LOSS')) * batches},
    }


def _loaders(
    keys: Keys,
    name: str | None,
    splits: dict[str, str | None],
    pipeline: list[dict[str, Any]],
) -> dict[str, Any]:
    workers, root = int(keys.take('DATALOADER.NUM_WORKERS', 0)), keys.take('DATASET.ROOT', None)
    if root is not None and name in _VOC:
        root = f'{str(root).rstrip("/")}/VOC2012'
    loaders: dict[str, Any] = {}
    for loader, size, part, dataset in (
        ('train_dataloader', 'TRAIN', 'TRAIN', {'pipeline': pipeline}),
        ('val_dataloader', 'TEST', 'VAL', {}),
    ):
        if root is not None:
            dataset['data_root'] = str(root)
        if splits[part] is not None and name in _SPLITS:
            dataset |= _SPLITS[name](str(splits[part]))
        batch = keys.take(f'SOLVER.BATCH_SIZE.{size}', 1)
        loaders[loader] = {'dataset': dataset, 'num_workers': workers, 'batch_size': int(batch)}
        if not workers:
            loaders[loader]['persistent_workers'] = False
    return {**loaders, 'test_dataloader': copy.deepcopy(loaders['val_dataloader'])}


def _pipeline(keys: Keys, crop: int, steps: list[dict[str, Any]]) -> list[dict[str, Any]]:
    scales, longer = keys.take('DATASET.SCALES', None), keys.take('IMAGE.SIZE.BASE', None)
    changed = []
    for step in copy.deepcopy(steps):
        if step['type'] == 'RandomScale':
            if longer:
                changed.append({'type': 'ResizeLongerSide', 'base_size': int(longer)})
            if scales:
                step['factors'] = tuple(scales)
        if step['type'] == 'RandomCrop':
            step['crop_size'] = (crop, crop)
        changed.append(step)
    return changed


def _places(keys: Keys, model: str, splits: dict[str, str | None]) -> dict[str, str]:
    root, experiment = keys.take('EXP.OUTPUT_DIR', 'data'), keys.take('EXP.ID')
    below, train, val = f'{experiment}/{model.lower()}', splits['TRAIN'], splits['VAL']
    return {
        'work_dir': f'{root}/models/{below}/{train or "train"}',
        'logit_dir': f'{root}/features/{below}/{val or "val"}/logit',
        'score_dir': f'{root}/scores/{below}/{val or "val"}',
    }
