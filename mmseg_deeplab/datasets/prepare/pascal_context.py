"""PASCAL Context: masks of trainval_merged.json to PNG, without the package ``detail``."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from mmseg_deeplab.datasets.prepare.archives import MemberError
from mmseg_deeplab.datasets.prepare.decoding import MAX_PIXELS, encode_png
from mmseg_deeplab.datasets.prepare.plan import Job, Output, Plan, Say, file_job
from mmseg_deeplab.utils.errors import DataError, DatasetNotFoundError

DOCUMENTED = {'train': 4998, 'val': 5105}
# of the 459 published categories those of the 59 classes; their rank is the stored id, 0 is the
# background
CATEGORIES = (
    2, 9, 18, 19, 22, 23, 25, 31, 33, 34, 44, 45, 46, 59, 65, 68, 72, 80, 85, 98, 104, 105, 113,
    115, 144, 158, 159, 162, 187, 189, 207, 220, 232, 258, 259, 260, 284, 295, 296, 308, 324, 326,
    347, 349, 354, 355, 360, 366, 368, 397, 415, 416, 420, 424, 427, 440, 445, 454, 458,
)  # fmt: skip
_ID_OF = {0: 0} | {category: rank for rank, category in enumerate(CATEGORIES, start=1)}
_LISTS = 'ImageSets/SegmentationContext'


def plan(devkit_path: str | Path, json_path: str | Path, out_dir: str | Path | None = None) -> Plan:
    """Plan ``SegmentationClassContext`` and the lists ``{train,val}.txt``.

    Args:
        devkit_path: ``VOCdevkit``, with ``VOC2010`` in it.
        json_path: ``trainval_merged.json``.
        out_dir: Where ``SegmentationClassContext`` and ``ImageSets`` come to lie;
            ``devkit_path/VOC2010`` if None.

    Raises:
        DataError: The file is missing or is another one.
    """
    images, masks = _load(Path(json_path))
    jobs = []
    for split in DOCUMENTED:
        chosen = {Path(i['file_name']).stem: i for i in images if i['phase'] == split}
        for stem, image in chosen.items():
            jobs.append(_job(stem, image, masks.get(image['image_id'], ()), str(json_path)))
        text = ''.join(f'{stem}\n' for stem in sorted(chosen))
        jobs.append(file_job(f'{_LISTS}/{split}.txt', text.encode()))
    return Plan(
        name='pascal_context',
        out_dir=Path(out_dir or Path(devkit_path) / 'VOC2010'),
        settings={},
        jobs=jobs,
        folders=['SegmentationClassContext'],
        documented={'SegmentationClassContext': sum(DOCUMENTED.values())},
        merge=True,
    )


def decode_mask(counts: str | Sequence[int], size: Sequence[int]) -> np.ndarray:
    """A run-length encoded mask as COCO's tools write it.

    Args:
        counts: Lengths of runs of 0 and 1 in turn, down the columns; or these packed as text:
            five bits a character from 48 on, the sixth says that more follow, and from the third
            run on the difference to the run two before.
        size: Height and width.

    Returns:
        (H, W) bool.

    Raises:
        ValueError: The runs do not fill the mask.
    """
    runs = _unpack(counts) if isinstance(counts, str) else [int(run) for run in counts]
    height, width = (int(side) for side in size)
    if min(runs, default=0) < 0 or sum(runs) != height * width or sum(runs) > MAX_PIXELS:
        raise ValueError(f'runs of {sum(runs)} pixels for a mask of {width}x{height}')
    flat = np.repeat(np.arange(len(runs)) % 2 == 1, runs)
    return flat.reshape(width, height).T


def _unpack(text: str) -> list[int]:
    runs: list[int] = []
    value = shift = 0
    for character in text:
        bits = ord(character) - 48
        value |= (bits & 31) << shift
        shift += 5
        if bits & 32:
            continue
        if bits & 16:  # negative: the bits above are all ones
            value -= 1 << shift
        runs.append(value + runs[-2] if len(runs) > 2 else value)
        value = shift = 0
    return runs


def _load(path: Path) -> tuple[list[dict], Mapping[Any, list[dict]]]:
    try:
        whole = json.loads(path.read_bytes())
        masks: dict[Any, list[dict]] = {}
        for mask in whole['annos_segmentation']:
            masks.setdefault(mask['image_id'], []).append(mask)
        images = list(whole['images'])
        wanted = {'image_id', 'file_name', 'phase', 'height', 'width'}
        if not images or any(not wanted <= set(image) for image in images):
            raise ValueError(f'images must have {", ".join(sorted(wanted))}')
    except OSError as error:
        raise DatasetNotFoundError(f'{path}: cannot be read ({error.strerror})') from error
    except (KeyError, TypeError, ValueError) as error:
        raise DataError(f'{path}: not trainval_merged.json, or cut off ({error!r})') from error
    return images, masks


def _job(stem: str, image: Mapping[str, Any], masks: Sequence[Mapping], path: str) -> Job:
    def make(say: Say) -> Iterator[Output]:
        try:
            ids = np.zeros((int(image['height']), int(image['width'])), dtype=np.uint8)
            for mask in masks:
                region = decode_mask(mask['segmentation']['counts'], mask['segmentation']['size'])
                ids[region] = _ID_OF[mask['category_id']]
        except (KeyError, TypeError, ValueError, IndexError) as error:
            raise MemberError(f'{path}: image {stem}: damaged mask ({error!r})') from error
        yield Output(f'SegmentationClassContext/{stem}.png', encode_png(ids))

    mark = zlib.crc32(json.dumps(masks, sort_keys=True).encode())
    return Job(stem, (), make, lambda: {'SegmentationClassContext': 1}, mark or 1)
