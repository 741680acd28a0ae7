"""Cityscapes as Detectron2's DeepLab trains and scores on it: 512x1024 crops, whole images.

`cat_max_ratio` is its SINGLE_CATEGORY_MAX_AREA; 1.0, its value, accepts any crop.
"""

_base_ = './cityscapes.py'
crop_size = _base_.crop_size
shortest_edge = dict(interpolation='bilinear', backend='pillow')
train_pipeline = [
    dict(type='LoadImageFromFile'),
    dict(type='LoadAnnotations'),
    dict(
        shortest_edge,
        type='RandomChoiceResize',
        scales=[512, 768, 1024, 1280, 1536, 1792, 2048],
        resize_type='ResizeShortestEdge',
        max_size=4096,
    ),
    dict(type='RandomCrop', crop_size=crop_size, cat_max_ratio=1.0, max_draws=10),
    dict(type='RandomFlip', prob=0.5),
    dict(type='PackSegInputs'),
]
test_pipeline = [
    dict(type='LoadImageFromFile'),
    dict(shortest_edge, type='ResizeShortestEdge', scale=1024, max_size=2048),
    dict(type='LoadAnnotations'),  # after ResizeShortestEdge: the label keeps its size
    dict(type='PackSegInputs'),
]
train_dataloader = dict(batch_size=2, dataset=dict(pipeline=train_pipeline))
val_dataloader = dict(dataset=dict(pipeline=test_pipeline))
test_dataloader = val_dataloader
sem_seg = dict(type='SemSegMetric', per_class=False)
cityscapes = dict(type='CityscapesMetric')
val_evaluator = [dict(sem_seg, boundary=None), cityscapes]
test_evaluator = [sem_seg, cityscapes]
model_settings = dict(
    _delete_=True,  # no auxiliary head
    data_preprocessor=dict(size=crop_size),
    decode_head=dict(num_classes=_base_.num_classes),
)
