"""Cityscapes in 769x769 crops: sizes of 8k + 1, so corners are aligned and windows slide."""

_base_ = './cityscapes.py'
crop_size = (769, 769)  # height, width; the one place where it is set
img_scale = (2049, 1025)  # width, height
sizes = dict(
    RandomResize=dict(scale=img_scale),
    RandomCrop=dict(crop_size=crop_size),
    Resize=dict(scale=img_scale),
)
train_pipeline = [dict(step, **sizes.get(step.type, {})) for step in _base_.train_pipeline]
test_pipeline = [dict(step, **sizes.get(step.type, {})) for step in _base_.test_pipeline]
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
val_dataloader = dict(dataset=dict(pipeline=test_pipeline))
test_dataloader = val_dataloader
model_settings = dict(
    data_preprocessor=dict(size=crop_size),
    decode_head=dict(align_corners=True),
    auxiliary_head=dict(align_corners=True),
    test_cfg=dict(mode='slide', crop_size=crop_size, stride=(513, 513)),
)
