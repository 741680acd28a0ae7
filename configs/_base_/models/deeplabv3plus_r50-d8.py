"""DeepLabV3+ (arXiv:1802.02611) on ResNet-50-v1c at output stride 8.

A config that inherits this sets `num_classes` of both heads and `data_preprocessor.size`.
"""

_base_ = './deeplabv3_r50-d8.py'
model = dict(
    decode_head=dict(type='DepthwiseSeparableASPPHead', c1_in_channels=256, c1_channels=48),
)
