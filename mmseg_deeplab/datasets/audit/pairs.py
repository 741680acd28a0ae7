"""Whether every image has its mask and every mask its image, without opening a file."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from mmengine.dataset import BaseDataset

from mmseg_deeplab.datasets.audit.findings import Finding
from mmseg_deeplab.datasets.packed import PREFIX

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
    for record in records:
        image, mask = record['img_path'], record.get('seg_map_path')
        if image.startswith(PREFIX):
            complete.append(record)
        elif not os.path.isfile(image):
            message = f'{image}: no such image, though the list of images names it'
            findings.append(Finding('missing-image', split, message, (image,)))
        elif mask is not None and not os.path.isfile(mask):
            hint = f'; {record["seg_map_hint"]}' if 'seg_map_hint' in record else ''
            message = f'{mask}: no such mask; the image {image} has none{hint}'
            findings.append(Finding('missing-mask', split, message, (mask,)))
        else:
            complete.append(record)
    return complete, findings + list(_masks_without_image(dataset, split))


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
