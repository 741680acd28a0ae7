# DeepLabV3+ (arXiv:1802.02611) on ResNet-101-v1c-D8, Cityscapes
_base_ = ['./deeplabv3plus_r50-d8_4xb2-40k_cityscapes-512x1024.py', '../_base_/variants/r101.py']
model = {{_base_.r101}}
