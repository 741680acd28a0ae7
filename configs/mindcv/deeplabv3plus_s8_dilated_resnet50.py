# DeepLabV3+ (arXiv:1802.02611) on a dilated ResNet-50, output stride 8 (MindCV has no such file)
_base_ = './deeplabv3plus_s8_dilated_resnet101.py'
model = dict(backbone=dict(depth=50))
load_from = 'work_dirs/deeplabv3plus_s16_dilated_resnet50/iter_12300.pth'
