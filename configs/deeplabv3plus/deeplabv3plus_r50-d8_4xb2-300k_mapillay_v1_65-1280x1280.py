# DeepLabV3+ (arXiv:1802.02611) on ResNet-50-v1c-D8, Mapillary Vistas 1.2
# Crops are 1280x1280, as the name says; the original crops 512x1024 and pads
_base_ = [
    '../_base_/models/deeplabv3plus_r50-d8.py', '../_base_/datasets/mapillary_v1_65.py',
    '../_base_/default_runtime.py', '../_base_/schedules/adamw_300k.py',
]  # fmt: skip
model = {{_base_.model_settings}}
