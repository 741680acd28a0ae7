"""The same predictions scored in the several ways that papers use, each with its name.

What differs is which labels count (boundaries eroded or not), whether pixels that crops share
count once or in each crop, and which classes enter the mean.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from mmseg_deeplab.evaluation.confusion import mean_score, scores

_WHOLE = '|whole images, overlaps once'
_MEANS = ('IoU', 'Acc', 'Dice', 'Fscore', 'Precision', 'Recall')


@dataclass(frozen=True)
class Protocol:
    """One way of scoring.

    Attributes:
        name: Labels, unit and classes, as a table should print them.
        pixels: How many were counted.
        scores: ``aAcc``, ``mIoU``, ``mAcc``, ``mDice``, ``mFscore``, ``mPrecision``,
            ``mRecall`` as fractions of 1, NaN where there is none.
    """

    name: str
    pixels: int
    scores: dict[str, float]


def further_key(labels: str, *, whole: bool) -> str:
    """The key of counts other than the main ones.

    Args:
        labels: Name of a further set of labels, ``''`` for the main one.
        whole: Whether pixels that crops share were counted once.
    """
    return f'{labels}{_WHOLE if whole else ""}'


def protocols(
    main: np.ndarray,
    further: Mapping[str, np.ndarray],
    class_names: Sequence[str],
    *,
    label_set: str = '',
    left_out: Sequence[str] = (),
    beta: float = 1.0,
    nan_to_num: float | None = None,
) -> list[Protocol]:
    """Score all counts in all ways.

    Args:
        main: int64 (K, K), each file counted by itself, with the main labels.
        further: The same of other counts, by :func:`further_key`.
        class_names: K names.
        label_set: What to call the main labels.
        left_out: Names of classes; further rows have them out of the mean, and their pixels
            ignored as well.
        beta: Weight of recall in Fscore.
        nan_to_num: Score of a class that has none; None leaves it out of means.

    Returns:
        The main protocol first.
    """
    found = []
    for source, counts in _sources(main, further, label_set):
        for classes, seen, kept in _views(counts, class_names, left_out):
            per_class = scores(seen, beta)
            means = {f'm{name}': mean_score(per_class[name][kept], nan_to_num) for name in _MEANS}
            name = ', '.join(part for part in (*source, classes) if part)
            found.append(
                Protocol(name, int(seen.sum()), {'aAcc': float(per_class['aAcc']), **means})
            )
    return found


def _sources(
    main: np.ndarray, further: Mapping[str, np.ndarray], label_set: str
) -> Iterator[tuple[tuple[str, str], np.ndarray]]:
    """Name of labels, name of unit and counts."""
    keys = {key: key.partition('|') for key in sorted(further)}
    has_whole = any(unit for _, _, unit in keys.values())
    has_others = any(labels for labels, _, _ in keys.values())
    own = label_set or ('main labels' if has_others else '')
    single = 'crops' if has_whole else ''
    yield (own, single), main
    for key, (labels, _, unit) in keys.items():
        yield (labels.replace('_', ' ') or own, unit or single), further[key]


def _views(
    counts: np.ndarray, class_names: Sequence[str], left_out: Sequence[str]
) -> Iterator[tuple[str, np.ndarray, list[int]]]:
    """Name of the classes, counts, and ids that enter the mean."""
    every = list(range(len(class_names)))
    yield f'{len(every)} classes', counts, every
    if not left_out:
        return
    kept = [index for index in every if class_names[index] not in left_out]
    names = ' and '.join(left_out)
    yield f'{len(kept)} classes ({names} not in the mean)', counts, kept
    labelled_kept = np.zeros_like(counts)
    labelled_kept[kept] = counts[kept]
    yield f'{len(kept)} classes ({names} pixels ignored)', labelled_kept, kept
