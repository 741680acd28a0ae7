# DeepLabV3+ (arXiv:1802.02611) on ResNet-101-D8, Cityscapes
_base_ = [
    './deeplabv3plus_r101-d8_4xb2-80k_cityscapes-769x769.py',
    '../_base_/variants/plain_stem.py',
]
model = {{_base_.r101b}}
