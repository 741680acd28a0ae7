# DeepLabV3 (arXiv:1706.05587) on ResNet-101-DC5 at stride 16, Cityscapes; settings are ours
_base_ = [
    './deeplab_v3_R_103_os16_mg124_poly_90k_bs16.py',
    '../_base_/variants/detectron2_r101.py',
]
model = {{_base_.detectron2_r101}}
