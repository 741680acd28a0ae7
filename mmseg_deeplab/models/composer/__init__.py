"""The model of MosaicML's Composer, with its arguments and its names of weights."""

from mmseg_deeplab.models.composer.initializers import INITIALIZERS, initialize
from mmseg_deeplab.models.composer.model import ComposerDeepLab, composer_deeplabv3
from mmseg_deeplab.models.composer.network import ComposerNetwork, deeplabv3

__all__ = [
    'INITIALIZERS',
    'ComposerDeepLab',
    'ComposerNetwork',
    'composer_deeplabv3',
    'deeplabv3',
    'initialize',
]
