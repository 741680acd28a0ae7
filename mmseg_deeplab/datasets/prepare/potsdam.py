"""Potsdam: 38 orthophotos of 6000x6000 into crops."""

from __future__ import annotations

import re
from pathlib import Path

from mmseg_deeplab.datasets.prepare.archives import Member
from mmseg_deeplab.datasets.prepare.isprs_tiles import TileSet, plan_tiles
from mmseg_deeplab.datasets.prepare.plan import Plan, Say

SPLITS = {
    'train': (
        '2_10', '2_11', '2_12', '3_10', '3_11', '3_12', '4_10', '4_11', '4_12', '5_10', '5_11',
        '5_12', '6_10', '6_11', '6_12', '6_7', '6_8', '6_9', '7_10', '7_11', '7_12', '7_7', '7_8',
        '7_9',
    ),
    'val': (
        '5_15', '6_15', '6_13', '3_13', '4_14', '6_14', '5_14', '2_13', '4_15', '2_14', '5_13',
        '4_13', '3_14', '7_13',
    ),
}  # fmt: skip
# 4_12 was stored with losses, 6_7 has most of its cars as #FCFF00
DEFECTIVE = ('4_12', '6_7')
DOCUMENTED = {'train': 3456, 'val': 2016}
_NAME = re.compile(r'potsdam_0*(\d+)_0*(\d+)(?:_(?P<kind>\w+))?\.tif$', re.IGNORECASE)


def plan(
    dataset_path: str | Path,
    out_dir: str | Path | None = None,
    clip_size: int = 512,
    stride_size: int | None = None,
) -> Plan:
    """Plan the conversion of Potsdam.

    Args:
        dataset_path: Folder with ``2_Ortho_RGB.zip`` and ``5_Labels_all_noBoundary.zip``. Labels
            with boundaries (``5_Labels_all.zip``) go to ``ann_dir_full`` if both are there, to
            ``ann_dir`` if they are alone. Archives of heights and infrared are passed over.
        out_dir: Where to; ``data/potsdam`` if None.
        clip_size: Side of a crop.
        stride_size: From one crop to the next; None steps by ``clip_size``, as MMSegmentation's
            converter really does.

    Raises:
        DataError: An archive is missing or damaged, a tile is unknown, or lacks its label.
        ConfigError: A size is not positive.
    """
    return plan_tiles(_KNOWN, dataset_path, out_dir, clip_size, stride_size)


def _place(member: Member, archive: str, say: Say) -> tuple[str, str] | None:
    name = _NAME.search(member.base)
    kind = _kind(member) if name else None
    if kind is not None:
        return kind, f'{name[1]}_{name[2]}'
    if member.base.lower().endswith('.tif'):
        say(f'{archive}: passed over, no RGB images and no labels')
    return None


def _kind(member: Member) -> str | None:
    name = member.base.lower()
    if 'label' in name:
        return 'eroded' if 'noboundary' in name else 'full'
    return 'image' if name.endswith('_rgb.tif') else None


_KNOWN = TileSet(
    name='potsdam',
    splits=SPLITS,
    documented=DOCUMENTED,
    image_archive='2_Ortho_RGB.zip',
    label_archive='5_Labels_all_noBoundary.zip',
    place=_place,
    defective=DEFECTIVE,
)
