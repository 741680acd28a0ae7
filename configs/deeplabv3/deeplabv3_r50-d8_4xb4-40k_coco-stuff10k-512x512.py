# DeepLabV3 (arXiv:1706.05587) on ResNet-50-v1c-D8, COCO-Stuff 10k
_base_ = [
    '../_base_/models/deeplabv3_r50-d8.py', '../_base_/datasets/coco-stuff10k.py',
    '../_base_/default_runtime.py', '../_base_/schedules/schedule_40k.py',
]  # fmt: skip
model = {{_base_.model_settings}}
