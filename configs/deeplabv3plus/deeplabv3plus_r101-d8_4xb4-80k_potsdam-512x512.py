# DeepLabV3+ (arXiv:1802.02611, section 3.1), ResNet-101-D8, Potsdam, 512x512, 4 GPUs x 4 images
# tools/dist_train.sh configs/deeplabv3plus/deeplabv3plus_r101-d8_4xb4-80k_potsdam-512x512.py 4
# mIoU published: 78.70, ms+flip 79.47; not reproduced here
_base_ = './deeplabv3plus_r50-d8_4xb4-80k_potsdam-512x512.py'
model = dict(pretrained='open-mmlab://resnet101_v1c', backbone=dict(depth=101))
