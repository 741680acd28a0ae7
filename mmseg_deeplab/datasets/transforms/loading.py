"""The loading transforms under the module path that they have in MMSegmentation."""

from mmseg_deeplab.datasets.transforms.loading_array import LoadImageFromNDArray
from mmseg_deeplab.datasets.transforms.loading_files import LoadAnnotations, LoadImageFromFile

__all__ = ['LoadAnnotations', 'LoadImageFromFile', 'LoadImageFromNDArray']
