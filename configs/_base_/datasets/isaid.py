"""iSAID in 896x896 crops; background is a class, 255 is padding."""

_base_ = './aerial_loaders.py'
dataset_type = 'iSAIDDataset'
data_root = 'data/iSAID'
num_classes = 16
crop_size = (896, 896)  # height, width; the one place where it is set
img_scale = (896, 896)  # width, height
sizes = dict(
    RandomResize=dict(scale=img_scale),
    RandomCrop=dict(crop_size=crop_size),
    Resize=dict(scale=img_scale),
)
train_pipeline = [dict(step, **sizes.get(step.type, {})) for step in _base_.train_pipeline]
test_pipeline = [dict(step, **sizes.get(step.type, {})) for step in _base_.test_pipeline]
train_dataloader = dict(
    dataset=dict(type=dataset_type, data_root=data_root, pipeline=train_pipeline)
)
val_dataloader = dict(dataset=dict(type=dataset_type, data_root=data_root, pipeline=test_pipeline))
test_dataloader = val_dataloader
model_settings = dict(
    data_preprocessor=dict(size=crop_size),
    decode_head=dict(num_classes=num_classes),
    auxiliary_head=dict(num_classes=num_classes),
)
