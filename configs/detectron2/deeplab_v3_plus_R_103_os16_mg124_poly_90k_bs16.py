# DeepLabV3+ (arXiv:1802.02611) on ResNet-103-DC5 at stride 16, Cityscapes, as in Detectron2
_base_ = [
    './deeplab_v3_R_103_os16_mg124_poly_90k_bs16.py',
    '../_base_/variants/detectron2_plus.py',
]
model = {{_base_.detectron2_plus}}
