"""Dubai ("Semantic segmentation of aerial imagery", Humans in the Loop, CC0): colour masks.

Folders: train/images, train/masks, val/images, val/masks. All tiles have one ground
resolution, so training scales are factors of the image's own size.
"""

_base_ = './aerial_loaders.py'
dataset_type = 'BaseSegDataset'
data_root = 'data/dubai'
crop_size = (256, 256)  # height, width; the one place where it is set
num_classes = 5
metainfo = dict(
    classes=('building', 'land', 'road', 'vegetation', 'water'),
    palette=['#3C1098', '#8429F6', '#6EC1E4', '#FEDD3A', '#E2A929'],
)
color_table = dict(ignore=['#9B9B9B', '#000000'])  # unlabeled, and stray black
train_pipeline = [
    dict(type='LoadImageFromFile'),
    dict(type='LoadAnnotations'),
    dict(
        type='RandomChoice',
        transforms=[[dict(type='Resize', scale_factor=f)] for f in (0.75, 1.0, 1.25, 1.5)],
    ),
    dict(type='RandomCrop', crop_size=crop_size, cat_max_ratio=0.75),
    dict(type='RandomFlip', prob=[0.25, 0.25], direction=['horizontal', 'vertical']),
    dict(type='RandomRotate90'),
    dict(type='PhotoMetricDistortion'),
    dict(type='PackSegInputs'),
]
test_pipeline = [
    dict(type='LoadImageFromFile'),
    dict(type='LoadAnnotations'),
    dict(type='PackSegInputs'),
]
train_dataloader = dict(
    num_workers=1,
    dataset=dict(
        type=dataset_type,
        metainfo=metainfo,
        color_table=color_table,
        data_root=data_root,
        data_prefix=dict(img_path='train/images', seg_map_path='train/masks'),
        img_suffix='.jpg',
        pipeline=train_pipeline,
    ),
)
val_dataloader = dict(
    num_workers=1,
    dataset=dict(
        type=dataset_type,
        metainfo=metainfo,
        color_table=color_table,
        data_root=data_root,
        data_prefix=dict(img_path='val/images', seg_map_path='val/masks'),
        img_suffix='.jpg',
        pipeline=test_pipeline,
    ),
)
test_dataloader = val_dataloader
