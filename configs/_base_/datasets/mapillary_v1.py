"""Mapillary Vistas 1.2: 65 classes and unlabeled; sizes as for Cityscapes."""

_base_ = './cityscapes.py'
dataset_type = 'MapillaryDataset_v1'
data_root = 'data/mapillary'
num_classes = 66
train_dataloader = dict(
    num_workers=4,
    dataset=dict(
        type=dataset_type,
        data_root=data_root,
        data_prefix=dict(img_path='training/images', seg_map_path='training/v1.2/labels'),
    ),
)
val_dataloader = dict(
    dataset=dict(
        type=dataset_type,
        data_root=data_root,
        data_prefix=dict(img_path='validation/images', seg_map_path='validation/v1.2/labels'),
    ),
)
test_dataloader = val_dataloader
model_settings = dict(
    decode_head=dict(num_classes=num_classes), auxiliary_head=dict(num_classes=num_classes)
)
