"""Vaihingen: 33 orthophotos of different sizes into crops."""

from __future__ import annotations

import re
from pathlib import Path

from mmseg_deeplab.datasets.prepare.archives import Member
from mmseg_deeplab.datasets.prepare.isprs_tiles import TileSet, plan_tiles
from mmseg_deeplab.datasets.prepare.plan import Plan, Say

SPLITS = {
    'train': tuple(
        f'area{n}' for n in (1, 11, 13, 15, 17, 21, 23, 26, 28, 3, 30, 32, 34, 37, 5, 7)
    ),
    'val': tuple(
        f'area{n}' for n in (6, 24, 35, 16, 14, 22, 10, 4, 2, 20, 8, 31, 33, 27, 38, 12, 29)
    ),
}
UNUSED = ('area9',)  # labels without an image, in some copies of the archive
DOCUMENTED = {'train': 344, 'val': 398}
_NAME = re.compile(r'mosaic_09cm_(area\d+)(_noBoundary)?\.tif$', re.IGNORECASE)


def plan(
    dataset_path: str | Path,
    out_dir: str | Path | None = None,
    clip_size: int = 512,
    stride_size: int | None = None,
) -> Plan:
    """Plan the conversion of Vaihingen.

    Args:
        dataset_path: Folder with ``ISPRS_semantic_labeling_Vaihingen.zip`` and
            ``ISPRS_semantic_labeling_Vaihingen_ground_truth_eroded_COMPLETE.zip``. Labels with
            boundaries (``..._ground_truth_COMPLETE.zip``) go to ``ann_dir_full`` if both are
            there, to ``ann_dir`` if they are alone.
        out_dir: Where to; ``data/vaihingen`` if None.
        clip_size: Side of a crop.
        stride_size: From one crop to the next; None steps by ``clip_size``, as MMSegmentation's
            converter really does.

    Raises:
        DataError: An archive is missing or damaged, an area is unknown, or lacks its label.
        ConfigError: A size is not positive.
    """
    return plan_tiles(_KNOWN, dataset_path, out_dir, clip_size, stride_size)


def _place(member: Member, archive: str, say: Say) -> tuple[str, str] | None:
    name = _NAME.search(member.base)
    kind = _kind(member, archive) if name else None
    if kind is None:
        return None
    area = name[1].lower()
    if kind != 'image' and area in UNUSED:
        say(f'{member.base}: left out, the data set has no image for it')
        return None
    return kind, area


def _kind(member: Member, archive: str) -> str | None:
    """Images lie in ``top``; the labels with boundaries bear the same names as the images."""
    folder = member.parts[-2] if len(member.parts) > 1 else ''
    if _NAME.search(member.base)[2]:
        return 'eroded'
    if 'ground_truth' in archive or 'ground_truth' in member.name:
        return 'full'
    return 'image' if folder == 'top' else None


_KNOWN = TileSet(
    name='vaihingen',
    splits=SPLITS,
    documented=DOCUMENTED,
    image_archive='ISPRS_semantic_labeling_Vaihingen.zip',
    label_archive='ISPRS_semantic_labeling_Vaihingen_ground_truth_eroded_COMPLETE.zip',
    place=_place,
)
