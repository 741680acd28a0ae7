# DeepLabV3+ (arXiv:1802.02611) on Caffe's ResNet-101-D8 with 3 input sizes, Pascal VOC 2012 + SBD
_base_ = [
    '../_base_/models/deeplab_pytorch_v2.py', '../_base_/datasets/deeplab_pytorch_voc12.py',
    '../_base_/schedules/deeplab_pytorch_v3_20k.py',
    '../_base_/variants/deeplab_pytorch.py',
]  # fmt: skip
model = dict(_base_.v3plus_d8, data_preprocessor=dict(size=_base_.crop_size))
