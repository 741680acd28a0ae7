"""HRF: 45 retina images of 3504x2336."""

_base_ = './retina.py'
dataset_type = 'HRFDataset'
data_root = 'data/HRF'
crop_size = (256, 256)  # height, width; the one place where it is set
img_scale = (2336, 3504)
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
    test_cfg=dict(crop_size=crop_size, stride=(170, 170)),
)
