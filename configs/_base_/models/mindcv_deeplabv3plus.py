"""DeepLabV3+ (arXiv:1802.02611) as MindCV has it; see mindcv_deeplabv3.py.

`model.decode_head.context_upsample=bilinear` is what the paper says; the published weights were
trained with the nearest neighbour.
"""

_base_ = './mindcv_deeplabv3.py'
model = dict(
    decode_head=dict(
        type='DeepLabV3PlusHead',
        c1_in_channels=256,
        c1_channels=48,
        context_upsample='nearest_aligned',
        classifier_bias=False,
    ),
)
