# DeepLabV3 (arXiv:1706.05587) on ResNet-101-v1c-D8, Pascal Context, 59 classes
_base_ = ['./deeplabv3_r50-d8_4xb4-40k_pascal-context-59-480x480.py', '../_base_/variants/r101.py']
model = {{_base_.r101}}
