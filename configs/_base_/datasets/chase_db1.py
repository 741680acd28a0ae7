"""CHASE_DB1: 28 retina images of 999x960."""

_base_ = './retina.py'
dataset_type = 'ChaseDB1Dataset'
data_root = 'data/CHASE_DB1'
crop_size = (128, 128)  # height, width; the one place where it is set
img_scale = (960, 999)
sizes = dict(
    RandomResize=dict(scale=img_scale),
    RandomCrop=dict(crop_size=crop_size),
    Resize=dict(scale=img_scale),
)
train_pipeline = [dict(step, **sizes.get(step.type, {})) for step in _base_.train_pipeline]
test_pipeline = [dict(step, **sizes.get(step.type, {})) for step in _base_.test_pipeline]
train_dataloader = dict(
    dataset=dict(
        dataset=dict(type=dataset_type, data_root=data_root, pipeline=train_pipeline),
    ),
)
val_dataloader = dict(dataset=dict(type=dataset_type, data_root=data_root, pipeline=test_pipeline))
test_dataloader = val_dataloader
model_settings = dict(
    data_preprocessor=dict(size=crop_size),
    test_cfg=dict(crop_size=crop_size, stride=(85, 85)),
)
