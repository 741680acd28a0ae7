"""Pascal VOC 2012 for training with the 9118 images of SBD that it lacks: 10582 together."""

_base_ = './pascal_voc12.py'
train_pipeline = [
    *_base_.train_pipeline[:-1],
    dict(type='Pad', size={{_base_.crop_size}}),
    _base_.train_pipeline[-1],
]
fine = dict(_base_.train_dataloader.dataset, pipeline=train_pipeline)
coarse = dict(
    fine,
    data_prefix=dict(img_path='JPEGImages', seg_map_path='SegmentationClassAug'),
    ann_file='ImageSets/Segmentation/aug.txt',
)
train_dataloader = dict(
    dataset=dict(_delete_=True, type='ConcatDataset', datasets=[fine, coarse]),
)
