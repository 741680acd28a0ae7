"""Scores from four areas per class, as MMSegmentation's own metric keeps them.

For users' metrics that are derived from it; this project's metrics keep a whole confusion matrix.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from mmseg_deeplab.evaluation.confusion import count_confusion, scores_of_areas
from mmseg_deeplab.utils.errors import ConfigKeyError

# what each name in `iou_metrics` prints and returns, in MMSegmentation's order
COLUMNS = {
    'mIoU': ('IoU', 'Acc'),
    'mDice': ('Dice', 'Acc'),
    'mFscore': ('Fscore', 'Precision', 'Recall'),
}

Area = Tensor | np.ndarray
Areas = tuple[Tensor, Tensor, Tensor, Tensor]


def checked_metrics(names: str | Sequence[str]) -> tuple[str, ...]:
    """Names of metrics as a tuple.

    Raises:
        ConfigKeyError: One is not in :data:`COLUMNS`, or there is none.
    """
    names = (names,) if isinstance(names, str) else tuple(names)
    unknown = [name for name in names if name not in COLUMNS]
    if unknown or not names:
        raise ConfigKeyError(
            f'iou_metrics must be some of {", ".join(COLUMNS)}, got {list(names)!r}; '
            "for example iou_metrics=['mIoU']"
        )
    return names


def intersect_and_union(
    pred_label: Tensor | np.ndarray, label: Tensor | np.ndarray, num_classes: int, ignore_index: int
) -> Areas:
    """Pixels of each class in an image.

    Args:
        pred_label: Class ids, (H, W).
        label: Class ids or ``ignore_index``, (H, W).
        num_classes: K.
        ignore_index: Label of pixels that do not count.

    Returns:
        Intersection, union, predicted and labelled pixels, (K,) float64 each, on the CPU.

    Raises:
        DataError: Ids outside the classes.
    """
    counts = torch.from_numpy(count_confusion(pred_label, label, num_classes, ignore_index))
    hit = counts.diagonal().double()
    predicted, labelled = counts.sum(0).double(), counts.sum(1).double()
    return hit, predicted + labelled - hit, predicted, labelled


def total_area_to_metrics(
    total_area_intersect: Area,
    total_area_union: Area,
    total_area_pred_label: Area,
    total_area_label: Area,
    metrics: str | Sequence[str] = ('mIoU',),
    nan_to_num: float | None = None,
    beta: float = 1,
) -> dict[str, np.ndarray]:
    """Scores of areas summed over a data set.

    Args:
        total_area_intersect: Pixels rightly predicted, (K,).
        total_area_union: Predicted or in the labels, (K,).
        total_area_pred_label: Predicted, (K,).
        total_area_label: In the labels, (K,).
        metrics: Any of ``'mIoU'``, ``'mDice'``, ``'mFscore'``.
        nan_to_num: In place of NaN, which a class without a score has.
        beta: Weight of recall against precision.

    Returns:
        Fractions of 1, float64: ``aAcc`` () and those of :data:`COLUMNS`, (K,) each.

    Raises:
        ConfigKeyError: Another metric.
    """
    areas = (total_area_intersect, total_area_union, total_area_pred_label, total_area_label)
    hit, union, predicted, labelled = (np.asarray(area, dtype=np.float64) for area in areas)
    columns = [name for metric in checked_metrics(metrics) for name in COLUMNS[metric]]
    found = scores_of_areas(hit, predicted, labelled, beta, union=union)
    found = {name: found[name] for name in ('aAcc', *dict.fromkeys(columns))}
    if nan_to_num is not None:
        found = {name: np.nan_to_num(each, nan=nan_to_num) for name, each in found.items()}
    return found
