# DeepLabV3 (arXiv:1706.05587) on ResNet-50-v1c-D8, Pascal VOC 2012 + SBD
_base_ = [
    '../_base_/models/deeplabv3_r50-d8.py', '../_base_/datasets/pascal_voc12_aug.py',
    '../_base_/default_runtime.py', '../_base_/schedules/schedule_20k.py',
]  # fmt: skip
model = {{_base_.model_settings}}
