# DeepLabV3+ (arXiv:1802.02611) on ResNeSt-101-D8, Cityscapes
_base_ = [
    '../deeplabv3plus/deeplabv3plus_r101-d8_4xb2-80k_cityscapes-512x1024.py',
    '../_base_/variants/resnest101.py',
]
model = {{_base_.resnest101}}
