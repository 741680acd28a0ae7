"""LoveDA for domain adaptation: another scale, and every direction is up.

A child names the two domains. Train, val and test folders hold both; which scene is rural and which
is urban, tools/dataset_converters/loveda.py writes into `splits/`, one file stem a line.
"""

_base_ = './loveda.py'
train_pipeline = [
    *_base_.train_pipeline[:2],
    dict(_base_.train_pipeline[2], scale=(1024, 1024)),
    _base_.train_pipeline[3],
    dict(type='RandomRotate90'),
    dict(type='RandomFlip', prob=0.5, direction='vertical'),
    *_base_.train_pipeline[4:],
]
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
