# DeepLabV3 (arXiv:1706.05587) on ResNet-50-v1c-D8, COCO-Stuff 164k
_base_ = [
    '../_base_/models/deeplabv3_r50-d8.py', '../_base_/datasets/coco-stuff164k.py',
    '../_base_/default_runtime.py', '../_base_/schedules/schedule_320k.py',
]  # fmt: skip
model = {{_base_.model_settings}}
