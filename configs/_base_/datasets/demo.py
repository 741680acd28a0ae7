"""The demo's drawn scenes (tools/demo.py draws them): LoveDA's classes and layout, 160x160."""

_base_ = './loveda.py'
data_root = 'data/demo'
crop_size = (64, 64)  # height, width; small, so that a CPU makes many steps in a minute
train_pipeline = [
    dict(type='LoadImageFromFile'),
    dict(type='LoadAnnotations'),
    dict(type='RandomCrop', crop_size=crop_size),
    dict(type='RandomFlip', prob=0.5),
    dict(type='RandomRotate90'),
    dict(type='PackSegInputs'),
]
test_pipeline = [
    dict(type='LoadImageFromFile'),
    dict(type='LoadAnnotations'),
    dict(type='PackSegInputs'),
]
train_dataloader = dict(
    batch_size=8,
    num_workers=0,  # loading takes a hundredth of a step, and the cores are busy
    persistent_workers=False,
    dataset=dict(data_root=data_root, pipeline=train_pipeline),
)
val_dataloader = dict(
    num_workers=0,
    persistent_workers=False,
    dataset=dict(data_root=data_root, pipeline=test_pipeline),
)
test_dataloader = val_dataloader
model_settings = dict(data_preprocessor=dict(size=crop_size))
