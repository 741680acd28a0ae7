"""One pair of image and mask: whether it can be read, fits, and holds only known classes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from mmseg_deeplab.datasets.audit.duplicates import Fingerprint, fingerprint
from mmseg_deeplab.datasets.audit.findings import Finding
from mmseg_deeplab.datasets.labels import IGNORE, to_train_ids
from mmseg_deeplab.datasets.packed import PREFIX, read_packed
from mmseg_deeplab.datasets.reading import read_label
from mmseg_deeplab.utils.errors import DataError

Record = Mapping[str, Any]
ImageReader = Callable[[Record], tuple[np.ndarray, np.ndarray | None]]

_PNG = b'\x89PNG\r\n\x1a\n'
_GREY = 0  # PNG's colour type; palettes may shrink to fewer bits without loss


@dataclass
class PairFacts:
    """What one image and its mask hold.

    Attributes:
        findings: What is wrong with them.
        counts: (K,) int64, pixels of each class; zeros where there is no mask.
        ignored: Ignored pixels.
        fingerprint: Of the image; None where it cannot be read.
        binary: Whether the mask holds the stored values 0 and 1 and no others.
        mask: Path of the mask that was read, or None.
    """

    findings: list[Finding] = field(default_factory=list)
    counts: np.ndarray = field(default_factory=lambda: np.zeros(0, np.int64))
    ignored: int = 0
    fingerprint: Fingerprint | None = None
    binary: bool = False
    mask: str | None = None

    def add(self, kind: str, split: str, message: str, *files: str) -> None:
        """Note a finding."""
        self.findings.append(Finding(kind, split, message, files))


def examine_pair(
    record: Record, read_image: ImageReader, num_classes: int, split: str
) -> PairFacts:
    """Read one image and its mask and look at both.

    Args:
        record: Of the data set.
        read_image: From a record to the pixels and the mask of valid ones, as training reads it.
        num_classes: K.
        split: Name for the findings.
    """
    facts = PairFacts(counts=np.zeros(num_classes, np.int64))
    path, mask_path = record['img_path'], record.get('seg_map_path')
    shape = valid = None
    try:
        image, valid = read_image(record)
        shape = image.shape[:2]
        facts.fingerprint = fingerprint(path, image)
    except DataError as error:
        facts.add('unreadable-image', split, str(error), path)
    if mask_path is None:
        return facts
    try:
        backend = record.get('backend_args')
        stored = read_label(mask_path, record.get('color_table'), backend_args=backend)
    except DataError as error:
        facts.add('unreadable-mask', split, str(error), mask_path)
        return facts
    facts.mask = mask_path
    if shape is not None and stored.shape != shape:
        facts.add('size-mismatch', split, _sizes(mask_path, stored.shape, path, shape), mask_path)
        valid = None
    if valid is not None:
        facts.ignored = int((~valid).sum())
        stored = stored[valid]
    _count(facts, np.bincount(stored.ravel(), minlength=256), record, split)
    if 'color_table' not in record:
        _look_at_bits(facts, record, split)
    return facts


def _count(facts: PairFacts, histogram: np.ndarray, record: Record, split: str) -> None:
    """Sort a mask's stored values into classes, ignored ones and unknown ones."""
    num_classes = len(facts.counts)
    values = np.arange(256, dtype=np.uint8)
    ids = to_train_ids(
        values,
        reduce_zero_label=bool(record.get('reduce_zero_label')),
        label_map=record.get('label_map'),
        ignore_index=record.get('ignore_index', IGNORE),
    )
    np.add.at(facts.counts, ids[ids < num_classes], histogram[ids < num_classes])
    facts.ignored += int(histogram[ids == IGNORE].sum())
    unknown = np.flatnonzero((ids >= num_classes) & (ids != IGNORE) & (histogram > 0))
    if len(unknown):
        shown = ', '.join(f'{value} ({histogram[value]} pixels)' for value in unknown[:8])
        more = f' and {len(unknown) - 8} more' if len(unknown) > 8 else ''
        message = (
            f'{facts.mask}: label values outside the {num_classes} classes: {shown}{more}; '
            'check classes, reduce_zero_label and the file'
        )
        facts.add('outside-classes', split, message, facts.mask)
    elif not facts.counts.any():
        facts.add('all-ignored', split, f'{facts.mask}: all pixels are ignored', facts.mask)
    present = np.flatnonzero(histogram)
    facts.binary = 'color_table' not in record and present.tolist() == [0, 1]


def _look_at_bits(facts: PairFacts, record: Record, split: str) -> None:
    needed = len(facts.counts) + bool(record.get('reduce_zero_label'))
    bits = None if record.get('backend_args') else png_grey_bits(facts.mask)
    if bits is not None and 2**bits < needed:
        message = (
            f'{facts.mask}: a PNG of {bits} bit{"s" if bits > 1 else ""} cannot hold {needed} '
            'different values; write masks as 8-bit grey'
        )
        facts.add('too-few-bits', split, message, facts.mask)
        facts.binary = False  # said once


def png_grey_bits(path: str) -> int | None:
    """Bits per pixel of a grey PNG without alpha; None for any other file."""
    if path.startswith(PREFIX):
        head = read_packed(path)[:26]
    else:
        with open(path, 'rb') as file:
            head = file.read(26)
    if not head.startswith(_PNG) or len(head) < 26 or head[25] != _GREY:
        return None
    return head[24]


def _sizes(mask: str, got: tuple[int, ...], image: str, wanted: tuple[int, ...]) -> str:
    return (
        f'{mask}: the mask is {got[0]}x{got[1]} (height x width), its image {image} is '
        f'{wanted[0]}x{wanted[1]}; both must be of one size'
    )
