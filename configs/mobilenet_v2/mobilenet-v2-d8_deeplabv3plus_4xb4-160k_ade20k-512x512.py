# DeepLabV3+ (arXiv:1802.02611) on MobileNetV2-D8, ADE20K
_base_ = [
    '../deeplabv3plus/deeplabv3plus_r50-d8_4xb4-160k_ade20k-512x512.py',
    '../_base_/variants/mobilenet_v2_plus.py',
]
model = {{_base_.mobilenet_v2}}
