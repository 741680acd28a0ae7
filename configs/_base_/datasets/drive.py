"""DRIVE: 40 retina images of 565x584."""

_base_ = './retina.py'
dataset_type = 'DRIVEDataset'
data_root = 'data/DRIVE'
crop_size = (64, 64)  # height, width; the one place where it is set
img_scale = (584, 565)
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
    test_cfg=dict(crop_size=crop_size, stride=(42, 42)),
)
