"""What else configs of MMSegmentation 0.x could say."""

from __future__ import annotations

import pytest
from mmengine.config import Config

from mmseg_deeplab.config import load_config
from mmseg_deeplab.config.legacy import convert_legacy
from mmseg_deeplab.utils.errors import ConfigError

NORM = dict(mean=[1.0, 2.0, 3.0], std=[4.0, 5.0, 6.0], to_rgb=True)
COLLECT = dict(type='Collect', keys=['img', 'gt_semantic_seg'])


def for_training(*steps, resize=None):
    resize = resize or dict(type='Resize', img_scale=(64, 32), ratio_range=(0.5, 2.0))
    end = [dict(type='Normalize', **NORM), dict(type='DefaultFormatBundle'), COLLECT]
    return [dict(type='LoadImageFromFile'), dict(type='LoadAnnotations'), resize, *steps, *end]


def for_testing(**settings):
    inner = [
        dict(type='Resize', keep_ratio=True),
        dict(type='RandomFlip'),
        dict(type='Normalize', **NORM),
        dict(type='ImageToTensor', keys=['img']),
        dict(type='Collect', keys=['img']),
    ]
    augmented = dict(type='MultiScaleFlipAug', transforms=inner, **settings)
    return [dict(type='LoadImageFromFile'), augmented]


def dataset(**settings):
    return dict(dict(type='CustomDataset', data_root='d', img_dir='i', ann_dir='a'), **settings)


def convert(**settings):
    """A small config of 0.x with these sections changed, converted; and the remarks."""
    old = dict(
        model=dict(type='EncoderDecoder', backbone=dict(type='ResNet')),
        optimizer=dict(type='SGD', lr=0.1),
        optimizer_config=dict(),
        lr_config=dict(policy='poly', power=0.9, min_lr=1e-4, by_epoch=False),
        runner=dict(type='IterBasedRunner', max_iters=100),
        evaluation=dict(interval=10, metric='mIoU'),
    )
    return convert_legacy(Config({**old, **settings}))


def data(train=None, test=None, **settings):
    steps = dict(pipeline=for_training())
    return dict(
        train=train or dataset(**steps),
        val=dataset(pipeline=for_testing(img_scale=(64, 32), flip=False)),
        test=test or dataset(pipeline=for_testing(img_scale=(64, 32), flip=False)),
        **settings,
    )


def resized(step):
    config, _ = convert(data=data(train=dataset(pipeline=for_training(resize=step))))
    return dict(config.train_dataloader.dataset.pipeline[2])


def test_resize():
    scale = (2048, 512)
    assert resized(dict(type='Resize', img_scale=scale, keep_ratio=False)) == dict(
        type='Resize', scale=scale, keep_ratio=False
    )
    assert resized(dict(type='Resize', img_scale=[scale], ratio_range=(0.5, 2))) == dict(
        type='RandomResize', scale=scale, ratio_range=(0.5, 2), keep_ratio=True
    )
    several = [(512, 512), (640, 512), (768, 512)]
    assert resized(dict(type='Resize', img_scale=several, multiscale_mode='value')) == dict(
        type='RandomChoiceResize', scales=several, resize_type='Resize', keep_ratio=True
    )
    # a long and a short edge were drawn, in whichever order the sizes were written
    assert resized(dict(type='Resize', img_scale=[(512, 2048), (1024, 4096)])) == dict(
        type='RandomResize', scale=[(2048, 512), (4096, 1024)], keep_ratio=True
    )
    with pytest.raises(ConfigError, match='min_size'):
        resized(dict(type='Resize', img_scale=scale, min_size=512))


def test_padding_is_the_preprocessors_where_it_came_after_normalising():
    steps = for_training(dict(type='RandomFlip', flip_ratio=0.5))
    steps.insert(-2, dict(type='Pad', size=(32, 64), pad_val=0, seg_pad_val=254))
    config, _ = convert(data=data(train=dataset(pipeline=steps)))
    assert config.model.data_preprocessor == dict(
        type='SegDataPreProcessor', mean=NORM['mean'], std=NORM['std'], bgr_to_rgb=True,
        size=(32, 64), pad_val=0, seg_pad_val=254,
    )  # fmt: skip
    assert config.train_dataloader.dataset.pipeline[3] == dict(type='RandomFlip', prob=0.5)
    # before, it is a step; its size was (height, width)
    before = dataset(pipeline=for_training(dict(type='Pad', size=(32, 64), pad_val=9)))
    config, _ = convert(data=data(train=before))
    assert config.train_dataloader.dataset.pipeline[3] == dict(
        type='Pad', size=(64, 32), pad_val=dict(img=9, seg=255)
    )
    assert config.model.data_preprocessor.size_divisor == 1
    odd = for_training()
    odd.insert(-2, dict(type='RandomRotate', prob=0.5, degree=10))
    with pytest.raises(ConfigError, match='RandomRotate stands behind Normalize'):
        convert(data=data(train=dataset(pipeline=odd)))


def test_several_folders_repeats_and_lists():
    config, _ = convert(
        data=data(
            train=dict(
                type='RepeatDataset', times=9,
                dataset=dataset(
                    ann_dir=['a', 'b'], split=['1.txt', '2.txt'], img_dir=['i', 'i'],
                    classes=('x', 'y'), pipeline=for_training()),
            ),
            samples_per_gpu=3, workers_per_gpu=0,
        )
    )  # fmt: skip
    loader = config.train_dataloader
    assert (loader.batch_size, loader.persistent_workers) == (3, False)
    assert (loader.dataset.type, loader.dataset.times) == ('RepeatDataset', 9)
    assert loader.dataset.dataset.type == 'ConcatDataset'
    first, second = loader.dataset.dataset.datasets
    assert first.type == 'BaseSegDataset' and first.metainfo.classes == ('x', 'y')
    assert second.data_prefix == dict(img_path='i', seg_map_path='b')
    assert (first.ann_file, second.ann_file) == ('1.txt', '2.txt')
    with pytest.raises(ConfigError, match='img_dir has 1, ann_dir has 2'):
        convert(
            data=data(train=dataset(img_dir=['i'], ann_dir=['a', 'b'], pipeline=for_training()))
        )


def test_views_of_the_file_and_a_test_set_without_labels():
    test = dataset(
        ann_dir=None, pipeline=for_testing(img_scale=(64, 32), img_ratios=[0.5, 1.0], flip=True)
    )
    config, notes = convert(data=data(test=test))
    kinds = [step.type for step in config.test_dataloader.dataset.pipeline]
    assert kinds == ['LoadImageFromFile', 'Resize', 'PackSegInputs']
    scales, flips, *_ = config.tta_pipeline[1].transforms
    assert [view.scale for view in scales] == [(32, 16), (64, 32)]
    assert [view.prob for view in flips] == [0.0, 1.0]
    assert config.test_evaluator.format_only and not config.val_evaluator.get('format_only')
    assert any('--aug-test' in note for note in notes) and any('no labels' in n for n in notes)
    own_size = dataset(pipeline=for_testing(img_scale=None, img_ratios=[1.0, 1.5], flip=False))
    config, _ = convert(data=data(test=own_size))
    kinds = [step.type for step in config.test_dataloader.dataset.pipeline]
    assert kinds == ['LoadImageFromFile', 'LoadAnnotations', 'PackSegInputs']
    assert [view.scale_factor for view in config.tta_pipeline[1].transforms[0]] == [1.0, 1.5]


def test_optimiser():
    paramwise = dict(custom_keys={'backbone': dict(lr_mult=0.1)})
    config, _ = convert(
        optimizer=dict(type='AdamW', lr=0.1, paramwise_cfg=paramwise),
        optimizer_config=dict(grad_clip=dict(max_norm=1)),
    )
    assert config.optim_wrapper == dict(
        type='OptimWrapper', optimizer=dict(type='AdamW', lr=0.1), clip_grad=dict(max_norm=1),
        paramwise_cfg=paramwise,
    )  # fmt: skip
    config, _ = convert(
        optimizer_config=dict(type='Fp16OptimizerHook', loss_scale=512.0), fp16=dict()
    )
    assert (config.optim_wrapper.type, config.optim_wrapper.loss_scale) == ('AmpOptimWrapper', 512)
    config, _ = convert(fp16=dict(loss_scale='dynamic'))
    assert config.optim_wrapper.loss_scale == 'dynamic'
    hook = dict(type='GradientCumulativeOptimizerHook', cumulative_iters=4)
    assert convert(optimizer_config=hook)[0].optim_wrapper.accumulative_counts == 4
    with pytest.raises(ConfigError, match='SomebodysHook'):
        convert(optimizer_config=dict(type='SomebodysHook'))


def test_schedules():
    warm = dict(policy='poly', power=1.0, by_epoch=False, warmup='linear', warmup_iters=15,
                warmup_ratio=1e-6)  # fmt: skip
    config, notes = convert(lr_config=warm)
    assert config.param_scheduler == [
        dict(type='LinearLR', start_factor=1e-6, begin=0, end=15, by_epoch=False),
        dict(type='PolyLR', eta_min=0.0, power=1.0, begin=15, end=100, by_epoch=False),
    ]
    assert any('warm-up' in note for note in notes)
    for policy in (dict(policy='step', step=[8]), dict(policy='fixed')):
        config, notes = convert(lr_config={**warm, **policy})
        assert [later.begin for later in config.param_scheduler] == [0] * (1 + ('step' in policy))
        assert not any('warm-up' in note for note in notes)
    epochs = dict(type='EpochBasedRunner', max_epochs=12)
    config, _ = convert(lr_config=dict(policy='step', step=[8, 11]), runner=epochs)
    assert config.param_scheduler == [
        dict(type='MultiStepLR', milestones=[8, 11], gamma=0.1, begin=0, end=12, by_epoch=True)
    ]
    assert config.train_cfg == dict(type='EpochBasedTrainLoop', max_epochs=12, val_interval=10)
    assert config.log_processor.by_epoch and config.default_hooks.checkpoint.by_epoch
    config, _ = convert(lr_config=dict(policy='CosineAnnealing', min_lr_ratio=0.1))
    assert config.param_scheduler[0].T_max == 100
    assert config.param_scheduler[0].eta_min_ratio == 0.1
    with pytest.raises(ConfigError, match="one of poly, .* got 'cyclic'"):
        convert(lr_config=dict(policy='cyclic'))
    with pytest.raises(ConfigError, match='needs runner'):
        convert(runner=None)


def test_hooks_logs_and_the_rest():
    config, notes = convert(
        data=data(),
        checkpoint_config=dict(interval=7, max_keep_ckpts=2, meta=dict(CLASSES=('x',))),
        evaluation=dict(interval=5, metric=['mIoU', 'mDice', 'cityscapes'], save_best='mIoU'),
        log_config=dict(
            interval=3, hooks=[dict(type='TextLoggerHook'), dict(type='TensorboardLoggerHook'),
                               dict(type='PaviLoggerHook')]),
        resume_from='a.pth', seed=3, workflow=[('train', 1), ('val', 1)], gpu_ids=[0],
        my_own='kept',
    )  # fmt: skip
    assert config.default_hooks.checkpoint == dict(
        type='CheckpointHook', by_epoch=False, interval=7, max_keep_ckpts=2, save_best='mIoU'
    )
    assert config.default_hooks.logger.interval == 3
    assert config.train_cfg.val_interval == 5
    assert [b.type for b in config.visualizer.vis_backends] == [
        'LocalVisBackend',
        'TensorboardVisBackend',
    ]
    assert config.val_evaluator.iou_metrics == ['mIoU', 'mDice']
    assert (config.load_from, config.resume, config.randomness) == ('a.pth', True, dict(seed=3))
    assert config.my_own == 'kept' and 'workflow' not in config
    said = ' '.join(notes)
    assert all(word in said for word in ('cityscapes', 'PaviLoggerHook', "'val'", 'gpu_ids'))


def test_model_of_the_zoo_that_0x_itself_refused():
    """Its LoveDA R-18 file: a base with `pretrained` and a child with the backbone's own."""
    own = dict(type='Pretrained', checkpoint='open-mmlab://resnet18_v1c')
    model = dict(
        type='EncoderDecoder', pretrained='open-mmlab://resnet50_v1c',
        backbone=dict(type='ResNetV1c', depth=18, init_cfg=own),
    )  # fmt: skip
    config, notes = convert(model=model, test_cfg=dict(mode='whole'))
    assert config.model.pretrained == 'open-mmlab://resnet18_v1c'
    assert 'init_cfg' not in config.model.backbone
    assert config.model.test_cfg == dict(mode='whole')  # beside the model in the oldest files
    assert any('gives way' in note for note in notes)


def test_a_file_for_inference_only():
    config = load_config(
        dict(
            model=dict(type='EncoderDecoder'),
            data=dict(test=dataset(pipeline=for_testing(img_scale=(64, 32), flip=False))),
        )
    )
    assert config.test_cfg.type == 'TestLoop' and 'train_dataloader' not in config
    assert config.model.data_preprocessor.mean == NORM['mean']


def test_pipelines_that_normalise_differently():
    other = for_testing(img_scale=(64, 32), flip=False)
    other[1]['transforms'][2]['mean'] = [0.0, 0.0, 0.0]
    with pytest.raises(ConfigError, match='normalise or pad differently'):
        convert(data=data(test=dataset(pipeline=other)))
