"""Losses: pure functions in ``functional``, registered shells around them."""

from mmseg_deeplab.models.losses.accuracy import accuracy
from mmseg_deeplab.models.losses.base import SegLoss
from mmseg_deeplab.models.losses.cross_entropy_loss import CrossEntropyLoss
from mmseg_deeplab.models.losses.dice_loss import DiceLoss
from mmseg_deeplab.models.losses.focal_loss import FocalLoss
from mmseg_deeplab.models.losses.lovasz_loss import LovaszLoss
from mmseg_deeplab.models.losses.ohem_sampler import OHEMPixelSampler

__all__ = [
    'CrossEntropyLoss',
    'DiceLoss',
    'FocalLoss',
    'LovaszLoss',
    'OHEMPixelSampler',
    'SegLoss',
    'accuracy',
]
