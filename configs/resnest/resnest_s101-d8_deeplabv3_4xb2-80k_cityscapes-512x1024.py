# DeepLabV3 (arXiv:1706.05587) on ResNeSt-101-D8, Cityscapes
_base_ = [
    '../deeplabv3/deeplabv3_r101-d8_4xb2-80k_cityscapes-512x1024.py',
    '../_base_/variants/resnest101.py',
]
model = {{_base_.resnest101}}
