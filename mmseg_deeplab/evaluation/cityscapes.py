"""The scores of the Cityscapes benchmark, of label ids and with things weighed by their size.

Rules and figures: Cordts et al., arXiv:1604.01685, section 4.1, and its public scripts.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

IDS = 34  # label ids 0 to 33; what is above (a licence plate's) is never scored
# name of a scored class, in the order of training ids -> label id, category
CLASSES: dict[str, tuple[int, str]] = {
    'road': (7, 'flat'),
    'sidewalk': (8, 'flat'),
    'building': (11, 'construction'),
    'wall': (12, 'construction'),
    'fence': (13, 'construction'),
    'pole': (17, 'object'),
    'traffic light': (19, 'object'),
    'traffic sign': (20, 'object'),
    'vegetation': (21, 'nature'),
    'terrain': (22, 'nature'),
    'sky': (23, 'sky'),
    'person': (24, 'human'),
    'rider': (25, 'human'),
    'car': (26, 'vehicle'),
    'truck': (27, 'vehicle'),
    'bus': (28, 'vehicle'),
    'train': (31, 'vehicle'),
    'motorcycle': (32, 'vehicle'),
    'bicycle': (33, 'vehicle'),
}
# average pixels of a thing in the benchmark's labels: a thing of that size has weight 1
THING_SIZES = {
    'person': 3462.4756337644,
    'rider': 3930.4788056518,
    'car': 12794.0202738185,
    'truck': 27855.1264367816,
    'bus': 35732.1511111111,
    'train': 67583.7075812274,
    'motorcycle': 6298.7200839748,
    'bicycle': 4672.3249222261,
}
LABEL_IDS = np.array([label_id for label_id, _ in CLASSES.values()], np.uint8)
CATEGORIES = tuple(dict.fromkeys(category for _, category in CLASSES.values()))
THING_CATEGORIES = ('human', 'vehicle')
_NAME_OF = {label_id: name for name, (label_id, _) in CLASSES.items()}
_THING = 1000  # an instance id is the label id times this, plus a number
_COUNTS = ('found', 'missed', 'category found', 'category missed')


class CityscapesCounts(NamedTuple):
    """What is counted of one image or of many; counts add up.

    Attributes:
        matrix: int64 (34, 34) pixels, rows labels, columns predictions, by label id.
        things: float64 (8, 4): of each class in :data:`THING_SIZES` the pixels of things, each
            thing weighed by its size, that were predicted as the class, not as the class, as
            its category, and not as its category.
    """

    matrix: np.ndarray
    things: np.ndarray

    @classmethod
    def empty(cls) -> CityscapesCounts:
        """No image."""
        return cls(np.zeros((IDS, IDS), np.int64), np.zeros((len(THING_SIZES), len(_COUNTS))))

    def plus(self, other: CityscapesCounts) -> CityscapesCounts:
        """The counts of both."""
        return CityscapesCounts(self.matrix + other.matrix, self.things + other.things)


def count_cityscapes(
    pred: np.ndarray, label_ids: np.ndarray, instance_ids: np.ndarray
) -> CityscapesCounts:
    """Count one image.

    Args:
        pred: (H, W) label ids, 0 to 33.
        label_ids: (H, W), as in ``*_gtFine_labelIds.png``.
        instance_ids: (H, W), as in ``*_gtFine_instanceIds.png``.

    Raises:
        ValueError: The shapes differ, or a prediction is no label id.
    """
    if not pred.shape == label_ids.shape == instance_ids.shape:
        raise ValueError(
            f'prediction, label ids and instance ids must be of one size, got {pred.shape}, '
            f'{label_ids.shape} and {instance_ids.shape}'
        )
    if pred.size and int(pred.max()) >= IDS:
        raise ValueError(f'predicted label ids must be below {IDS}, got {pred.max()}')
    scored = label_ids < IDS
    table = np.bincount(
        label_ids[scored].astype(np.int64) * IDS + pred[scored], minlength=IDS * IDS
    )
    things = np.zeros((len(THING_SIZES), len(_COUNTS)))
    order = list(THING_SIZES)
    category_of = np.full(IDS, -1)
    for label_id, category in CLASSES.values():
        category_of[label_id] = CATEGORIES.index(category)
    for instance in np.unique(instance_ids[instance_ids > _THING]):
        label_id = int(instance) // _THING
        name = _NAME_OF.get(label_id)
        if name not in THING_SIZES:
            continue
        inside = pred[instance_ids == instance]
        size = inside.size
        found = np.count_nonzero(inside == label_id)
        category = np.count_nonzero(category_of[inside] == category_of[label_id])
        weight = THING_SIZES[name] / size
        counted = np.array([found, size - found, category, size - category])
        things[order.index(name)] += weight * counted
    return CityscapesCounts(table.reshape(IDS, IDS), things)


class CityscapesScores(NamedTuple):
    """Scores as fractions of 1; NaN where there is nothing to score.

    Attributes:
        classes: IoU of each class.
        things: iIoU of each class of things.
        categories: IoU of each category.
        thing_categories: iIoU of each category of things.
    """

    classes: dict[str, float]
    things: dict[str, float]
    categories: dict[str, float]
    thing_categories: dict[str, float]

    def means(self) -> dict[str, float]:
        """The four scores of the benchmark: ``IoU``, ``iIoU``, ``IoU_sup``, ``iIoU_sup``."""
        parts = (self.classes, self.things, self.categories, self.thing_categories)
        return {
            name: _mean(list(part.values()))
            for name, part in zip(('IoU', 'iIoU', 'IoU_sup', 'iIoU_sup'), parts, strict=True)
        }


def cityscapes_scores(counts: CityscapesCounts) -> CityscapesScores:
    """The benchmark's scores of counts.

    Args:
        counts: Of a whole data set.
    """
    matrix = counts.matrix
    members = {
        category: [i for i, other in CLASSES.values() if other == category]
        for category in CATEGORIES
    }
    classes, things = {}, {}
    wrong_for = {}
    for index, (name, (label_id, _)) in enumerate(CLASSES.items()):
        hit, labelled = matrix[label_id, label_id], matrix[label_id].sum()
        others = np.delete(LABEL_IDS, index)
        wrong_for[name] = matrix[others, label_id].sum()
        classes[name] = _share(hit, labelled + wrong_for[name])
    for row, name in zip(counts.things, THING_SIZES, strict=True):
        things[name] = _share(row[0], row[0] + row[1] + wrong_for[name])
    categories, thing_categories = {}, {}
    for category, ids in members.items():
        others = np.setdiff1d(LABEL_IDS, ids)
        hit = matrix[np.ix_(ids, ids)].sum()
        wrong = matrix[np.ix_(others, ids)].sum()
        missed = matrix[np.ix_(ids, others)].sum()
        categories[category] = _share(hit, hit + wrong + missed)
        if category in THING_CATEGORIES:
            of_category = [CLASSES[name][1] == category for name in THING_SIZES]
            found, lost = counts.things[of_category, 2:].sum(axis=0)
            thing_categories[category] = _share(found, found + lost + wrong)
    return CityscapesScores(classes, things, categories, thing_categories)


def _share(part: float, whole: float) -> float:
    return float(part / whole) if whole > 0 else float('nan')


def _mean(values: list[float]) -> float:
    scored = [value for value in values if not np.isnan(value)]
    return float(np.mean(scored)) if scored else float('nan')
