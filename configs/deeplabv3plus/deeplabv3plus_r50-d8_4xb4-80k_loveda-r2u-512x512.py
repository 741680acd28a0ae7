# DeepLabV3+ (arXiv:1802.02611) on ResNet-50-v1c-D8, LoveDA, rural to urban
_base_ = [
    '../_base_/models/deeplabv3plus_r50-d8.py', '../_base_/datasets/loveda_r2u.py',
    '../_base_/default_runtime.py', '../_base_/schedules/schedule_80k_slow.py',
]  # fmt: skip
model = {{_base_.model_settings}}
