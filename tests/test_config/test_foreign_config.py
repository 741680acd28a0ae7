"""A user's config and module, written for MMSegmentation 1.x, are used here as they are."""

from __future__ import annotations

import pytest

from mmseg_deeplab.config import check_config, load_config
from mmseg_deeplab.registry import MODELS
from mmseg_deeplab.utils.errors import ConfigError

from .test_custom_imports import forget_alias

MODULE = """\
from mmseg.datasets import BaseSegDataset
from mmseg.models.decode_heads.aspp_head import ASPPHead
from mmseg.registry import DATASETS, METRICS, MODELS, OPTIMIZERS, TRANSFORMS
from mmcv.transforms import BaseTransform


@MODELS.register_module()
class MyASPPHead(ASPPHead):
    def __init__(self, my_width=8, **kwargs):
        self.my_depth = kwargs.pop('my_depth', 2)
        super().__init__(**kwargs)
        self.my_width = my_width


@DATASETS.register_module()
class MyFields(BaseSegDataset):
    METAINFO = dict(classes=('soil', 'crop'), palette=[[0, 0, 0], [0, 255, 0]])

    def __init__(self, img_suffix='.tif', seg_map_suffix='.png', **kwargs):
        super().__init__(img_suffix=img_suffix, seg_map_suffix=seg_map_suffix, **kwargs)


@TRANSFORMS.register_module()
class MyBlur(BaseTransform):
    def __init__(self, radius, method=dict(type='box')):
        self.radius = radius

    def transform(self, results):
        return results
"""

CONFIG = """\
default_scope = 'mmseg'
custom_imports = dict(imports=['my_fields_of_a_user'], allow_failed_imports=False)
norm_cfg = dict(type='BN', requires_grad=True)
crop_size = (64, 64)
fields_per_farm = 5
backbone_depth = 18
model = dict(
    type='mmseg.EncoderDecoder',
    data_preprocessor=dict(
        type='SegDataPreProcessor', mean=[0, 0, 0], std=[1, 1, 1], bgr_to_rgb=True, pad_val=0,
        seg_pad_val=255, size=crop_size),
    pretrained=None,
    backbone=dict(
        type='ResNetV1c', depth=backbone_depth, num_stages=4, out_indices=(0, 1, 2, 3),
        dilations=(1, 1, 2, 4), strides=(1, 2, 1, 1), norm_cfg=norm_cfg, norm_eval=False,
        style='pytorch', contract_dilation=True),
    decode_head=dict(
        type='MyASPPHead', my_width=16, my_depth=3, in_channels=512, in_index=3, channels=128,
        dilations=(1, 12, 24, 36), dropout_ratio=0.1, num_classes=2, norm_cfg=norm_cfg,
        align_corners=False,
        loss_decode=dict(type='CrossEntropyLoss', use_sigmoid=False, loss_weight=1.0)),
    train_cfg=dict(), test_cfg=dict(mode='slide', crop_size=(64, 64), stride=(42, 42)))
pipeline = [
    dict(type='LoadImageFromFile'), dict(type='LoadAnnotations'),
    dict(type='RandomResize', scale=(64, 64), ratio_range=(0.5, 2.0), keep_ratio=True),
    dict(type='RandomCrop', crop_size=crop_size, cat_max_ratio=0.75),
    dict(type='RandomFlip', prob=0.5), dict(type='MyBlur', radius=2, method=dict(type='gauss')),
    dict(type='PackSegInputs')]
train_dataloader = dict(
    batch_size=2, num_workers=2, persistent_workers=True,
    sampler=dict(type='InfiniteSampler', shuffle=True),
    dataset=dict(
        type='MyFields', data_root='data/fields', pipeline=pipeline, ann_file='train.txt',
        data_prefix=dict(img_path='images', seg_map_path='labels')))
optimizer = dict(type='AdamW', lr=0.001, weight_decay=0.01)
optim_wrapper = dict(
    type='OptimWrapper', optimizer=optimizer, clip_grad=dict(max_norm=0.01, norm_type=2),
    paramwise_cfg=dict(custom_keys={'backbone': dict(lr_mult=0.1)}))
param_scheduler = [
    dict(type='LinearLR', start_factor=1e-6, by_epoch=False, begin=0, end=10),
    dict(type='PolyLR', eta_min=0, power=0.9, begin=10, end=100, by_epoch=False)]
train_cfg = dict(type='IterBasedTrainLoop', max_iters=100, val_interval=50)
default_hooks = dict(
    timer=dict(type='IterTimerHook'),
    logger=dict(type='LoggerHook', interval=50, log_metric_by_epoch=False),
    param_scheduler=dict(type='ParamSchedulerHook'),
    checkpoint=dict(type='CheckpointHook', by_epoch=False, interval=50, save_best='mIoU'),
    sampler_seed=dict(type='DistSamplerSeedHook'),
    visualization=dict(type='SegVisualizationHook'))
env_cfg = dict(
    cudnn_benchmark=True, mp_cfg=dict(mp_start_method='fork', opencv_num_threads=0),
    dist_cfg=dict(backend='nccl'))
vis_backends = [dict(type='LocalVisBackend'), dict(type='TensorboardVisBackend')]
visualizer = dict(type='SegLocalVisualizer', vis_backends=vis_backends, name='visualizer')
log_processor = dict(by_epoch=False)
log_level = 'INFO'
load_from = None
resume = False
tta_model = dict(type='SegTTAModel')
auto_scale_lr = dict(enable=False, base_batch_size=16)
"""


@pytest.fixture
def foreign(tmp_path, monkeypatch):
    """The config file; the module lies beside it."""
    (tmp_path / 'my_fields_of_a_user.py').write_text(MODULE, encoding='utf-8')
    path = tmp_path / 'my_config.py'
    path.write_text(CONFIG, encoding='utf-8')
    monkeypatch.syspath_prepend(tmp_path)
    yield path
    forget_alias()


def test_it_is_right_and_builds_and_its_mistakes_are_found(foreign):
    """One test, because the module registers its names once in a process."""
    config = load_config(foreign)
    check_config(config)
    head = MODELS.build(config.model).decode_head
    assert (head.my_width, head.my_depth, head.num_classes) == (16, 3, 2)
    for options, message in [
        ({'model.decode_head.my_widht': 3}, r'my_widht: MyASPPHead has no such .* my_width'),
        ({'model.decode_head.dropout': 0.1}, r'MyASPPHead has no such .* dropout_ratio'),
        ({'model.decode_head.my_deph': 3}, r'my_deph: MyASPPHead has no such .* my_depth'),
        ({'train_dataloader.dataset.imgsuffix': 'x'}, r'MyFields has no such .* img_suffix'),
        ({'train_dataloader.dataset.pipeline.5.radus': 1}, r'MyBlur has no such .* radius'),
        ({'model.decode_head.num_classes': 3}, r'is 3, but .* has 2 classes \(soil, crop\)'),
    ]:
        with pytest.raises(ConfigError, match=message):
            check_config(load_config(foreign, options))
