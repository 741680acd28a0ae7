"""Transforms of a sample, from its record to what the model takes.

Every class says which keys it needs, changes and adds. All draw from NumPy's global generator,
in MMSegmentation's order.
"""

from mmseg_deeplab.datasets.transforms.colour_factors import PhotoMetricFactors
from mmseg_deeplab.datasets.transforms.crop import RandomCrop
from mmseg_deeplab.datasets.transforms.cutout import RandomCutOut
from mmseg_deeplab.datasets.transforms.flip import RandomFlip
from mmseg_deeplab.datasets.transforms.formatting import PackSegInputs
from mmseg_deeplab.datasets.transforms.loading_array import InferencerLoader, LoadImageFromNDArray
from mmseg_deeplab.datasets.transforms.loading_files import LoadAnnotations, LoadImageFromFile
from mmseg_deeplab.datasets.transforms.loading_raster import LoadSingleRSImageFromFile
from mmseg_deeplab.datasets.transforms.mosaic import RandomMosaic
from mmseg_deeplab.datasets.transforms.normalize import Normalize
from mmseg_deeplab.datasets.transforms.pad import Pad
from mmseg_deeplab.datasets.transforms.photometric import PhotoMetricDistortion
from mmseg_deeplab.datasets.transforms.random_resize import RandomChoiceResize, RandomResize
from mmseg_deeplab.datasets.transforms.random_scale import RandomScale, ResizeLongerSide
from mmseg_deeplab.datasets.transforms.resize import Resize
from mmseg_deeplab.datasets.transforms.resize_rules import (
    ResizeShortestEdge,
    ResizeToMultiple,
    SegRescale,
    UseAsOriginal,
)
from mmseg_deeplab.datasets.transforms.rot_flip import RandomRotFlip
from mmseg_deeplab.datasets.transforms.rotate import RandomRotate, RandomRotate90
from mmseg_deeplab.datasets.transforms.test_time_aug import TestTimeAug
from mmseg_deeplab.datasets.transforms.tones import CLAHE, AdjustGamma, Rerange, RGB2Gray

__all__ = [
    'AdjustGamma',
    'CLAHE',
    'InferencerLoader',
    'LoadAnnotations',
    'LoadImageFromFile',
    'LoadImageFromNDArray',
    'LoadSingleRSImageFromFile',
    'Normalize',
    'PackSegInputs',
    'Pad',
    'PhotoMetricDistortion',
    'PhotoMetricFactors',
    'RGB2Gray',
    'RandomChoiceResize',
    'RandomCrop',
    'RandomCutOut',
    'RandomFlip',
    'RandomMosaic',
    'RandomResize',
    'RandomRotFlip',
    'RandomRotate',
    'RandomRotate90',
    'RandomScale',
    'Rerange',
    'Resize',
    'ResizeLongerSide',
    'ResizeShortestEdge',
    'ResizeToMultiple',
    'SegRescale',
    'TestTimeAug',
    'UseAsOriginal',
]
