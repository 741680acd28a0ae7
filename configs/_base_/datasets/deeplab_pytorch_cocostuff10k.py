"""COCO-Stuff 10k as published: `.mat` labels, lists; all warped to 513 x 513, for scores too.

To score at the images' own size, put `LoadAnnotations` behind `Resize` in the test pipeline and
leave `UseAsOriginal` out.
"""

_base_ = './deeplab_pytorch_cocostuff164k.py'
data_root = 'data/coco_stuff10k'
load = [
    *_base_.test_pipeline[:2],
    dict(type='Resize', scale=(513, 513), keep_ratio=False, label_interpolation='nearest_exact'),
]
train_pipeline = [*load, *_base_.train_pipeline[2:]]
test_pipeline = [*load, dict(type='UseAsOriginal'), _base_.test_pipeline[2]]
tta_pipeline = [
    *load,
    dict(type='UseAsOriginal'),
    dict(
        type='TestTimeAug',
        transforms=[
            [dict(type='RandomFlip', prob=prob, direction='horizontal') for prob in (0.0, 1.0)],
            [dict(type='PackSegInputs')],
        ],
    ),
]
stored = dict(
    data_root=data_root,
    data_prefix=dict(img_path='images', seg_map_path='annotations'),
    seg_map_suffix='.mat',
    reduce_zero_label=True,
)
train_dataloader = dict(
    dataset=dict(stored, ann_file='imageLists/train.txt', pipeline=train_pipeline),
)
val_dataloader = dict(
    dataset=dict(stored, ann_file='imageLists/test.txt', pipeline=test_pipeline),
)
test_dataloader = val_dataloader
