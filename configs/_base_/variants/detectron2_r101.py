"""ResNet-101-DC5 with the stem of one convolution in place of ResNet-103-DC5.

Detectron2 publishes scores of it but no config: these settings are ours, those of R-103 else.
"""

detectron2_r101 = dict(
    pretrained='torchvision://resnet101',
    backbone=dict(type='ResNet', stem_channels=64),
)
