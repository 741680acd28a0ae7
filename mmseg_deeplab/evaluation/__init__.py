"""Counting, scoring and reporting predictions."""

from mmseg_deeplab.evaluation.confusion import (
    ConfusionMatrix,
    count_confusion,
    mean_score,
    scores,
)
from mmseg_deeplab.evaluation.metrics import IoUMetric
from mmseg_deeplab.evaluation.protocols import Protocol, protocols
from mmseg_deeplab.evaluation.report import SegReport, confusion_png, write_report

__all__ = [
    'ConfusionMatrix',
    'IoUMetric',
    'Protocol',
    'SegReport',
    'confusion_png',
    'count_confusion',
    'mean_score',
    'protocols',
    'scores',
    'write_report',
]
