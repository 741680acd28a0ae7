"""An example of tiles with five 16-bit bands in TIFF files; 0 in every band means no data."""

_base_ = './aerial_loaders.py'
dataset_type = 'BaseSegDataset'
data_root = 'data/five_bands'
metainfo = dict(classes=('land', 'water'), palette=['#8429F6', '#E2A929'])
crop_size = (256, 256)  # height, width; the one place where it is set
num_classes = 2
load_image = dict(type='LoadImageFromFile', nodata=0)
train_pipeline = [
    load_image,
    dict(type='LoadAnnotations'),
    dict(type='RandomCrop', crop_size=crop_size, cat_max_ratio=0.75),
    dict(type='RandomFlip', prob=0.5),
    dict(type='RandomRotate90'),
    dict(type='PackSegInputs'),
]
test_pipeline = [load_image, dict(type='LoadAnnotations'), dict(type='PackSegInputs')]
tta_pipeline = [load_image, _base_.tta_pipeline[1]]
train_dataloader = dict(
    dataset=dict(
        type=dataset_type,
        metainfo=metainfo,
        data_root=data_root,
        data_prefix=dict(img_path='train/images', seg_map_path='train/masks'),
        img_suffix='.tif',
        pipeline=train_pipeline,
    ),
)
val_dataloader = dict(
    dataset=dict(
        type=dataset_type,
        metainfo=metainfo,
        data_root=data_root,
        data_prefix=dict(img_path='val/images', seg_map_path='val/masks'),
        img_suffix='.tif',
        pipeline=test_pipeline,
    ),
)
test_dataloader = val_dataloader
