"""Scores over the classes that are in the labels, as Detectron2 and deeplab-pytorch report them."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from mmseg_deeplab.evaluation.confusion import mean_score, scores


class LabelledScores(NamedTuple):
    """Scores as fractions of 1; NaN where there is nothing to score.

    A class that is predicted but never labelled lowers the accuracy of others, but does not
    enter a mean here. In :class:`IoUMetric`, as in MMSegmentation, its IoU of 0 enters the mean.

    Attributes:
        pixel_accuracy: Part of the pixels that are right.
        mean_accuracy: Mean over labelled classes of the part of their pixels that is right.
        mean_iou: Mean IoU over labelled classes.
        frequency_weighted_iou: The same mean, each class weighted by its labelled pixels; 0 where
            there is none.
        iou: (K,) IoU of each class; 0 for one that is only predicted.
    """

    pixel_accuracy: float
    mean_accuracy: float
    mean_iou: float
    frequency_weighted_iou: float
    iou: np.ndarray


def labelled_scores(matrix: np.ndarray) -> LabelledScores:
    """Scores of a confusion matrix.

    Args:
        matrix: int64 (K, K), rows labels, columns predictions.
    """
    found = scores(matrix)
    labelled = matrix.sum(axis=1)
    iou = found['IoU'][labelled > 0]
    weights = labelled[labelled > 0] / max(labelled.sum(), 1)
    return LabelledScores(
        float(found['aAcc']),
        mean_score(found['Acc']),
        mean_score(iou),
        float((weights * iou).sum()),
        found['IoU'],
    )
