"""DeepLabV3+ on ResNet-101-v1c at output stride 8."""

_base_ = './deeplabv3plus_r50-d8.py'
model = dict(pretrained='open-mmlab://resnet101_v1c', backbone=dict(depth=101))
