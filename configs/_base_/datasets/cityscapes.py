"""Cityscapes: streets of 2048x1024 in 512x1024 crops."""

_base_ = './standard.py'
dataset_type = 'CityscapesDataset'
data_root = 'data/cityscapes'
num_classes = 19
crop_size = (512, 1024)  # height, width; the one place where it is set
img_scale = (2048, 1024)  # width, height
sizes = dict(
    RandomResize=dict(scale=img_scale),
    RandomCrop=dict(crop_size=crop_size),
    Resize=dict(scale=img_scale),
)
train_pipeline = [dict(step, **sizes.get(step.type, {})) for step in _base_.train_pipeline]
test_pipeline = [dict(step, **sizes.get(step.type, {})) for step in _base_.test_pipeline]
train_dataloader = dict(
    batch_size=2,
    num_workers=2,
    dataset=dict(
        type=dataset_type,
        data_root=data_root,
        data_prefix=dict(img_path='leftImg8bit/train', seg_map_path='gtFine/train'),
        pipeline=train_pipeline,
    ),
)
val_dataloader = dict(
    dataset=dict(
        type=dataset_type,
        data_root=data_root,
        data_prefix=dict(img_path='leftImg8bit/val', seg_map_path='gtFine/val'),
        pipeline=test_pipeline,
    ),
)
test_dataloader = val_dataloader
model_settings = dict(
    data_preprocessor=dict(size=crop_size),
    decode_head=dict(num_classes=num_classes),
    auxiliary_head=dict(num_classes=num_classes),
)
