# DeepLabV3+ (arXiv:1802.02611), ResNet-18-D8 from scratch, an example of 5-band 16-bit tiles
# mmseg-deeplab train deeplabv3plus_r18-d8_five-bands-256x256 --data-root DIR
# mIoU: none, it is a template; put in your classes, folders, mean and std
_base_ = [
    '../_base_/models/deeplabv3plus_r18-d8_five-bands.py', '../_base_/datasets/five_bands.py',
    '../_base_/default_runtime.py', '../_base_/schedules/schedule_20k.py',
]  # fmt: skip
model = dict(
    data_preprocessor=dict(size={{_base_.crop_size}}),
    decode_head=dict(num_classes={{_base_.num_classes}}),
    auxiliary_head=dict(num_classes={{_base_.num_classes}}),
)
