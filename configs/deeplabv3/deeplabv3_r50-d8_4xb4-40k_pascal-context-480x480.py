# DeepLabV3 (arXiv:1706.05587) on ResNet-50-v1c-D8, Pascal Context
_base_ = [
    '../_base_/models/deeplabv3_r50-d8.py', '../_base_/datasets/pascal_context.py',
    '../_base_/default_runtime.py', '../_base_/schedules/schedule_40k.py',
]  # fmt: skip
model = {{_base_.model_settings}}
optimizer = {{_base_.optimizer_settings}}
optim_wrapper = dict(optimizer=optimizer)
