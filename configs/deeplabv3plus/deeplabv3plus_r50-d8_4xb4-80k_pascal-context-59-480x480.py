# DeepLabV3+ (arXiv:1802.02611) on ResNet-50-v1c-D8, Pascal Context, 59 classes
_base_ = [
    '../_base_/models/deeplabv3plus_r50-d8.py', '../_base_/datasets/pascal_context_59.py',
    '../_base_/default_runtime.py', '../_base_/schedules/schedule_80k.py',
]  # fmt: skip
model = {{_base_.model_settings}}
optimizer = {{_base_.optimizer_settings}}
optim_wrapper = dict(optimizer=optimizer)
