"""Backbones: images in, feature maps of several strides out."""

from mmseg_deeplab.models.backbones.resnet import ResNet, ResNetV1c, ResNetV1d

__all__ = ['ResNet', 'ResNetV1c', 'ResNetV1d']
