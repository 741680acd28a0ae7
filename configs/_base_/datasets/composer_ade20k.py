"""ADE20K as MosaicML's Composer reads it: square resizing, scores at 512 x 512 and as stored.

Images keep no proportions. Label 0 is ignored from the start, as Composer's -1 is in the end.
"""

_base_ = './standard.py'
data_root = 'data/ade/ADEChallengeData2016'
num_classes = 150
crop_size = (512, 512)  # height, width; the one place where it is set
mean_colour = (103, 116, 123)  # BGR, of padded pixels
load = dict(type='LoadImageFromFile', imdecode_backend='pillow')
train_pipeline = [
    load,
    dict(type='LoadAnnotations'),
    dict(type='RandomResize', scale=crop_size, ratio_range=(0.5, 2.0), backend='pillow'),
    dict(type='RandomCrop', crop_size=crop_size, cat_max_ratio=0.75),
    dict(type='RandomFlip', prob=0.5),
    dict(type='PhotoMetricFactors'),
    dict(type='Pad', size=crop_size, pad_val=dict(img=mean_colour, seg=255), centred=True),
    dict(type='PackSegInputs'),
]
test_pipeline = [
    load,
    dict(type='Resize', scale=crop_size, backend='pillow'),
    dict(type='LoadAnnotations'),  # after Resize: the label keeps its size
    dict(type='PackSegInputs'),
]
train_dataloader = dict(
    batch_size=2,
    num_workers=8,
    drop_last=True,
    sampler=dict(_delete_=True, type='DefaultSampler', shuffle=True),
    dataset=dict(
        type='ADE20KFolders', data_root=data_root, split='training', pipeline=train_pipeline
    ),
)
val_dataloader = dict(
    batch_size=2,
    num_workers=8,
    dataset=dict(
        type='ADE20KFolders', data_root=data_root, split='validation', pipeline=test_pipeline
    ),
)
test_dataloader = val_dataloader
val_evaluator = [
    dict(type='InputSizeIoUMetric', prefix=None),  # as published; named by the size, 512x512
    dict(type='IoUMetric', iou_metrics=['mIoU'], prefix='original_size'),
]
test_evaluator = val_evaluator
