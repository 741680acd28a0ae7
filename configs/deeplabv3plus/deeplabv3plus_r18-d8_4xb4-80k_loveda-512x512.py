# DeepLabV3+ (arXiv:1802.02611) on ResNet-18-v1c-D8, LoveDA
_base_ = ['./deeplabv3plus_r50-d8_4xb4-80k_loveda-512x512.py', '../_base_/variants/r18_plus.py']
model = {{_base_.r18}}
