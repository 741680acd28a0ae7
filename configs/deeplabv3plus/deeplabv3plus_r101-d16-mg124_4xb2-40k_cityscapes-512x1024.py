# DeepLabV3+ (arXiv:1802.02611) on ResNet-101-v1c-D16-MG124, Cityscapes
_base_ = [
    './deeplabv3plus_r101-d8_4xb2-40k_cityscapes-512x1024.py',
    '../_base_/variants/d16_mg124.py',
]
model = {{_base_.d16_mg124}}
