"""What deeplab-pytorch's other models change in DeepLab v2: v2-S, v3 and v3+.

v3 and v3+ train their batch norms. The package sets their momentum to 0.9997, TensorFlow's way of
saying what PyTorch calls 0.0003; the latter is meant and stands here.
"""

v2s = dict(decode_head=dict(dilations=(3, 6, 9, 12)))
_norm = dict(type='SyncBN', momentum=0.0003, requires_grad=True)  # BN on a CPU or in one process
_head = dict(
    _delete_=True,
    type='DeepLabV3Head',
    in_channels=2048,
    in_index=3,
    channels=256,
    dropout_ratio=0,
    num_classes=21,
    norm_cfg=_norm,
    loss_decode=dict(type='CrossEntropyLoss', avg_non_ignore=True),
)
_stages = dict(norm_cfg=_norm, norm_eval=False)
v3_d16, v3_d8 = (
    dict(
        backbone=dict(_stages, strides=strides, dilations=dilations, multi_grid=multi_grid),
        decode_head=dict(_head, dilations=rates),
    )
    for strides, dilations, multi_grid, rates in (
        ((1, 2, 2, 1), (1, 1, 1, 2), (2, 4, 8), (1, 6, 12, 18)),
        ((1, 2, 1, 1), (1, 1, 2, 4), (4, 8, 16), (1, 12, 24, 36)),
    )
)
_decoder = dict(type='DeepLabV3PlusHead', c1_in_channels=256, c1_channels=48)
v3plus_d16, v3plus_d8 = (
    dict(each, merge_at='input', decode_head=dict(each['decode_head'], **_decoder))
    for each in (v3_d16, v3_d8)
)
