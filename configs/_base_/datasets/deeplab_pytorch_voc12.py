"""Pascal VOC 2012 with SBD in crops of 321, by the lists that deeplab-pytorch reads.

A line of them is `/JPEGImages/NAME.jpg /SegmentationClassAug/NAME.png`, both below data_root.
"""

_base_ = './standard.py'
dataset_type = 'PascalVOCDataset'
data_root = 'data/VOCdevkit/VOC2012'
num_classes = 21
crop_size = (321, 321)  # height, width; the one place where it is set
train_pipeline = [
    dict(type='LoadImageFromFile', to_float32=True),
    dict(type='LoadAnnotations'),
    dict(
        type='RandomScale',
        factors=(0.5, 0.75, 1.0, 1.25, 1.5),
        label_interpolation='nearest_exact',
    ),
    dict(type='RandomCrop', crop_size=crop_size),  # what is smaller is padded with the mean
    dict(type='RandomFlip', prob=0.5),
    dict(type='PackSegInputs'),
]
test_pipeline = [
    dict(type='LoadImageFromFile', to_float32=True),
    dict(type='LoadAnnotations'),
    dict(type='PackSegInputs'),
]
tta_pipeline = [
    dict(type='LoadImageFromFile', to_float32=True),
    dict(
        type='TestTimeAug',
        transforms=[
            [dict(type='RandomFlip', prob=prob, direction='horizontal') for prob in (0.0, 1.0)],
            [dict(type='LoadAnnotations')],
            [dict(type='PackSegInputs')],
        ],
    ),
]
data_prefix = dict(img_path='', seg_map_path='')
train_dataloader = dict(
    batch_size=5,
    dataset=dict(
        type=dataset_type,
        data_root=data_root,
        data_prefix=data_prefix,
        ann_file='ImageSets/SegmentationAug/train_aug.txt',
        pipeline=train_pipeline,
    ),
)
val_dataloader = dict(
    dataset=dict(
        type=dataset_type,
        data_root=data_root,
        data_prefix=data_prefix,
        ann_file='ImageSets/SegmentationAug/val.txt',
        pipeline=test_pipeline,
    ),
)
test_dataloader = val_dataloader
model_settings = dict(
    data_preprocessor=dict(size=crop_size), decode_head=dict(num_classes=num_classes)
)
