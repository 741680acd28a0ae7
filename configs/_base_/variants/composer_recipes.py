"""The recipes of Composer's example script: loss, optimiser, and what each adds to training."""

weights_v2 = 'https://download.pytorch.org/models/resnet101-cd907fc2.pth'
script_model = dict(
    # the script cuts the means and deviations down to whole numbers
    data_preprocessor=dict(mean=[123, 116, 103], std=[58, 57, 57]),
    pretrained=weights_v2,
    backbone=dict(norm_cfg=dict(type='BN')),  # 16 images lie on each GPU
    decode_head=dict(
        norm_cfg=dict(type='BN'),
        loss_decode=[
            dict(type='CrossEntropyLoss', loss_weight=0.375, avg_non_ignore=True),
            dict(type='BatchDiceLoss', loss_weight=1.125),
        ],
    ),
)
script_optimizer = dict(type='DecoupledSGDW', lr=0.08, momentum=0.9, weight_decay=5e-5)
cosine = [dict(type='CosineDecayLR', t_max='1dur', by_epoch=False)]
_time = dict(type='TimeToTrainHook', model='ResNet101-DeepLabv3+')
_channels_last = dict(type='ChannelsLastHook')
mild_hooks = [
    _time,
    _channels_last,
    dict(type='HalfLifeEMAHook', half_life='1000ba', update_interval='10ba'),
]
hot_hooks = [
    _time,
    _channels_last,
    dict(type='HalfLifeEMAHook', half_life='2000ba', update_interval='1ba'),
]
medium_mixup = dict(type='MixUp', num_classes=150, alpha=0.2)
hot_mixup = dict(type='MixUp', num_classes=150, alpha=0.5)
medium_wrapper = dict(type='SAMOptimWrapper', rho=0.3, interval=2, amp=True)
hot_wrapper = dict(type='SAMOptimWrapper', rho=0.3, interval=1, amp=True)
