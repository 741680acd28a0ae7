# DeepLabV3 (arXiv:1706.05587) on MobileNetV2-D8, ADE20K
_base_ = [
    '../deeplabv3/deeplabv3_r50-d8_4xb4-160k_ade20k-512x512.py',
    '../_base_/variants/mobilenet_v2.py',
]
model = {{_base_.mobilenet_v2}}
