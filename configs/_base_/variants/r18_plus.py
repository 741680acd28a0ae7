"""ResNet-18-v1c under DeepLabV3+, whose head also reads the first stage."""

_base_ = './r18.py'
r18 = dict(decode_head=dict(c1_in_channels=64, c1_channels=12))
