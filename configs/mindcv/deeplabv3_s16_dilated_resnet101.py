# DeepLabV3 (arXiv:1706.05587) on a dilated ResNet-101, output stride 16: MindCV's first step
_base_ = [
    '../_base_/models/mindcv_deeplabv3.py', '../_base_/datasets/voc_trainaug_513.py',
    '../_base_/schedules/mindcv_step1.py', '../_base_/default_runtime.py',
]  # fmt: skip
model = {{_base_.model_settings}}
