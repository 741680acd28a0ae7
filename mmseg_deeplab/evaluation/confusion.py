"""Counting which class was predicted where which class is true, and the scores of the counts.

One int64 matrix serves every score: rows are labels, columns predictions. Counts are exact
whatever the number of pixels, and matrices of images, processes or tiles add up.

Legend: ``K`` classes; ``H, W`` pixels of a map.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import torch
from torch import Tensor

from mmseg_deeplab.evaluation.byte_counts import as_bytes, count_pairs
from mmseg_deeplab.utils.errors import DataError

_LARGEST_TABLE = 1024  # values up to here are counted directly, a table of 8 MB at most
_NAMED_VALUES = 10


def count_confusion(
    pred: np.ndarray | Tensor,
    label: np.ndarray | Tensor,
    num_classes: int,
    ignore_index: int = 255,
) -> np.ndarray:
    """Count label and prediction of every pixel whose label is not ignored.

    Args:
        pred: Class ids of any shape and whole-number type, 0 to ``num_classes`` - 1 where the
            label is not ignored.
        label: Class ids of the same shape, or ``ignore_index``.
        num_classes: K, at least 1.
        ignore_index: Label of pixels that do not count.

    Returns:
        int64 (K, K); entry ``[i, j]`` is the number of pixels of class ``i`` predicted as ``j``.

    Raises:
        DataError: Labels or predictions outside the classes; the message lists the values.
        ValueError: The shapes differ.
    """
    pixels = [values.size if isinstance(values, np.ndarray) else values.numel()
              for values in (pred, label)]  # fmt: skip
    if pixels[0] != pixels[1]:
        raise ValueError(
            f'prediction and label must have as many pixels, got {pixels[0]} and {pixels[1]}'
        )
    table = _table_of_bytes(pred, label)
    if table is None:
        table = _table(pred, label, num_classes, ignore_index)
    # ignored and wrong values have rows and columns of their own, which is faster than masking
    if 0 <= ignore_index < table.shape[0]:
        table[ignore_index] = 0
    _check_table(table, num_classes, ignore_index)
    matrix = np.zeros((num_classes, num_classes), dtype=np.int64)
    inside = min(table.shape[0], num_classes)
    matrix[:inside, :inside] = table[:inside, :inside]
    return matrix


class ConfusionMatrix:
    """Counts of a data set, keyed by group (a data set, domain or tile), that can be merged.

    Args:
        num_classes: K, at least 1.
        ignore_index: Label of pixels that do not count.

    Attributes:
        groups: int64 (K, K) counts of each group.
        images: How many images were added.
    """

    def __init__(self, num_classes: int, ignore_index: int = 255) -> None:
        if num_classes < 1:
            raise ValueError(f'num_classes must be at least 1, got {num_classes}')
        self.num_classes = num_classes
        self.ignore_index = ignore_index
        self.groups: dict[str, np.ndarray] = {}
        self.images = 0

    def add(self, pred: np.ndarray | Tensor, label: np.ndarray | Tensor, group: str = '') -> None:
        """Count one image; see :func:`count_confusion` for the arguments and errors."""
        self.add_counts(
            count_confusion(pred, label, self.num_classes, self.ignore_index), group, images=1
        )

    def add_counts(self, counts: np.ndarray, group: str = '', *, images: int = 0) -> None:
        """Add counts made elsewhere.

        Args:
            counts: int64 (K, K).
            group: The group they belong to.
            images: The number of images they come from.
        """
        wanted = (self.num_classes, self.num_classes)
        if counts.shape != wanted:
            raise ValueError(f'counts must have shape {wanted}, got {counts.shape}')
        known = self.groups.setdefault(group, np.zeros(wanted, dtype=np.int64))
        known += counts.astype(np.int64, copy=False)
        self.images += images

    def merge(self, others: Iterable[ConfusionMatrix]) -> ConfusionMatrix:
        """Add all counts of other matrices to this one, in place, and return it."""
        for other in others:
            for group, counts in other.groups.items():
                self.add_counts(counts, group)
            self.images += other.images
        return self

    @property
    def total(self) -> np.ndarray:
        """int64 (K, K), the sum over all groups."""
        empty = np.zeros((self.num_classes, self.num_classes), dtype=np.int64)
        return sum(self.groups.values(), start=empty)


def scores(matrix: np.ndarray, beta: float = 1.0) -> dict[str, np.ndarray]:
    """All scores of a confusion matrix, as fractions of 1.

    A score is NaN where it is 0 / 0, as in MMSegmentation: IoU and Dice of a class that is
    neither in the labels nor predicted; Acc and Recall of a class that is not in the labels;
    Precision of a class that is never predicted; Fscore where Precision or Recall is NaN or
    both are 0. :func:`mean_score` leaves NaN classes out, so a class counts in the mean IoU
    as soon as it is labelled *or* predicted somewhere.

    Args:
        matrix: int64 (K, K), rows labels, columns predictions.
        beta: Weight of recall against precision in Fscore, above 0.

    Returns:
        ``aAcc`` () and ``IoU``, ``Acc``, ``Dice``, ``Fscore``, ``Precision``, ``Recall`` (K,),
        float64.

    Raises:
        ValueError: ``beta`` is not above 0.
    """
    hit = matrix.diagonal().astype(np.float64)
    labelled = matrix.sum(axis=1).astype(np.float64)
    predicted = matrix.sum(axis=0).astype(np.float64)
    return scores_of_areas(hit, predicted, labelled, beta)


def scores_of_areas(
    hit: np.ndarray,
    predicted: np.ndarray,
    labelled: np.ndarray,
    beta: float = 1.0,
    *,
    union: np.ndarray | None = None,
) -> dict[str, np.ndarray]:
    """The same as :func:`scores`, of pixels per class.

    Args:
        hit: Rightly predicted, (K,) float64.
        predicted: Predicted, (K,) float64.
        labelled: In the labels, (K,) float64.
        beta: Weight of recall against precision in Fscore, above 0.
        union: Predicted or in the labels, (K,) float64; None computes it.
    """
    if not beta > 0:
        raise ValueError(f'beta must be above 0, got {beta}')
    union = labelled + predicted - hit if union is None else union
    with np.errstate(invalid='ignore', divide='ignore'):
        precision, recall = hit / predicted, hit / labelled
        weight = beta**2
        return {
            'aAcc': hit.sum() / labelled.sum(),
            'IoU': hit / union,
            'Acc': recall,
            'Dice': 2 * hit / (labelled + predicted),
            'Fscore': (1 + weight) * precision * recall / (weight * precision + recall),
            'Precision': precision,
            'Recall': recall,
        }


def mean_score(per_class: np.ndarray, nan_to_num: float | None = None) -> float:
    """Mean over the classes that have a score.

    Args:
        per_class: (K,), NaN where a class has none.
        nan_to_num: Counted in place of NaN; None leaves such classes out of the mean.

    Returns:
        The mean; NaN if no class has a score.
    """
    if nan_to_num is not None:
        per_class = np.nan_to_num(per_class, nan=nan_to_num)
    scored = per_class[~np.isnan(per_class)]
    return float(scored.mean()) if scored.size else float('nan')


def _table_of_bytes(pred: np.ndarray | Tensor, label: np.ndarray | Tensor) -> np.ndarray | None:
    """Counts of all pairs of values; None unless both are bytes in the computer's memory."""
    label_bytes = as_bytes(label)
    pred_bytes = None if label_bytes is None else as_bytes(pred)
    return None if pred_bytes is None else count_pairs(label_bytes, pred_bytes)


def _table(
    pred: np.ndarray | Tensor, label: np.ndarray | Tensor, num_classes: int, ignore_index: int
) -> np.ndarray:
    """Counts of all pairs of values, whatever their type and wherever they are.

    Raises:
        DataError: As :func:`count_confusion`, where the values are too many for a table.
    """
    pred, label = _flat_int64(pred), _flat_int64(label)
    if label.numel() == 0:
        return np.zeros((num_classes, num_classes), dtype=np.int64)
    label = label.to(pred.device)
    lowest, size = _value_range(pred, label)
    if lowest < 0 or size > _LARGEST_TABLE:
        kept = label != ignore_index
        pred, label = pred[kept], label[kept]
        _refuse_outside(label, num_classes, ignore_index, 'label')
        _refuse_outside(pred, num_classes, ignore_index, 'prediction')
        size = num_classes
    table = torch.bincount(label * size + pred, minlength=size * size).view(size, size)
    return table.cpu().numpy()


def _flat_int64(values: np.ndarray | Tensor) -> Tensor:
    if isinstance(values, np.ndarray):
        values = torch.from_numpy(np.array(values, dtype=np.int64))
    return values.reshape(-1).long()


def _value_range(pred: Tensor, label: Tensor) -> tuple[int, int]:
    """The lowest value of both, and one more than the highest."""
    low_pred, high_pred = pred.aminmax()
    low_label, high_label = label.aminmax()
    return int(min(low_pred, low_label)), int(max(high_pred, high_label)) + 1


def _check_table(table: np.ndarray, num_classes: int, ignore_index: int) -> None:
    """Refuse counts outside the classes; the table covers every value that occurs."""
    for name, outside in (
        ('label', table.sum(axis=1)[num_classes:]),
        ('prediction', table.sum(axis=0)[num_classes:]),
    ):
        if outside.any():
            values = np.flatnonzero(outside)
            counts = outside[values]
            raise DataError(_outside(name, values + num_classes, counts, num_classes, ignore_index))


def _refuse_outside(values: Tensor, num_classes: int, ignore_index: int, name: str) -> None:
    wrong = values[(values < 0) | (values >= num_classes)]
    if wrong.numel():
        found, counts = wrong.unique(return_counts=True)
        message = _outside(
            name, found.cpu().numpy(), counts.cpu().numpy(), num_classes, ignore_index
        )
        raise DataError(message)


def _outside(
    name: str, values: np.ndarray, counts: np.ndarray, num_classes: int, ignore_index: int
) -> str:
    shown = ', '.join(
        f'{value} ({count} pixels)'
        for value, count in zip(values[:_NAMED_VALUES], counts[:_NAMED_VALUES], strict=True)
    )
    more = f' and {len(values) - _NAMED_VALUES} more' if len(values) > _NAMED_VALUES else ''
    hint = {
        'label': 'check num_classes, reduce_zero_label and the label files',
        'prediction': "check the model's number of classes against the data set's",
    }[name]
    return (
        f'{name}s must be 0 to {num_classes - 1} or {ignore_index} (ignored), got {shown}{more}; '
        f'{hint}'
    )
