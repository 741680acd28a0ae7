# DeepLabV3+ (arXiv:1802.02611) on MobileNetV2-D8, Cityscapes
_base_ = [
    '../deeplabv3plus/deeplabv3plus_r50-d8_4xb2-80k_cityscapes-512x1024.py',
    '../_base_/variants/mobilenet_v2_plus.py',
]
model = {{_base_.mobilenet_v2}}
