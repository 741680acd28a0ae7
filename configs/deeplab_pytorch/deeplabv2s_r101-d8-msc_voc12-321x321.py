# DeepLab v2-S (arXiv:1606.00915), with the package's smaller dilations 3, 6, 9, 12, VOC 2012 + SBD
_base_ = [
    './deeplabv2_r101-d8-msc_voc12-321x321.py', '../_base_/variants/deeplab_pytorch.py',
]  # fmt: skip
model = {{_base_.v2s}}
