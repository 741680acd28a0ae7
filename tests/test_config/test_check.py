"""What check_config refuses: the place, the nearest right name; and what it lets pass."""

from __future__ import annotations

import re

import pytest

from mmseg_deeplab.config import check_config, load_config
from mmseg_deeplab.utils.errors import ConfigError

NAME = 'deeplabv3plus_r18-d8_4xb4-80k_loveda-512x512'
LOADER = 'train_dataloader'
PIPELINE = f'{LOADER}.dataset.pipeline'

# (options that spoil a shipped config, what the message must hold)
MISTAKES = [
    # top-level keys near a known one
    ({'param_schedular': []}, 'param_schedular: unknown key; did you mean param_scheduler?'),
    ({'train_dataloder': None}, 'train_dataloder: unknown key; did you mean train_dataloader?'),
    ({'modle': {}}, 'modle: unknown key; did you mean model?'),
    ({'load_form': 'x.pth'}, 'load_form: unknown key; did you mean load_from?'),
    ({'workdir': 'x'}, 'workdir: unknown key; did you mean work_dir?'),
    ({'visualiser': {}}, 'visualiser: unknown key; did you mean visualizer?'),
    ({'custom_hook': []}, 'custom_hook: unknown key; did you mean custom_hooks?'),
    ({'launcher': 'torch'}, "launcher: must be one of none, pytorch, slurm, mpi, got 'torch'"),
    ({'resume': 3}, 'resume: must be a bool or str, got 3'),
    ({'model': None}, 'model: missing'),
    # types
    ({'model.type': 'EncoderDecodr'}, 'model.type:', 'did you mean EncoderDecoder'),
    ({'model.backbone.type': 'ResNetV1e'}, 'model.backbone.type:', 'ResNetV1'),
    ({'model.decode_head.type': 'ASPPHed'}, 'model.decode_head.type:', 'ASPPHead'),
    (
        {'model.decode_head.loss_decode.type': 'CrossEntropy'},
        'model.decode_head.loss_decode.type:',
        'CrossEntropyLoss',
    ),
    ({'model.backbone.norm_cfg.type': 'SynBN'}, 'model.backbone.norm_cfg.type:', 'SyncBN'),
    ({f'{LOADER}.dataset.type': 'LovedaDatset'}, 'dataset.type:', 'LoveDADataset'),
    ({f'{PIPELINE}.3.type': 'RandomCorp'}, f'{PIPELINE}.3.type:', 'RandomCrop'),
    ({f'{LOADER}.sampler.type': 'InfiniteSampel'}, 'sampler.type:', 'InfiniteSampler'),
    ({'optim_wrapper.type': 'OptimWraper'}, 'optim_wrapper.type:', 'OptimWrapper'),
    ({'optim_wrapper.optimizer.type': 'AdmaW'}, 'optim_wrapper.optimizer.type:', 'AdamW'),
    ({'param_scheduler.0.type': 'PolyLr2'}, 'param_scheduler.0.type:', 'PolyLR'),
    ({'val_evaluator.type': 'IouMetrics'}, 'val_evaluator.type:', 'IoUMetric'),
    ({'default_hooks.logger.type': 'LogerHook'}, 'default_hooks.logger.type:', 'LoggerHook'),
    ({'custom_hooks': [{'type': 'EMAHok'}]}, 'custom_hooks.0.type:', 'EMAHook'),
    (
        {'custom_hooks': [{'type': 'NumClassCheckHook'}]},
        "'NumClassCheckHook' is not a registered hook; check its spelling and imports",
    ),
    ({'visualizer.type': 'SegLocalVisualiser'}, 'visualizer.type:', 'SegLocalVisualizer'),
    (
        {'visualizer.vis_backends.0.type': 'LocalVisBacked'},
        'vis_backends.0.type:',
        'LocalVisBackend',
    ),
    ({'tta_model.type': 'SegTTAModl'}, 'tta_model.type:', 'SegTTAModel'),
    ({'train_cfg.type': 'IterBasedTrainLop'}, 'train_cfg.type:', 'IterBasedTrainLoop'),
    ({'model.decode_head.loss_decode': [{'use_sigmoid': True}]}, 'loss_decode.0: its `type` is'),
    # constructor arguments
    (
        {'model.decode_head.num_clases': 7},
        'model.decode_head.num_clases:',
        'DepthwiseSeparableASPPHead has no such argument; did you mean num_classes',
    ),
    ({'model.backbone.dilation': 1}, 'model.backbone.dilation:', 'did you mean dilations'),
    ({'model.data_preprocessor.meen': [0]}, 'model.data_preprocessor.meen:', 'mean'),
    ({'model.decode_head.loss_decode.avg_non_ignor': True}, 'avg_non_ignor:', 'avg_non_ignore'),
    ({'model.backbone.norm_cfg.requires_grat': True}, 'requires_grat:', 'requires_grad'),
    ({f'{PIPELINE}.3.cat_max_rato': 0.5}, f'{PIPELINE}.3.cat_max_rato:', 'cat_max_ratio'),
    ({f'{LOADER}.dataset.data_rot': 'x'}, 'dataset.data_rot:', 'data_root'),
    ({f'{LOADER}.dataset.data_prefix.img_pth': 'x'}, 'data_prefix.img_pth:', 'img_path'),
    ({f'{LOADER}.batchsize': 2}, 'train_dataloader.batchsize:', 'batch_size'),
    ({f'{LOADER}.sampler.shufle': True}, 'sampler.shufle:', 'shuffle'),
    ({'optim_wrapper.optimizer.momentun': 0.9}, 'optimizer.momentun:', 'momentum'),
    ({'optim_wrapper.acumulative_counts': 2}, 'acumulative_counts:', 'accumulative_counts'),
    ({'optim_wrapper.clip_grad': {'max_nrom': 1}}, 'clip_grad.max_nrom:', 'max_norm'),
    ({'param_scheduler.0.pwer': 0.9}, 'param_scheduler.0.pwer:', 'power'),
    ({'train_cfg.max_iter': 5}, 'train_cfg.max_iter:', 'max_iters'),
    ({'val_evaluator.iou_metircs': ['mIoU']}, 'iou_metircs:', 'iou_metrics'),
    ({'default_hooks.checkpoint.intervall': 5}, 'intervall:', 'interval'),
    ({'default_hooks.checkpiont': {'interval': 5}}, 'default_hooks.checkpiont:', 'checkpoint?'),
    ({'randomness': {'sed': 1}}, 'randomness.sed:', 'seed'),
    ({'env_cfg.cudnn_benchmrk': True}, 'env_cfg.cudnn_benchmrk:', 'cudnn_benchmark'),
    ({'env_cfg.mp_cfg.opencv_num_thread': 1}, 'opencv_num_thread:', 'opencv_num_threads'),
    ({'tta_pipeline.1.transforms.0.0.keep_rati': True}, 'transforms.0.0.keep_rati', 'keep_ratio'),
    ({'custom_hooks': [{'type': 'EMAHook', 'momentm': 1}]}, 'custom_hooks.0.momentm:', 'momentum'),
    ({'custom_hooks': [{'type': 'EarlyStoppingHook'}]}, 'EarlyStoppingHook needs monitor'),
    ({'model.test_cfg.strid': (1, 1)}, 'model.test_cfg.strid:', 'stride'),
    # facts that must agree
    ({'model.test_cfg.mode': 'slid'}, 'model.test_cfg.mode:', "'whole' or 'slide'"),
    ({'model.test_cfg.mode': 'slide'}, 'model.test_cfg.crop_size: must be (height, width)'),
    (
        {'model.test_cfg': {'mode': 'slide', 'crop_size': (64, 64), 'stride': (64, 65)}},
        'model.test_cfg.stride: must not be larger than crop_size (64, 64), got (64, 65)',
    ),
    (
        {'model.auxiliary_head.num_classes': 6},
        'model.auxiliary_head.num_classes: is 6, but train_dataloader.dataset has 7 classes',
    ),
    (
        {'model.data_preprocessor.size': (256, 256)},
        f'{PIPELINE}.3.crop_size: is (512, 512), but model.data_preprocessor.size is (256, 256)',
    ),
]


@pytest.mark.parametrize('case', MISTAKES, ids=lambda c: ' '.join(c[0]))
def test_a_mistake_is_named_with_its_place(case):
    options, *texts = case
    with pytest.raises(ConfigError) as caught:
        check_config(load_config(NAME, options))
    for text in texts:
        assert text in str(caught.value), str(caught.value)


def test_all_mistakes_come_at_once():
    options = {'model.decode_head.num_clases': 7, f'{PIPELINE}.4.type': 'RandomFlp'}
    with pytest.raises(ConfigError, match=r'has 2 mistakes:\n  .*\n  ') as caught:
        check_config(load_config(NAME, options))
    assert re.search(r'num_clases.*\n.*RandomFlip', str(caught.value))
    assert f'{NAME}.py' in str(caught.value)


@pytest.mark.parametrize(
    'options',
    [
        {},
        {'my_variable': 5, 'models': ['a'], 'img_norm_cfg': {'mean': 0}, 'mode': 'x', 'seed': 1},
        {'train_cfg': {'_delete_': True, 'by_epoch': False, 'max_iters': 3}},
        {'train_cfg': {'_delete_': True, 'by_epoch': True, 'max_epochs': 3}},
        {'optim_wrapper.type': 'AmpOptimWrapper', 'optim_wrapper.loss_scale': 'dynamic'},
        {'optim_wrapper.clip_grad': {'max_norm': 1.0, 'norm_type': 2}},
        {'optim_wrapper.paramwise_cfg': {'custom_keys': {'backbone': {'lr_mult': 0.1}}}},
        {'custom_hooks': [{'type': 'EMAHook', 'momentum': 0.1, 'priority': 49}]},
        {'model.backbone.init_cfg': {'type': 'Pretrained', 'checkpoint': 'x.pth'}},
        {'model.decode_head.loss_decode': [{'type': 'CrossEntropyLoss', 'loss_name': 'loss_a'}]},
        {'val_evaluator': [{'type': 'IoUMetric'}]},
        {'model.test_cfg': {'mode': 'slide', 'crop_size': (64, 64), 'stride': (43, 43)}},
        {'auto_scale_lr': {'enable': False, 'base_batch_size': 16}, 'compile': True},
        {'visualizer.vis_backends': [{'type': 'TensorboardVisBackend'}]},
    ],
    ids=str,
)
def test_what_is_right_passes(options):
    check_config(load_config(NAME, options))


def test_wrapped_data_sets_and_samplers_are_followed():
    config = load_config(NAME)
    inner = config.train_dataloader.dataset
    wrapped = dict(
        type='RepeatDataset', times=2, dataset=dict(type='ConcatDataset', datasets=[inner])
    )
    config.train_dataloader.dataset = wrapped
    check_config(config)
    inner.pipeline[3].crop_siz = 1
    config.train_dataloader.dataset = wrapped
    with pytest.raises(ConfigError, match=r'dataset\.dataset\.datasets\.0\.pipeline\.3\.crop_siz'):
        check_config(config)


def test_checking_changes_nothing():
    config = load_config(NAME)
    before = config.to_dict()
    check_config(config)
    assert config.to_dict() == before
