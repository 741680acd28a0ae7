"""What travels between data, models and metrics."""

from mmseg_deeplab.structures.seg_data_sample import OptSampleList, SampleList, SegDataSample

__all__ = ['OptSampleList', 'SampleList', 'SegDataSample']
