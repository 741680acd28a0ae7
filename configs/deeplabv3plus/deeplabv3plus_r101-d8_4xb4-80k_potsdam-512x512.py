# DeepLabV3+ (arXiv:1802.02611) on ResNet-101-v1c-D8, Potsdam
_base_ = ['./deeplabv3plus_r50-d8_4xb4-80k_potsdam-512x512.py', '../_base_/variants/r101.py']
model = {{_base_.r101}}
