# DeepLabV3+ (arXiv:1802.02611) on ResNet-18-D8, Cityscapes
# 80000 iterations, as its name says; the original inherits 40000
_base_ = [
    './deeplabv3plus_r18-d8_4xb2-80k_cityscapes-769x769.py',
    '../_base_/variants/plain_stem.py',
]
model = {{_base_.r18b}}
