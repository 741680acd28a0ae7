# DeepLabV3+ (arXiv:1802.02611) on ResNet-101-v1c-D8, Pascal Context
_base_ = ['./deeplabv3plus_r50-d8_4xb4-40k_pascal-context-480x480.py', '../_base_/variants/r101.py']
model = {{_base_.r101}}
