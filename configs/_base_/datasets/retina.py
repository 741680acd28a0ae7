"""What the four sets of retina images share: two classes, folders, and thousands of rounds.

A set has a few dozen images; repeating it spares the loaders a new start after every few batches.
"""

_base_ = './standard.py'
num_classes = 2
train_dataloader = dict(
    dataset=dict(
        type='RepeatDataset',
        times=40000,
        dataset=dict(
            data_prefix=dict(img_path='images/training', seg_map_path='annotations/training'),
        ),
    ),
)
val_dataloader = dict(
    dataset=dict(
        data_prefix=dict(img_path='images/validation', seg_map_path='annotations/validation'),
    ),
)
test_dataloader = val_dataloader
val_evaluator = dict(iou_metrics=['mDice'])
test_evaluator = val_evaluator
model_settings = dict(
    decode_head=dict(num_classes=num_classes),
    auxiliary_head=dict(num_classes=num_classes),
    test_cfg=dict(mode='slide'),
)
