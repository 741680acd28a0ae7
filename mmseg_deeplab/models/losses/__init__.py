"""Losses: pure functions in ``functional``, registered shells around them."""

from mmseg_deeplab.models.losses.accuracy import Accuracy, accuracy
from mmseg_deeplab.models.losses.base import SegLoss
from mmseg_deeplab.models.losses.batch_dice_loss import BatchDiceLoss
from mmseg_deeplab.models.losses.cross_entropy_loss import CrossEntropyLoss
from mmseg_deeplab.models.losses.dice_loss import DiceLoss
from mmseg_deeplab.models.losses.focal_loss import FocalLoss
from mmseg_deeplab.models.losses.hard_pixel_mining_loss import HardPixelMiningLoss
from mmseg_deeplab.models.losses.lovasz_loss import LovaszLoss
from mmseg_deeplab.models.losses.utils import (
    binary_cross_entropy,
    cross_entropy,
    get_class_weight,
    reduce_loss,
    weight_reduce_loss,
    weighted_loss,
)

__all__ = [
    'Accuracy',
    'BatchDiceLoss',
    'CrossEntropyLoss',
    'DiceLoss',
    'FocalLoss',
    'HardPixelMiningLoss',
    'LovaszLoss',
    'SegLoss',
    'accuracy',
    'binary_cross_entropy',
    'cross_entropy',
    'get_class_weight',
    'reduce_loss',
    'weight_reduce_loss',
    'weighted_loss',
]
