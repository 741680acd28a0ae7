"""Configs as MMSegmentation 0.x laid them out, written from their description for tests."""

from __future__ import annotations

from pathlib import Path

MODEL = """\
# model settings
norm_cfg = dict(type='SyncBN', requires_grad=True)
model = dict(
    type='EncoderDecoder',
    pretrained='open-mmlab://resnet50_v1c',
    backbone=dict(
        type='ResNetV1c', depth=50, num_stages=4, out_indices=(0, 1, 2, 3),
        dilations=(1, 1, 2, 4), strides=(1, 2, 1, 1), norm_cfg=norm_cfg, norm_eval=False,
        style='pytorch', contract_dilation=True),
    decode_head=dict(
        type='DepthwiseSeparableASPPHead', in_channels=2048, in_index=3, channels=512,
        dilations=(1, 12, 24, 36), c1_in_channels=256, c1_channels=48, dropout_ratio=0.1,
        num_classes=19, norm_cfg=norm_cfg, align_corners=False,
        loss_decode=dict(type='CrossEntropyLoss', use_sigmoid=False, loss_weight=1.0)),
    auxiliary_head=dict(
        type='FCNHead', in_channels=1024, in_index=2, channels=256, num_convs=1,
        concat_input=False, dropout_ratio=0.1, num_classes=19, norm_cfg=norm_cfg,
        align_corners=False,
        loss_decode=dict(type='CrossEntropyLoss', use_sigmoid=False, loss_weight=0.4)),
    # model training and testing settings
    train_cfg=dict(),
    test_cfg=dict(mode='whole'))
"""

DATASET = """\
# dataset settings
dataset_type = '{kind}'
data_root = '{root}'
img_norm_cfg = dict(
    mean=[123.675, 116.28, 103.53], std=[58.395, 57.12, 57.375], to_rgb=True)
crop_size = {crop}
train_pipeline = [
    dict(type='LoadImageFromFile'),
    dict(type='LoadAnnotations'{reduce}),
    dict(type='Resize', img_scale={scale}, ratio_range=(0.5, 2.0)),
    dict(type='RandomCrop', crop_size=crop_size, cat_max_ratio=0.75),
    dict(type='RandomFlip', prob=0.5),
    dict(type='PhotoMetricDistortion'),
    dict(type='Normalize', **img_norm_cfg),
    dict(type='Pad', size=crop_size, pad_val=0, seg_pad_val=255),
    dict(type='DefaultFormatBundle'),
    dict(type='Collect', keys=['img', 'gt_semantic_seg']),
]
test_pipeline = [
    dict(type='LoadImageFromFile'),
    dict(
        type='MultiScaleFlipAug',
        img_scale={test_scale},
        # img_ratios=[0.5, 0.75, 1.0, 1.25, 1.5, 1.75],
        flip=False,
        transforms=[
            dict(type='Resize', keep_ratio=True),
            dict(type='RandomFlip'),
            dict(type='Normalize', **img_norm_cfg),
            dict(type='ImageToTensor', keys=['img']),
            dict(type='Collect', keys=['img']),
        ])
]
data = dict(
    samples_per_gpu={batch},
    workers_per_gpu={batch},
    train=dict(
        type=dataset_type, data_root=data_root, img_dir='{train_img}', ann_dir='{train_ann}',
        pipeline=train_pipeline),
    val=dict(
        type=dataset_type, data_root=data_root, img_dir='{val_img}', ann_dir='{val_ann}',
        pipeline=test_pipeline),
    test=dict(
        type=dataset_type, data_root=data_root, img_dir='{val_img}', ann_dir='{val_ann}',
        pipeline=test_pipeline))
"""

SCHEDULE = """\
# optimizer
optimizer = dict(type='SGD', lr=0.01, momentum=0.9, weight_decay=0.0005)
optimizer_config = dict()
# learning policy
lr_config = dict(policy='poly', power=0.9, min_lr=1e-4, by_epoch=False)
# runtime settings
runner = dict(type='IterBasedRunner', max_iters={iters})
checkpoint_config = dict(by_epoch=False, interval={tenth})
evaluation = dict(interval={tenth}, metric='mIoU', pre_eval=True)
"""

RUNTIME = """\
# yapf:disable
log_config = dict(
    interval=50,
    hooks=[
        dict(type='TextLoggerHook', by_epoch=False),
        # dict(type='TensorboardLoggerHook')
    ])
# yapf:enable
dist_params = dict(backend='nccl')
log_level = 'INFO'
load_from = None
resume_from = None
workflow = [('train', 1)]
cudnn_benchmark = True
"""

SPLITS = dict(train_img='img_dir/train', train_ann='ann_dir/train',
              val_img='img_dir/val', val_ann='ann_dir/val')  # fmt: skip
AERIAL = dict(crop=(512, 512), scale=(512, 512), test_scale=(512, 512), batch=4, **SPLITS)
REDUCE = ', reduce_zero_label=True'
DATASETS = {
    'loveda': dict(
        AERIAL, kind='LoveDADataset', root='data/loveDA', scale=(2048, 512),
        test_scale=(1024, 1024), reduce=REDUCE),
    'potsdam': dict(AERIAL, kind='PotsdamDataset', root='data/potsdam', reduce=REDUCE),
    'vaihingen': dict(AERIAL, kind='ISPRSDataset', root='data/vaihingen', reduce=REDUCE),
    'isaid': dict(
        AERIAL, kind='iSAIDDataset', root='data/iSAID', crop=(896, 896), scale=(896, 896),
        test_scale=(896, 896), reduce=''),
    'cityscapes_769x769': dict(
        kind='CityscapesDataset', root='data/cityscapes/', crop=(769, 769), scale=(2049, 1025),
        test_scale=(2049, 1025), batch=2, reduce='', train_img='leftImg8bit/train',
        train_ann='gtFine/train', val_img='leftImg8bit/val', val_ann='gtFine/val'),
    'ade20k': dict(
        AERIAL, kind='ADE20KDataset', root='data/ade/ADEChallengeData2016', scale=(2048, 512),
        test_scale=(2048, 512), reduce=REDUCE, train_img='images/training',
        train_ann='annotations/training', val_img='images/validation',
        val_ann='annotations/validation'),
}  # fmt: skip
CHILD = """\
_base_ = [
    '../_base_/models/deeplabv3plus_r50-d8.py', '../_base_/datasets/{data}.py',
    '../_base_/default_runtime.py', '../_base_/schedules/schedule_{k}k.py'
]
model = dict(
    decode_head=dict({head}), auxiliary_head=dict({head}){more})
"""
SLIDE = ",\n    test_cfg=dict(mode='slide', crop_size=(769, 769), stride=(513, 513))"
# 0.x name, data set, thousands of iterations, the heads' settings, other settings of the model
CONFIGS = {
    'deeplabv3plus_r50-d8_512x512_80k_loveda': ('loveda', 80, 'num_classes=7', ''),
    'deeplabv3plus_r50-d8_512x512_80k_potsdam': ('potsdam', 80, 'num_classes=6', ''),
    'deeplabv3plus_r50-d8_4x4_512x512_80k_vaihingen': ('vaihingen', 80, 'num_classes=6', ''),
    'deeplabv3plus_r50-d8_4x4_896x896_80k_isaid': ('isaid', 80, 'num_classes=16', ''),
    'deeplabv3plus_r50-d8_769x769_80k_cityscapes': (
        'cityscapes_769x769', 80, 'align_corners=True', SLIDE),
    'deeplabv3plus_r50-d8_512x512_160k_ade20k': ('ade20k', 160, 'num_classes=150', ''),
}  # fmt: skip


def write_checkout(folder: Path) -> Path:
    """Write ``configs/`` of a 0.x checkout, as far as these configs need it; returns it."""
    root = folder / 'configs'
    files = {
        '_base_/models/deeplabv3plus_r50-d8.py': MODEL,
        '_base_/default_runtime.py': RUNTIME,
        **{
            f'_base_/schedules/schedule_{k}k.py': SCHEDULE.format(iters=k * 1000, tenth=k * 100)
            for k in (80, 160)
        },
        **{f'_base_/datasets/{name}.py': DATASET.format(**v) for name, v in DATASETS.items()},
        **{
            f'deeplabv3plus/{name}.py': CHILD.format(data=data, k=k, head=head, more=more)
            for name, (data, k, head, more) in CONFIGS.items()
        },
    }
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding='utf-8')
    return root
