# DeepLabV3 (arXiv:1706.05587) on ResNeSt-101-D8, ADE20K
_base_ = [
    '../deeplabv3/deeplabv3_r101-d8_4xb4-160k_ade20k-512x512.py',
    '../_base_/variants/resnest101.py',
]
model = {{_base_.resnest101}}
