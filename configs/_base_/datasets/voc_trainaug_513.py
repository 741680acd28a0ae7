"""Pascal VOC 2012 with SBD as one list of 10582 images, in crops of 513, as MindCV trains on it.

`mmseg-deeplab convert voc_trainaug data/voc_sbd` makes the lists and the labels. For reading from
shards set `train_dataloader.dataset.ann_file` to the index that `tools/pack_dataset.py` writes.
"""

_base_ = './standard.py'
dataset_type = 'PascalVOCDataset'
data_root = 'data/voc_sbd'
num_classes = 21
crop_size = (513, 513)  # height, width; the one place where it is set
mean = [103.53, 116.28, 123.675]  # of ImageNet, in BGR order
std = [57.375, 57.12, 58.395]
normalize = dict(type='Normalize', mean=mean, std=std)
train_pipeline = [
    dict(type='LoadImageFromFile'),
    dict(type='LoadAnnotations'),
    dict(type='RandomScale', scale_range=(0.5, 2.0), interpolation='bicubic'),
    dict(type='RandomCrop', crop_size=crop_size),
    normalize,
    dict(type='Pad', size=crop_size),
    dict(type='RandomFlip', prob=0.5),
    dict(type='PackSegInputs'),
]
resize = dict(type='ResizeLongerSide', base_size=crop_size[0], scale_factor=1.0)
square = dict(type='Pad', pad_to_square=True)
test_pipeline = [
    dict(type='LoadImageFromFile'),
    resize,
    normalize,
    square,
    dict(type='LoadAnnotations'),  # after the geometry: the label keeps its size
    dict(type='PackSegInputs'),
]
img_ratios = [0.5, 0.75, 1.0, 1.25, 1.75]
tta_pipeline = [
    dict(type='LoadImageFromFile'),
    dict(
        type='TestTimeAug',
        transforms=[
            [dict(resize, scale_factor=ratio) for ratio in img_ratios],
            [normalize],
            [square],
            [dict(type='RandomFlip', prob=prob, direction='horizontal') for prob in (0.0, 1.0)],
            [dict(type='LoadAnnotations')],
            [dict(type='PackSegInputs')],
        ],
    ),
]
# a list of its own for each split: lines of an image and a label, both below data_root
data_prefix = dict(img_path='', seg_map_path='')
train_dataloader = dict(
    batch_size=32,
    num_workers=8,
    dataset=dict(
        type=dataset_type,
        data_root=data_root,
        data_prefix=data_prefix,
        ann_file='vocaug_train_lst.txt',
        pipeline=train_pipeline,
    ),
)
val_dataloader = dict(
    dataset=dict(
        type=dataset_type,
        data_root=data_root,
        data_prefix=data_prefix,
        ann_file='voc_val_lst.txt',
        pipeline=test_pipeline,
    ),
)
test_dataloader = val_dataloader
model_settings = dict(
    data_preprocessor=dict(size=crop_size), decode_head=dict(num_classes=num_classes)
)
