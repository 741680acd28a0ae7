# DeepLabV3 (arXiv:1706.05587) on ResNet-101-v1c-D8 in mixed precision, Cityscapes
# 80000 iterations, as its name says; the original inherits 40000
_base_ = ['./deeplabv3_r101-d8_4xb2-80k_cityscapes-512x1024.py', '../_base_/variants/amp.py']
optim_wrapper = {{_base_.amp}}
