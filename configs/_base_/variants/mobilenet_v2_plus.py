"""MobileNetV2 under DeepLabV3+, whose head also reads the first stage."""

_base_ = './mobilenet_v2.py'
mobilenet_v2 = dict(decode_head=dict(c1_in_channels=24))
