"""Counting, scoring and reporting predictions."""

from mmseg_deeplab.evaluation.confusion import (
    ConfusionMatrix,
    count_confusion,
    mean_score,
    scores,
)
from mmseg_deeplab.evaluation.labelled import LabelledScores, labelled_scores
from mmseg_deeplab.evaluation.metrics import (
    CityscapesMetric,
    InputSizeIoUMetric,
    IoUMetric,
    SemSegMetric,
)
from mmseg_deeplab.evaluation.protocols import Protocol, protocols
from mmseg_deeplab.evaluation.report import SegReport, confusion_png, write_report
from mmseg_deeplab.evaluation.running import RunningCrossEntropy, RunningMIoU

__all__ = [
    'CityscapesMetric',
    'ConfusionMatrix',
    'InputSizeIoUMetric',
    'IoUMetric',
    'LabelledScores',
    'Protocol',
    'RunningCrossEntropy',
    'RunningMIoU',
    'SegReport',
    'SemSegMetric',
    'confusion_png',
    'count_confusion',
    'labelled_scores',
    'mean_score',
    'protocols',
    'scores',
    'write_report',
]
