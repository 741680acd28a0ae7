# DeepLabV3+ (arXiv:1802.02611) on ResNet-101-v1c-D8 in mixed precision, Cityscapes
_base_ = ['./deeplabv3plus_r101-d8_4xb2-80k_cityscapes-512x1024.py', '../_base_/variants/amp.py']
optim_wrapper = {{_base_.amp}}
