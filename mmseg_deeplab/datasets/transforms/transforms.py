"""The transforms, at the place that MMSegmentation has them."""

from mmseg_deeplab.datasets.transforms import (
    CLAHE,
    AdjustGamma,
    PhotoMetricDistortion,
    RandomCrop,
    RandomCutOut,
    RandomFlip,
    RandomMosaic,
    RandomRotate,
    RandomRotFlip,
    Rerange,
    Resize,
    ResizeShortestEdge,
    ResizeToMultiple,
    RGB2Gray,
    SegRescale,
)

__all__ = [
    'AdjustGamma',
    'CLAHE',
    'PhotoMetricDistortion',
    'RGB2Gray',
    'RandomCrop',
    'RandomCutOut',
    'RandomFlip',
    'RandomMosaic',
    'RandomRotFlip',
    'RandomRotate',
    'Rerange',
    'Resize',
    'ResizeShortestEdge',
    'ResizeToMultiple',
    'SegRescale',
]
