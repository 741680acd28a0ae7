# DeepLabV3 (arXiv:1706.05587) on MobileNetV2-D8, Cityscapes
_base_ = [
    '../deeplabv3/deeplabv3_r50-d8_4xb2-80k_cityscapes-512x1024.py',
    '../_base_/variants/mobilenet_v2.py',
]
model = {{_base_.mobilenet_v2}}
