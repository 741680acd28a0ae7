# DeepLabV3 (arXiv:1706.05587) on a dilated ResNet-50, output stride 16 (MindCV has no such file)
_base_ = './deeplabv3_s16_dilated_resnet101.py'
model = dict(pretrained='mindcv://resnet50', backbone=dict(depth=50))
