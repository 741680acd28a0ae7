"""What travels between data, models and metrics."""

from mmseg_deeplab.structures.sampler import (
    BasePixelSampler,
    OHEMPixelSampler,
    build_pixel_sampler,
)
from mmseg_deeplab.structures.seg_data_sample import OptSampleList, SampleList, SegDataSample

__all__ = [
    'BasePixelSampler',
    'OHEMPixelSampler',
    'OptSampleList',
    'SampleList',
    'SegDataSample',
    'build_pixel_sampler',
]
