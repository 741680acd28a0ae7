# DeepLabV3+ (arXiv:1802.02611) on a dilated ResNet-101, output stride 8: MindCV's second step
_base_ = [
    '../_base_/models/mindcv_deeplabv3plus.py', '../_base_/datasets/voc_trainaug_513.py',
    '../_base_/schedules/mindcv_step2.py', '../_base_/default_runtime.py',
]  # fmt: skip
model = dict(_base_.model_settings, pretrained=None, backbone=dict(output_stride=8))
train_dataloader = dict(batch_size=16)
load_from = 'work_dirs/deeplabv3plus_s16_dilated_resnet101/iter_12300.pth'
