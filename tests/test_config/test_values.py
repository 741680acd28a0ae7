"""Values that would mean nothing or fail late are refused; every shipped name is known."""

from __future__ import annotations

import pytest

from mmseg_deeplab.config import check_config, load_config
from mmseg_deeplab.utils.errors import ConfigError

NAME = 'deeplabv3plus_r18-d8_4xb4-80k_loveda-512x512'
KEYS = 'optim_wrapper.paramwise_cfg'
STOP = {'type': 'EarlyStoppingHook', 'monitor': 'mIou'}
MISTAKES = [
    ({KEYS: {'custom_keys': {'head': {'lr_mul': 2}}}}, 'head.lr_mul:', 'did you mean lr_mult'),
    ({KEYS: {'custom_keys': {'head': 2}}}, 'custom_keys.head: must be a dict'),
    ({'env_cfg.dist_cfg.backnd': 'gloo'}, 'env_cfg.dist_cfg.backnd:', 'did you mean backend'),
    ({'train_cfg.max_iters': -4}, 'train_cfg.max_iters: must be a whole number', 'got -4'),
    ({'train_cfg.max_iters': 'abc'}, 'train_cfg.max_iters: must be', "got 'abc'"),
    ({'train_cfg.max_iters': True}, 'train_cfg.max_iters: must be', 'got True'),
    ({'train_dataloader.batch_size': 0}, 'train_dataloader.batch_size: must be', 'got 0'),
    ({'val_dataloader.batch_size': 1.5}, 'val_dataloader.batch_size: must be', 'got 1.5'),
    ({'log_level': 'INFOO'}, 'log_level: must be one of', "got 'INFOO'"),
    ({'default_scope': 'mmdet'}, "default_scope: no registry has the scope 'mmdet'"),
    ({'val_evaluator': None}, 'val_evaluator: missing, but val_dataloader, val_cfg is set'),
    ({'test_cfg': None, 'test_evaluator': None}, 'test_cfg: missing, but test_dataloader is set'),
    ({'model.decode_head.num_classes': '7'}, 'decode_head.num_classes: must be', "got '7'"),
    ({'model.auxiliary_head.num_classes': 7.0}, 'auxiliary_head.num_classes: must be'),
    ({'model.data_preprocessor': None}, 'model.data_preprocessor: must not be None'),
    ({'model.backbone.in_channels': 5}, 'in_channels: is 5, but', 'mean has 3 bands'),
    (
        {'model.data_preprocessor.mean': [0.0] * 4, 'model.data_preprocessor.std': [1.0] * 4},
        'model.backbone.in_channels: is 3, but model.data_preprocessor.mean has 4 bands',
    ),
    ({'custom_hooks': [STOP]}, "custom_hooks.0.monitor: is 'mIou'", 'gives aAcc, mAcc, mIoU'),
    ({'default_hooks.checkpoint.save_best': 'mDice'}, "checkpoint.save_best: is 'mDice'"),
    (
        {'default_hooks.checkpoint.save_best': 'mIoU', 'val_evaluator.prefix': 'a'},
        'gives a/aAcc, a/mAcc, a/mIoU',
    ),
    ({'train_dataloader.collate_fn': {'type': 'pseudo_colate'}}, 'collate_fn.type:', 'pseudo_coll'),
    ({'train_dataloader.collate_fn': {'a': 1}}, 'collate_fn: its `type` is missing'),
    ({'compile': {'mod': 'default'}}, 'compile.mod:', 'did you mean mode'),
]
RIGHT = [
    {KEYS: {'custom_keys': {'head': {'lr_mult': 2, 'decay_mult': 0}}}},
    {KEYS: {'custom_keys': {'a': {'x': 1}}}, 'optim_wrapper.constructor': 'my.Constructor'},
    {'env_cfg.dist_cfg': {'backend': 'gloo', 'timeout': 60, 'port': 29501}},
    {'log_level': 'WARNING', 'default_scope': 'mmseg'},
    {'default_scope': 'mmengine'},
    {'val_dataloader': None, 'val_cfg': None, 'val_evaluator': None},
    {'model.data_preprocessor.mean': [0.0], 'model.data_preprocessor.std': [1.0]},
    {'custom_hooks': [{**STOP, 'monitor': 'mIoU'}]},
    {'default_hooks.checkpoint.save_best': 'auto'},
    {'default_hooks.checkpoint.save_best': ['mIoU', 'mAcc']},
    {'default_hooks.checkpoint.save_best': 'mDice', 'val_evaluator.iou_metrics': ['mDice']},
    {'default_hooks.checkpoint.save_best': 'a/mIoU', 'val_evaluator.prefix': 'a'},
    {'train_dataloader.collate_fn': {'type': 'default_collate'}},
    {'compile': {'mode': 'default', 'dynamic': False}},
    {'model.decode_head.sampler': {'type': 'OHEMPixelSampler', 'thresh': 0.7, 'min_kept': 100}},
    {'model.backbone.type': 'ResNet'},
    {'model.backbone.type': 'ResNetV1d'},
    {'model.decode_head.loss_decode': {'type': 'CrossEntropyLoss', 'class_weight': [1.0] * 7}},
    {
        'model.decode_head.loss_decode': [
            {'type': 'DiceLoss', '_delete_': True},
            {'type': 'FocalLoss'},
            {'type': 'LovaszLoss', 'reduction': 'none'},
        ]
    },
    {
        'model.decode_head': {
            'type': 'ASPPHead', '_delete_': True, 'in_channels': 512, 'in_index': 3,
            'channels': 128, 'dilations': (1, 12, 24, 36), 'num_classes': 7,
            'sampler': {'type': 'OHEMPixelSampler', 'thresh': 0.7, 'min_kept': 100},
        }
    },
]  # fmt: skip


@pytest.mark.parametrize('case', MISTAKES, ids=lambda c: ' '.join(c[0]))
def test_a_value_is_refused(case):
    options, *texts = case
    with pytest.raises(ConfigError) as caught:
        check_config(load_config(NAME, options))
    for text in texts:
        assert text in str(caught.value), str(caught.value)


@pytest.mark.parametrize('options', RIGHT, ids=str)
def test_a_value_passes(options):
    config = load_config(NAME, options)
    if options.get('optim_wrapper.constructor'):  # the one name here that does not exist
        with pytest.raises(ConfigError, match='constructor') as caught:
            check_config(config)
        assert 'custom_keys' not in str(caught.value)
    else:
        check_config(config)


BASE = f"_base_ = 'mmseg::deeplabv3plus/{NAME}.py'\n"
TENSORBOARD = "[dict(type='TensorboardVisBackend')]"
# (text of a child file, what the message holds, or None where it is right)
CHILDREN = [
    (f'vis_backends = {TENSORBOARD}', 'set visualizer=dict(vis_backends=[...])'),
    (f'visualizer = dict(vis_backends={TENSORBOARD})', None),
    (
        f'vis_backends = {TENSORBOARD}\nvisualizer = dict(vis_backends=vis_backends)',
        None,
    ),
    ("vis_backends = [dict(type='LocalVisBackend')]", None),
    ('crop_size = (96, 160)', 'crop_size is a variable that its base has already used'),
    ('crop_size = (96, 160)\nmodel = dict(data_preprocessor=dict(size=crop_size))', None),
    ('my_own = (96, 160)', None),
]


@pytest.mark.parametrize('case', CHILDREN, ids=lambda c: c[0])
def test_a_variable_that_comes_too_late(case, tmp_path):
    text, message = case
    child = tmp_path / 'child.py'
    child.write_text(BASE + text, encoding='utf-8')
    grandchild = tmp_path / 'grandchild.py'
    grandchild.write_text("_base_ = './child.py'\n", encoding='utf-8')
    for path in (child, grandchild):
        if message is None:
            load_config(path)
        else:
            with pytest.raises(ConfigError) as caught:
                load_config(path)
            assert message in str(caught.value) and str(child) in str(caught.value)
