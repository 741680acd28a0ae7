"""LoveDA: 0.3 m tiles of 1024x1024; label 0 is no-data and ignored."""

_base_ = './aerial_loaders.py'
dataset_type = 'LoveDADataset'
data_root = 'data/loveDA'
num_classes = 7
crop_size = (512, 512)  # height, width; the one place where it is set
sizes = dict(
    RandomResize=dict(scale=(2048, 512)),  # width, height
    RandomCrop=dict(crop_size=crop_size),
    Resize=dict(scale=(1024, 1024)),
)
train_pipeline = [dict(step, **sizes.get(step.type, {})) for step in _base_.train_pipeline]
test_pipeline = [dict(step, **sizes.get(step.type, {})) for step in _base_.test_pipeline]
train_dataloader = dict(
    dataset=dict(type=dataset_type, data_root=data_root, pipeline=train_pipeline)
)
val_dataloader = dict(dataset=dict(type=dataset_type, data_root=data_root, pipeline=test_pipeline))
domains = dict(urban='splits/val_urban.txt', rural='splits/val_rural.txt')  # scored apart as well
test_dataloader = dict(dataset=dict(val_dataloader['dataset'], group=domains))
model_settings = dict(
    data_preprocessor=dict(size=crop_size),
    decode_head=dict(num_classes=num_classes),
    auxiliary_head=dict(num_classes=num_classes),
)
