"""ResNet-101-v1c in place of ResNet-50-v1c."""

r101 = dict(pretrained='open-mmlab://resnet101_v1c', backbone=dict(depth=101))
