"""The Cityscapes metric, at the place that MMSegmentation has it."""

from mmseg_deeplab.evaluation.metrics.cityscapes_metric import CityscapesMetric

__all__ = ['CityscapesMetric']
