"""Settings files of Detectron2's DeepLab project (``--config-file X.yaml``)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mmseg_deeplab.config.foreign_yaml.detectron2_run import crop_size, data, solver
from mmseg_deeplab.config.foreign_yaml.detectron2_tree import BASE, with_bases
from mmseg_deeplab.config.foreign_yaml.keys import Keys

NAME = 'Detectron2'
_HEADS = {
    'DeepLabV3Head': 'deeplab_v3_R_103_os16_mg124_poly_90k_bs16',
    'DeepLabV3PlusHead': 'deeplab_v3_plus_R_103_os16_mg124_poly_90k_bs16',
}
_DEEP, _BASIC = 'build_resnet_deeplab_backbone', 'build_resnet_backbone'
_LOSSES = {
    'hard_pixel_mining': {'_delete_': True, 'type': 'HardPixelMiningLoss', 'top_ratio': 0.2},
    'cross_entropy': {'_delete_': True, 'type': 'CrossEntropyLoss', 'avg_non_ignore': True},
}
_DETECTORS = (
    *('ANCHOR_GENERATOR', 'FPN', 'PANOPTIC_FPN', 'PROPOSAL_GENERATOR', 'RETINANET', 'RPN'),
    *('ROI_BOX_HEAD', 'ROI_BOX_CASCADE_HEAD', 'ROI_HEADS', 'ROI_KEYPOINT_HEAD', 'ROI_MASK_HEAD'),
)

Settings = dict[str, Any]


def recognises(tree: Mapping[str, Any]) -> bool:
    """Whether a YAML file's content is Detectron2's, as far as its names tell.

    Args:
        tree: What stands in the file.
    """
    model = tree.get('MODEL')
    known = {'META_ARCHITECTURE', 'SEM_SEG_HEAD', 'RESNETS', 'WEIGHTS'}
    return BASE in tree or (isinstance(model, Mapping) and bool(known & set(model)))


def translate(tree: Mapping[str, Any], path: Path) -> Settings:
    """The file as one of our configs and what it changes of it.

    Settings that stand neither in the file nor in its bases are Detectron2's defaults. A batch
    (``IMS_PER_BATCH``) is that of all processes, whose number the launcher tells.

    Args:
        tree: What stands in the file.
        path: The file, for its bases and for messages.

    Raises:
        ConfigError: A key is unknown, or a value cannot be had here.
    """
    keys = Keys(with_bases(tree, path), path)
    keys.only('MODEL.META_ARCHITECTURE', 'SemanticSegmentor', why='this project does no detection')
    head = keys.choice('MODEL.SEM_SEG_HEAD.NAME', _HEADS)
    crop = crop_size(keys)
    backbone, stride = _backbone(keys)
    classes = keys.whole('MODEL.SEM_SEG_HEAD.NUM_CLASSES', 54, least=1)
    bgr_to_rgb = keys.choice('INPUT.FORMAT', ('RGB', 'BGR'), 'BGR') == 'RGB'
    pretrained, load_from = _weights(keys)
    changes: Settings = {
        '_base_': _HEADS[head],
        'num_classes': classes,
        'load_from': load_from,
        **({'test_from': load_from} if load_from else {}),
        'work_dir': keys.text('OUTPUT_DIR', './output'),
        'env_cfg': {'cudnn_benchmark': keys.flag('CUDNN_BENCHMARK', False)},
        **solver(keys),
        **data(keys, crop),
    }
    if (seed := keys.whole('SEED', -1, least=-1)) >= 0:
        changes['randomness'] = {'seed': seed}
    if 'MODEL.DEVICE' in keys:
        changes['device'] = keys.text('MODEL.DEVICE')
    changes['model'] = {
        'pretrained': pretrained,
        'data_preprocessor': {
            'mean': keys.numbers('MODEL.PIXEL_MEAN', [103.53, 116.28, 123.675]),
            'std': keys.numbers('MODEL.PIXEL_STD', [1.0, 1.0, 1.0], above=0),
            'bgr_to_rgb': bgr_to_rgb,
            **({'size': crop} if crop else {'size': None, 'size_divisor': stride}),
        },
        'backbone': backbone,
        'decode_head': _head(keys, head, classes, crop, stride),
    }
    _set_aside(keys)
    keys.done()
    return {**changes, '_notes_': keys.notes}


def _weights(keys: Keys) -> tuple[str | None, str | None]:
    """The backbone to start from, and the whole model to start from or to test.

    A file that is there is looked into when training begins; an address is known by its name.
    """
    weights = keys.text('MODEL.WEIGHTS', None) or ''
    name = weights.rpartition('/')[2]
    if Path(weights).expanduser().is_file():
        return None, weights
    alone = name.startswith(('R-', 'r101', 'r103', 'resnet')) or '/ImageNetPretrained/' in weights
    return (weights or None, None) if alone else (None, weights or None)


def _norm(keys: Keys, key: str, default: str) -> Settings:
    known = {
        'SyncBN': {'type': 'SyncBN', 'requires_grad': True},
        'BN': {'type': 'BN', 'requires_grad': True},
        'FrozenBN': {'type': 'BN', 'requires_grad': False},
        'GN': {'type': 'GN', 'num_groups': 32, 'requires_grad': True},
    }
    return {'_delete_': True, **known[keys.choice(key, known, default)]}


def _backbone(keys: Keys) -> tuple[Settings, int]:
    """The backbone and its stride."""
    own = keys.choice('MODEL.BACKBONE.NAME', (_DEEP, _BASIC), _BASIC) == _DEEP
    fourth, fifth = (keys.whole(f'MODEL.RESNETS.RES{i}_DILATION', 1, least=1) for i in (4, 5))
    grid = keys.numbers('MODEL.RESNETS.RES5_MULTI_GRID', [1, 2, 4], count=3, least=1)
    deep_stem = keys.take('MODEL.RESNETS.STEM_TYPE', 'deeplab') == 'deeplab' and own
    for key, value in (('NUM_GROUPS', 1), ('WIDTH_PER_GROUP', 64), ('RES2_OUT_CHANNELS', 256)):
        keys.only(f'MODEL.RESNETS.{key}', value, why='there is no other ResNet of it here')
    keys.only('MODEL.RESNETS.DEFORM_ON_PER_STAGE', [False] * 4, why='these are compiled')
    strides = (1, 2, 1 if fourth > 1 else 2, 1 if fifth > 1 else 2)
    norm = _norm(keys, 'MODEL.RESNETS.NORM', 'FrozenBN')
    return {
        'type': 'ResNetV1c' if deep_stem else 'ResNet',
        'depth': keys.whole('MODEL.RESNETS.DEPTH', 50),
        'stem_channels': keys.whole('MODEL.RESNETS.STEM_OUT_CHANNELS', 64, least=1),
        'strides': strides,
        'dilations': (1, 1, fourth, fifth),
        'multi_grid': tuple(fifth * step for step in grid) if own else None,
        'style': 'caffe' if keys.flag('MODEL.RESNETS.STRIDE_IN_1X1', True) else 'pytorch',
        'frozen_stages': keys.whole('MODEL.BACKBONE.FREEZE_AT', 2) - 1,
        'norm_cfg': norm,
        'norm_eval': not norm['requires_grad'],
    }, 4 * strides[1] * strides[2] * strides[3]


def _head(
    keys: Keys, kind: str, classes: int, crop: tuple[int, int] | None, stride: int
) -> Settings:
    section = 'MODEL.SEM_SEG_HEAD'
    channels = keys.whole(f'{section}.ASPP_CHANNELS', 256, least=1)
    keys.only(f'{section}.CONVS_DIM', channels, why='it must be ASPP_CHANNELS')
    loss = keys.choice(f'{section}.LOSS_TYPE', _LOSSES, 'hard_pixel_mining')
    head = {
        'channels': channels,
        'num_classes': classes,
        'ignore_index': keys.whole(f'{section}.IGNORE_VALUE', 255),
        'dilations': (1, *keys.numbers(f'{section}.ASPP_DILATIONS', [6, 12, 18], least=1)),
        'dropout_ratio': keys.number(f'{section}.ASPP_DROPOUT', 0.1, least=0),
        'separable': keys.flag(f'{section}.USE_DEPTHWISE_SEPARABLE_CONV', False),
        'output_scale': keys.whole(f'{section}.COMMON_STRIDE', 4, least=1),
        'norm_cfg': _norm(keys, f'{section}.NORM', 'GN'),
        'pool_window': crop and tuple(side // stride for side in crop),
        'loss_decode': {
            **_LOSSES[loss],
            'loss_weight': keys.number(f'{section}.LOSS_WEIGHT', 1.0, least=0),
        },
    }
    if kind == 'DeepLabV3PlusHead':
        keys.only(f'{section}.IN_FEATURES', ['res2', 'res5'], why='the decoder takes these')
        keys.only(f'{section}.PROJECT_FEATURES', ['res2'], why='the decoder takes this')
        (head['c1_channels'],) = keys.numbers(f'{section}.PROJECT_CHANNELS', [48], count=1, least=1)
    else:
        keys.only(f'{section}.IN_FEATURES', ['res5'], why='the head takes this')
        keys.idle(
            'DeepLabV3 has no decoder', f'{section}.PROJECT_FEATURES', f'{section}.PROJECT_CHANNELS'
        )
    return head


def _set_aside(keys: Keys) -> None:
    keys.only('TEST.AUG.ENABLED', False, why='add --tta to the test instead')
    keys.only('TEST.PRECISE_BN.ENABLED', False, why='it is not made here')
    keys.only('INPUT.COLOR_AUG_SSD', False, why='put PhotoMetricDistortion into the pipeline')
    keys.idle(
        'they are of detectors',
        *(f'MODEL.{name}.*' for name in _DETECTORS),
        'MODEL.MASK_ON',
        'MODEL.KEYPOINT_ON',
        'MODEL.LOAD_PROPOSALS',
        'INPUT.MASK_FORMAT',
        'DATASETS.PROPOSAL_FILES_TRAIN',
        'DATASETS.PROPOSAL_FILES_TEST',
        'DATASETS.PRECOMPUTED_PROPOSAL_TOPK_TRAIN',
        'DATASETS.PRECOMPUTED_PROPOSAL_TOPK_TEST',
        'TEST.*',
    )
    others = ('STEPS', 'GAMMA', 'BASE_LR_END', 'NUM_DECAYS', 'RESCALE_INTERVAL')
    keys.idle('the schedule is polynomial', *(f'SOLVER.{name}' for name in others))
    keys.only('FLOAT32_PRECISION', '', 'highest', why='call torch.set_float32_matmul_precision')
    keys.idle('nothing of DeepLab reads it', 'GLOBAL.*')
    keys.idle(
        'no convolution is deformable',
        'MODEL.RESNETS.DEFORM_MODULATED',
        'MODEL.RESNETS.DEFORM_NUM_GROUPS',
    )
    keys.idle('the heads find their maps by themselves', 'MODEL.RESNETS.OUT_FEATURES')
    keys.idle(
        'the loader has its own order',
        'DATALOADER.SAMPLER_TRAIN',
        'DATALOADER.ASPECT_RATIO_GROUPING',
        'DATALOADER.FILTER_EMPTY_ANNOTATIONS',
        'DATALOADER.REPEAT_THRESHOLD',
        'DATALOADER.REPEAT_SQRT',
    )
    keys.idle('the log and pictures are set by hooks', 'VIS_PERIOD')
    keys.idle('it counts versions of the file format', 'VERSION')
