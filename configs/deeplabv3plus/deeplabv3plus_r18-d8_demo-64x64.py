# DeepLabV3+ (arXiv:1802.02611, section 3.1), ResNet-18-D8 from scratch, drawn scenes, 64x64, CPU
# make demo, or: python tools/train.py configs/deeplabv3plus/deeplabv3plus_r18-d8_demo-64x64.py
# mIoU and times: docs/results.md
_base_ = [
    '../_base_/models/deeplabv3plus_r18-d8.py', '../_base_/datasets/demo.py',
    '../_base_/default_runtime.py', '../_base_/schedules/adamw_demo.py',
]  # fmt: skip
model = dict(
    pretrained=None,
    data_preprocessor=dict(size={{_base_.crop_size}}),
    decode_head=dict(num_classes={{_base_.num_classes}}, loss_decode=dict(avg_non_ignore=True)),
    auxiliary_head=dict(num_classes={{_base_.num_classes}}, loss_decode=dict(avg_non_ignore=True)),
)
