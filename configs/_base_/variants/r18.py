"""ResNet-18-v1c in place of ResNet-50-v1c, with heads of a quarter of the width."""

r18 = dict(
    pretrained='open-mmlab://resnet18_v1c',
    backbone=dict(depth=18),
    decode_head=dict(in_channels=512, channels=128),
    auxiliary_head=dict(in_channels=256, channels=64),
)
