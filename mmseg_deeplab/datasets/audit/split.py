"""One split (train, val or test): every file or a sample of them, and the sums over them."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import numpy as np
from mmengine.dataset import BaseDataset

from mmseg_deeplab.datasets.audit.duplicates import Fingerprint
from mmseg_deeplab.datasets.audit.findings import Finding
from mmseg_deeplab.datasets.audit.masks import ImageReader, PairFacts, Record, examine_pair
from mmseg_deeplab.datasets.audit.pairs import check_pairs, single_datasets
from mmseg_deeplab.datasets.reading import read

Progress = Callable[[int, int], None]
_HIGHEST_WEIGHT = 10.0


@dataclass
class SplitAudit:
    """What was found in one split.

    Attributes:
        name: ``'train'``, ``'val'`` or ``'test'``.
        classes: Class names.
        images: Images in the split.
        examined: Images that were opened, with their masks.
        counts: (K,) int64, pixels of each class in those.
        ignored: Ignored pixels in those.
        findings: What is wrong or odd.
        fingerprints: Of the images that could be read.
    """

    name: str
    classes: tuple[str, ...]
    images: int = 0
    examined: int = 0
    counts: np.ndarray = field(default_factory=lambda: np.zeros(0, np.int64))
    ignored: int = 0
    findings: list[Finding] = field(default_factory=list)
    fingerprints: list[Fingerprint] = field(default_factory=list)


def audit_split(
    dataset: BaseDataset,
    name: str,
    *,
    deadline: float | None = None,
    on_progress: Progress | None = None,
) -> SplitAudit:
    """Look over all files of a split, or as many as there is time for.

    Args:
        dataset: A data set or a wrapper around several.
        name: What the split is called.
        deadline: When to stop opening files, by ``time.monotonic()``; files are then opened in
            a shuffled, fixed order, so that those that were reached are a fair sample. None
            opens all, in order.
        on_progress: Called with the number of images done and their total.
    """
    classes = tuple(dataset.metainfo.get('classes') or ())
    audit = SplitAudit(name, classes, counts=np.zeros(len(classes), np.int64))
    work: list[tuple[Record, ImageReader]] = []
    for part in single_datasets(dataset):
        complete, missing = check_pairs(part, name)
        audit.findings += missing
        audit.images += len(part)
        reader = image_reader(part)
        backend = getattr(part, 'backend_args', None)
        extra = {'backend_args': backend} if backend else {}
        work += [({**record, **extra}, reader) for record in complete]
    if deadline is not None:
        order = np.random.default_rng(0).permutation(len(work))
        work = [work[index] for index in order]
    binary, masks = [], 0
    for facts in _examined(work, len(classes), name, deadline, on_progress):
        audit.examined += 1
        audit.counts += facts.counts
        audit.ignored += facts.ignored
        audit.findings += facts.findings
        if facts.fingerprint is not None:
            audit.fingerprints.append(facts.fingerprint)
        masks += facts.mask is not None
        if facts.binary:
            binary.append(facts.mask)
    _judge_binary(audit, binary, masks)
    if masks and audit.examined == len(work):
        _judge_classes(audit)
    return audit


def image_reader(dataset: BaseDataset) -> ImageReader:
    """How a data set's pipeline reads images: its bands, its no-data, its decoder.

    Args:
        dataset: One data set, no wrapper.

    Returns:
        A function from a record to the pixels (H, W, C) and the mask of valid ones or None.
    """
    transforms = getattr(getattr(dataset, 'pipeline', None), 'transforms', [])
    loaders = [one for one in transforms if type(one).__name__.startswith('LoadImage')]
    if not loaders:
        return read

    def by_transform(record: Record) -> tuple[np.ndarray, np.ndarray | None]:
        loaded = loaders[0](dict(record))
        return loaded['img'], loaded.get('valid_mask')

    return by_transform


def class_weights(counts: Sequence[int] | np.ndarray) -> list[float]:
    """Weights for the loss: median frequency over each class's frequency.

    D. Eigen, R. Fergus, arXiv:1411.4734, section 6.3.2, with frequencies over all pixels.

    Args:
        counts: Pixels of each class.

    Returns:
        One number per class, at most 10, with two digits; 1 for a class without pixels.
    """
    pixels = np.asarray(counts, dtype=np.float64)
    if not pixels.any():
        return [1.0] * len(pixels)
    median = np.median(pixels[pixels > 0])
    weights = np.divide(median, pixels, out=np.ones_like(pixels), where=pixels > 0)
    return [float(f'{weight:.2g}') for weight in np.minimum(weights, _HIGHEST_WEIGHT)]


def _examined(
    work: list[tuple[Record, ImageReader]],
    num_classes: int,
    name: str,
    deadline: float | None,
    on_progress: Progress | None,
) -> Iterator[PairFacts]:
    workers = min(4, os.cpu_count() or 1)
    with ThreadPoolExecutor(workers) as pool:  # decoding releases Python's lock
        for start in range(0, len(work), 4 * workers):
            if deadline is not None and start and time.monotonic() > deadline:
                return
            batch = work[start : start + 4 * workers]
            yield from pool.map(lambda job: examine_pair(*job, num_classes, name), batch)
            if on_progress is not None:
                on_progress(start + len(batch), len(work))


def _judge_binary(audit: SplitAudit, binary: list[str], masks: int) -> None:
    """Masks of 0 and 1 only: normal here and there, but not throughout where K > 2."""
    if len(audit.classes) <= 2:
        return
    if len(binary) == masks >= 2:
        message = (
            f'all {masks} masks hold only 0 and 1, but there are {len(audit.classes)} classes; '
            'write masks as 8-bit grey with one value per class'
        )
        audit.findings.append(Finding('too-few-bits', audit.name, message, tuple(binary)))
        return
    if binary:
        shown = ', '.join(binary[:3]) + (', ...' if len(binary) > 3 else '')
        message = (
            f'{len(binary)} of {masks} masks hold only 0 and 1 of {len(audit.classes)} classes '
            f'({shown}); where the ground has more, they were saved with too few bits'
        )
        audit.findings.append(Finding('binary-mask', audit.name, message, tuple(binary)))


def _judge_classes(audit: SplitAudit) -> None:
    for name, count in zip(audit.classes, audit.counts, strict=True):
        if count == 0:
            message = f'class {name!r} has no pixel in {audit.name}'
            audit.findings.append(Finding('absent-class', audit.name, message))
