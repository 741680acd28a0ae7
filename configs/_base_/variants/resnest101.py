"""ResNeSt-101 (arXiv:2004.08955) in place of ResNet-101-v1c."""

resnest101 = dict(
    pretrained='open-mmlab://resnest101',
    backbone=dict(
        type='ResNeSt', stem_channels=128, radix=2, reduction_factor=4, avg_down_stride=True
    ),
)
