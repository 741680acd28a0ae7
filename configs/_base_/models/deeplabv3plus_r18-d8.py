"""DeepLabV3+ on ResNet-18-v1c at output stride 8."""

_base_ = ['./deeplabv3plus_r50-d8.py', '../variants/r18_plus.py']
model = {{_base_.r18}}
