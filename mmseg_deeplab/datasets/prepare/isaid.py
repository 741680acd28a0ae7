"""iSAID: the images of DOTA with semantic masks into crops that overlap."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path

import numpy as np

from mmseg_deeplab.datasets.color_table import ColorTable, name_colors
from mmseg_deeplab.datasets.labels import IGNORE
from mmseg_deeplab.datasets.prepare.archives import Member, MemberError, Source, archives_in, by_key
from mmseg_deeplab.datasets.prepare.decoding import encode_png, picture_size, read_rgb
from mmseg_deeplab.datasets.prepare.grid import check_crop, check_whole, padded, windows
from mmseg_deeplab.datasets.prepare.plan import Job, Output, Plan, Say, check_pairs
from mmseg_deeplab.utils.class_names import class_table
from mmseg_deeplab.utils.errors import DatasetNotFoundError

DOCUMENTED = {'train': 33978, 'val': 11644, 'test': 937}
SUFFIX = '_instance_color_RGB'


def plan(
    dataset_path: str | Path,
    out_dir: str | Path | None = None,
    patch_width: int = 896,
    patch_height: int = 896,
    overlap_area: int = 384,
) -> Plan:
    """Plan the conversion of iSAID.

    Labels are 8-bit grey PNGs with ids 0 to 15, and 255 where a small image was padded. Images
    of the test set are not cut.

    Args:
        dataset_path: Folder with ``{train,val,test}/images/*.zip`` and
            ``{train,val}/Semantic_masks/*.zip``.
        out_dir: Where to; ``data/iSAID`` if None.
        patch_width: Of a crop.
        patch_height: Of a crop.
        overlap_area: Pixels that neighbouring crops share, less at the last of a row.

    Raises:
        DataError: An archive is missing or damaged, or an image lacks its label.
        ConfigError: A size is no whole number, or the crops do not go on.
    """
    check_whole(patch_width=patch_width, patch_height=patch_height, overlap_area=overlap_area)
    crop = (patch_height, patch_width)
    step = (patch_height - overlap_area, patch_width - overlap_area)
    check_crop('patch_height', crop[0], 'overlap_area', step[0])
    check_crop('patch_width', crop[1], 'overlap_area', step[1])
    root, archives, jobs = Path(dataset_path), [], []
    for split in DOCUMENTED:
        sources = archives_in(root / split / 'images')
        archives += sources
        images = _pictures(sources, '', root / split / 'images')
        if split == 'test':
            jobs += [_copy(stem, image) for stem, image in images.items()]
            continue
        sources = archives_in(root / split / 'Semantic_masks')
        archives += sources
        labels = _pictures(sources, SUFFIX, root / split / 'Semantic_masks')
        check_pairs(images, labels, str(root / split))
        jobs += [_cut(split, stem, images[stem], labels[stem], crop, step) for stem in images]
    counted = [f'{kind}/{split}' for split in ('train', 'val') for kind in ('img_dir', 'ann_dir')]
    documented = {'img_dir/test': DOCUMENTED['test']}
    if (crop, step) == ((896, 896), (512, 512)):
        documented |= {folder: DOCUMENTED[folder.partition('/')[2]] for folder in counted}
    return Plan(
        name='isaid',
        out_dir=Path(out_dir or 'data/iSAID'),
        settings={
            'patch_width': patch_width,
            'patch_height': patch_height,
            'overlap_area': overlap_area,
        },
        jobs=jobs,
        archives=archives,
        folders=[*counted, 'img_dir/test', 'ann_dir/test'],
        documented=documented,
    )


def label_ids(rgb: np.ndarray, member: Member | str) -> np.ndarray:
    """Colours of an iSAID label file to ids.

    Args:
        rgb: (H, W, 3) uint8.
        member: Named in errors.

    Returns:
        (H, W) uint8, 0 to 15.

    Raises:
        MemberError: A colour is not one of iSAID's.
    """
    ids, strays = _color_table().look_up_all(rgb)
    if strays:
        raise MemberError(
            f"{member}: colours that are not iSAID's: {name_colors(strays)}; the file is damaged, "
            'or not one of Semantic_masks'
        )
    return ids


@cache
def _color_table() -> ColorTable:
    palette = class_table('isaid')['palette']
    return ColorTable({tuple(color): index for index, color in enumerate(palette)})


def _pictures(sources: list[Source], suffix: str, folder: Path) -> dict[str, Member]:
    """PNGs by the stem of the image; for labels those with their suffix only."""
    members = (member for source in sources for member in source.members())
    found = by_key(
        (member.stem.removesuffix(suffix), member)
        for member in members
        if member.base.endswith(f'{suffix}.png')
    )
    if not found:
        raise DatasetNotFoundError(f'{folder}: no *{suffix}.png in the archives of this folder')
    return found


def _copy(stem: str, image: Member) -> Job:
    def make(say: Say) -> Iterator[Output]:
        picture_size(image)
        yield Output(f'img_dir/test/{stem}.png', image.read())

    return Job(f'test/{stem}', (image,), make, lambda: {'img_dir/test': 1})


def _cut(
    split: str,
    stem: str,
    image: Member,
    label: Member,
    crop: tuple[int, int],
    step: tuple[int, int],
) -> Job:
    def crops(folder: str, suffix: str, array: np.ndarray) -> Iterator[Output]:
        for window in windows(*array.shape[:2], crop, step):
            y0, y1, x0, x1 = window
            name = f'{stem}_{y0}_{y1}_{x0}_{x1}{suffix}.png'
            yield Output(f'{folder}/{split}/{name}', encode_png(window.cut(array)))

    def make(say: Say) -> Iterator[Output]:
        height, width = picture_size(image)
        colors = read_rgb(label)
        if colors.shape[:2] != (height, width):
            raise MemberError(
                f'{label}: {colors.shape[1]}x{colors.shape[0]} pixels, but its image {image} has '
                f'{width}x{height}'
            )
        ids = label_ids(colors, label)
        del colors  # up to 0.8 GB that are not needed beside the image
        yield from crops('ann_dir', SUFFIX, padded(ids, crop, IGNORE))
        yield from crops('img_dir', '', padded(read_rgb(image), crop, 0))

    def count() -> dict[str, int]:
        number = len(windows(*picture_size(image), crop, step))
        return {f'{folder}/{split}': number for folder in ('img_dir', 'ann_dir')}

    return Job(f'{split}/{stem}', (image, label), make, count)
