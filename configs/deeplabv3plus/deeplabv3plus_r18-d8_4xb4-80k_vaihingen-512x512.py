# DeepLabV3+ (arXiv:1802.02611, section 3.1), ResNet-18-D8, Vaihingen, 512x512, 4 GPUs x 4 images
# tools/dist_train.sh configs/deeplabv3plus/deeplabv3plus_r18-d8_4xb4-80k_vaihingen-512x512.py 4
# mIoU published: 72.50, ms+flip 74.13; not reproduced here
_base_ = './deeplabv3plus_r50-d8_4xb4-80k_vaihingen-512x512.py'
model = dict(
    pretrained='open-mmlab://resnet18_v1c',
    backbone=dict(depth=18),
    decode_head=dict(in_channels=512, channels=128, c1_in_channels=64, c1_channels=12),
    auxiliary_head=dict(in_channels=256, channels=64),
)
