# DeepLabV3+ (arXiv:1802.02611, section 3.1), ResNet-101-D8, LoveDA val, 512x512, 4 GPUs x 4 images
# tools/dist_train.sh configs/deeplabv3plus/deeplabv3plus_r101-d8_4xb4-80k_loveda-512x512.py 4
# mIoU published: 51.47, ms+flip 51.32; not reproduced here
_base_ = [
    '../_base_/models/deeplabv3plus_r101-d8.py', '../_base_/datasets/loveda.py',
    '../_base_/default_runtime.py', '../_base_/schedules/schedule_80k.py',
]  # fmt: skip
model = dict(
    data_preprocessor=dict(size={{_base_.crop_size}}),
    decode_head=dict(num_classes={{_base_.num_classes}}),
    auxiliary_head=dict(num_classes={{_base_.num_classes}}),
)
