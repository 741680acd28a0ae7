# DeepLabV3 (arXiv:1706.05587) on ResNet-18-D8, Cityscapes
_base_ = ['./deeplabv3_r18-d8_4xb2-80k_cityscapes-769x769.py', '../_base_/variants/plain_stem.py']
model = {{_base_.r18b}}
