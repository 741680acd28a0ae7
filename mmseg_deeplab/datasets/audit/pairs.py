"""Whether every image has its mask and every mask its image, without opening a file."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from mmengine.dataset import BaseDataset

from mmseg_deeplab.datasets.audit.findings import Finding
from mmseg_deeplab.datasets.basesegdataset import BaseSegDataset
from mmseg_deeplab.datasets.file_pairs import read_text
from mmseg_deeplab.datasets.packed import PREFIX
from mmseg_deeplab.utils.errors import DataError

Record = Mapping[str, Any]


def single_datasets(dataset: Any) -> Iterator[BaseDataset]:
    """The data sets inside wrappers (concatenated, repeated), or the data set itself.

    Args:
        dataset: A data set or a wrapper with ``datasets`` or ``dataset``.
    """
    if hasattr(dataset, 'datasets'):
        for inner in dataset.datasets:
            yield from single_datasets(inner)
    elif hasattr(dataset, 'dataset'):
        yield from single_datasets(dataset.dataset)
    else:
        yield dataset


def check_pairs(dataset: BaseDataset, split: str) -> tuple[list[Record], list[Finding]]:
    """Look for images and masks that are not there.

    Args:
        dataset: One data set, no wrapper.
        split: Its name, for the findings.

    Returns:
        The records whose files are all there, and a finding for each file that is missing.
        Files that are not on a local disk are taken to be there, and so are packed ones, whose
        shards are measured when their index is read.
    """
    records = [dataset.get_data_info(index) for index in range(len(dataset))]
    if getattr(dataset, 'backend_args', None):
        return records, []
    complete, findings = [], []
    place_of = _ListedAt(dataset)
    for record in records:
        missing = _missing(record, split, place_of)
        if missing is None:
            complete.append(record)
        else:
            findings.append(missing)
    return complete, findings + list(_masks_without_image(dataset, split))


def require_files(dataset: Any, *, labelled: bool = True) -> None:
    """Refuse a data set whose records name files that are not there.

    Args:
        dataset: A data set or a wrapper of some; only ``BaseSegDataset`` and what derives from
            it is looked at.
        labelled: Whether masks are looked for too.

    Raises:
        DataError: The first that is missing, where it is listed, and how many are.
    """
    found = []
    for single in single_datasets(dataset):
        if not isinstance(single, BaseSegDataset) or single.backend_args:
            continue  # others may mean something else by their paths
        place_of = _ListedAt(single)
        for index in range(len(single)):
            record = dict(single.get_data_info(index))
            if not labelled:
                record.pop('seg_map_path', None)
            if (missing := _missing(record, '', place_of)) is not None:
                found.append(missing.message)
    if found:
        more = f' ({len(found)} files are missing in all)' if len(found) > 1 else ''
        raise DataError(f'{found[0]}{more}')


def _missing(record: Record, split: str, place_of: _ListedAt) -> Finding | None:
    image, mask = record.get('img_path'), record.get('seg_map_path')
    if image is None or image.startswith(PREFIX):
        return None
    if not os.path.isfile(image):
        message = f'{image}: no such image{place_of(image)}'
        return Finding('missing-image', split, message, (image,))
    if mask is not None and not os.path.isfile(mask):
        message = (
            f'{mask}: no such mask; the image {image} has none{place_of(image)}{place_of.hint}'
        )
        return Finding('missing-mask', split, message, (mask,))
    return None


class _ListedAt:
    """Tells, for messages, in which line of its data set's list an image stands.

    Attributes:
        hint: How masks are made that were not published; empty where nothing is to be made.
    """

    def __init__(self, dataset: Any) -> None:
        self._list = getattr(dataset, 'ann_file', '')
        hint = getattr(dataset, 'SEG_MAP_HINT', '')
        self.hint = f'; {hint}' if hint else ''

    def __call__(self, image: str) -> str:
        parts = Path(os.path.splitext(image)[0]).parts
        names = ('/'.join(parts[start:]) for start in range(len(parts)))
        number = next((self._lines[name] for name in names if name in self._lines), None)
        if number is None:
            return ', though the list of images names it' if self._list else ''
        return f', though line {number} of {self._list} names it'

    @cached_property
    def _lines(self) -> dict[str, int]:
        lines: dict[str, int] = {}
        if os.path.isfile(self._list):
            for number, line in enumerate(read_text(self._list, None).splitlines(), 1):
                for column in (line, *line.split()):
                    lines.setdefault(os.path.splitext(column.strip().lstrip('/'))[0], number)
        return lines


def _masks_without_image(dataset: BaseDataset, split: str) -> Iterator[Finding]:
    """Masks in the mask folder that belong to no image; not where a list chooses the images."""
    prefix = getattr(dataset, 'data_prefix', {})
    images, masks = prefix.get('img_path'), prefix.get('seg_map_path')
    listed = getattr(dataset, 'ann_file', '')
    if not images or not masks or os.path.isfile(listed) or not os.path.isdir(masks):
        return
    image_suffixes = _suffixes(getattr(dataset, 'img_suffix', ()))
    mask_suffixes = _suffixes(getattr(dataset, 'seg_map_suffix', ()))
    for folder, _, names in sorted(os.walk(masks, followlinks=True)):
        relative = os.path.relpath(folder, masks)
        for name in sorted(names):
            suffix = next((end for end in mask_suffixes if name.endswith(end)), None)
            if suffix is None or name.startswith('.'):
                continue
            stem = os.path.normpath(os.path.join(images, relative, name[: -len(suffix)]))
            if not any(os.path.isfile(stem + end) for end in image_suffixes):
                mask = os.path.join(folder, name)
                message = f'{mask}: a mask without an image; {stem}{image_suffixes[0]} is not there'
                yield Finding('missing-image', split, message, (mask,))


def _suffixes(value: str | Sequence[str]) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(value)
