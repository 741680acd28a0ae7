"""Metrics that a config can name."""

from mmseg_deeplab.evaluation.metrics.cityscapes_metric import CityscapesMetric
from mmseg_deeplab.evaluation.metrics.input_size_metric import InputSizeIoUMetric
from mmseg_deeplab.evaluation.metrics.iou_metric import IoUMetric
from mmseg_deeplab.evaluation.metrics.sem_seg_metric import SemSegMetric

__all__ = ['CityscapesMetric', 'InputSizeIoUMetric', 'IoUMetric', 'SemSegMetric']
