"""Metrics that a config can name."""

from mmseg_deeplab.evaluation.metrics.iou_metric import IoUMetric

__all__ = ['IoUMetric']
