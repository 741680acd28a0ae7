"""Backbones: images in, feature maps of several strides out."""

from mmseg_deeplab.models.backbones.dilated_resnet import DilatedResNet
from mmseg_deeplab.models.backbones.mobilenet_v2 import MobileNetV2
from mmseg_deeplab.models.backbones.resnest import ResNeSt
from mmseg_deeplab.models.backbones.resnet import ResNet, ResNetV1c, ResNetV1d
from mmseg_deeplab.models.backbones.unet import UNet

__all__ = ['DilatedResNet', 'MobileNetV2', 'ResNeSt', 'ResNet', 'ResNetV1c', 'ResNetV1d', 'UNet']
