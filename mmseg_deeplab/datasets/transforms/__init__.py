"""Transforms of a sample, from its record to what the model takes.

Every class says which keys it needs, changes and adds. All draw from NumPy's global generator,
in MMSegmentation's order.
"""

from mmseg_deeplab.datasets.transforms.crop import RandomCrop
from mmseg_deeplab.datasets.transforms.flip import RandomFlip
from mmseg_deeplab.datasets.transforms.formatting import PackSegInputs
from mmseg_deeplab.datasets.transforms.loading import LoadAnnotations, LoadImageFromFile
from mmseg_deeplab.datasets.transforms.loading_array import InferencerLoader, LoadImageFromNDArray
from mmseg_deeplab.datasets.transforms.pad import Pad
from mmseg_deeplab.datasets.transforms.photometric import PhotoMetricDistortion
from mmseg_deeplab.datasets.transforms.random_resize import RandomChoiceResize, RandomResize
from mmseg_deeplab.datasets.transforms.resize import Resize
from mmseg_deeplab.datasets.transforms.rotate import RandomRotate, RandomRotate90
from mmseg_deeplab.datasets.transforms.test_time_aug import TestTimeAug

__all__ = [
    'InferencerLoader',
    'LoadAnnotations',
    'LoadImageFromFile',
    'LoadImageFromNDArray',
    'PackSegInputs',
    'Pad',
    'PhotoMetricDistortion',
    'RandomChoiceResize',
    'RandomCrop',
    'RandomFlip',
    'RandomResize',
    'RandomRotate',
    'RandomRotate90',
    'Resize',
    'TestTimeAug',
]
