"""COCO-Stuff 10k and 164k: 182 published ids, eleven of them unused, to the 171 classes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from mmseg_deeplab.datasets.prepare.archives import Member, by_key, open_archive
from mmseg_deeplab.datasets.prepare.decoding import encode_png, read_ids
from mmseg_deeplab.datasets.prepare.plan import Job, Output, Plan, Say, read_stems
from mmseg_deeplab.datasets.prepare.recoding import read_mat, recode
from mmseg_deeplab.utils.errors import DataError, DatasetNotFoundError

UNUSED = (12, 26, 29, 30, 45, 66, 68, 69, 71, 83, 91)  # of COCO's ids 1 to 182
_USED = [number for number in range(1, 183) if number not in UNUSED]
# 10k stores 0 as unlabelled and classes from 1; 164k classes from 0 and 255 as unlabelled
IDS_10K = {0: 0} | {old: new for new, old in enumerate(_USED, start=1)}
IDS_164K = {old - 1: new for new, old in enumerate(_USED)} | {255: 255}
DOCUMENTED_10K = {'train': 9000, 'test': 1000}
DOCUMENTED_164K = {'train2017': 118287, 'val2017': 5000}
_MARK = '_labelTrainIds'


def plan_10k(coco_path: str | Path, out_dir: str | Path | None = None) -> Plan:
    """Plan COCO-Stuff 10k: images and labels, sorted into ``train2014`` and ``test2014``.

    Args:
        coco_path: Folder with ``images``, ``annotations`` and ``imageLists``.
        out_dir: Where to; ``coco_path`` if None.

    Raises:
        DataError: A folder, a list or a file of the lists is missing.
    """
    root = Path(coco_path)
    archives = [open_archive(root / name) for name in ('images', 'annotations')]
    images, labels = (
        by_key((m.stem, m) for m in archive.members() if m.name == f'{m.stem}{suffix}')
        for archive, suffix in zip(archives, ('.jpg', '.mat'), strict=True)
    )
    jobs = []
    for split in DOCUMENTED_10K:
        path = root / 'imageLists' / f'{split}.txt'
        stems = read_stems(path)
        missing = [stem for stem in stems if stem not in images or stem not in labels]
        if missing:
            raise DataError(f'{path}: {len(missing)} have no image or no label: {missing[:5]}')
        jobs += [_job_10k(f'{split}2014', images[stem], labels[stem]) for stem in stems]
    kinds = ('images', 'annotations')
    documented = {f'{k}/{s}2014': count for s, count in DOCUMENTED_10K.items() for k in kinds}
    return Plan(
        name='coco_stuff10k',
        out_dir=Path(out_dir or root),
        settings={},
        jobs=jobs,
        archives=archives,
        folders=list(documented),
        documented=documented,
        merge=True,
    )


def plan_164k(coco_path: str | Path, out_dir: str | Path | None = None) -> Plan:
    """Plan COCO-Stuff 164k: labels beside the published ones. Images stay where they are.

    Args:
        coco_path: Folder with ``annotations/{train2017,val2017}/*.png``, or with
            ``stuffthingmaps_trainval2017.zip``, not unpacked.
        out_dir: Where ``annotations`` comes to lie; ``coco_path`` if None.

    Raises:
        DataError: There are no labels.
    """
    root = Path(coco_path)
    unpacked = (root / 'annotations').is_dir()
    archive = open_archive(
        root / ('annotations' if unpacked else 'stuffthingmaps_trainval2017.zip')
    )
    jobs = [
        _job_164k(member)
        for member in archive.members()
        if len(member.parts) > 1
        and member.parts[-2] in DOCUMENTED_164K
        and member.base.endswith('.png')
        and _MARK not in member.base
    ]
    if not jobs:
        raise DatasetNotFoundError(f'{archive.path}: no train2017/*.png and no val2017/*.png')
    documented = {f'annotations/{split}': count for split, count in DOCUMENTED_164K.items()}
    return Plan(
        name='coco_stuff164k',
        out_dir=Path(out_dir or root),
        settings={},
        jobs=jobs,
        archives=[archive],
        folders=list(documented),
        documented=documented,
        notes=['images are not copied: link or move them to images/{train2017,val2017}'],
        merge=True,
    )


def _job_10k(split: str, image: Member, label: Member) -> Job:
    def make(say: Say) -> Iterator[Output]:
        ids = recode(read_mat(label, 'S'), IDS_10K, label)
        yield Output(f'annotations/{split}/{label.stem}{_MARK}.png', encode_png(ids))
        yield Output(f'images/{split}/{image.base}', image.read())

    folders = {f'images/{split}': 1, f'annotations/{split}': 1}
    return Job(f'{split}/{image.stem}', (image, label), make, lambda: folders)


def _job_164k(label: Member) -> Job:
    folder = f'annotations/{label.parts[-2]}'

    def make(say: Say) -> Iterator[Output]:
        ids = recode(read_ids(label), IDS_164K, label)
        yield Output(f'{folder}/{label.stem}{_MARK}.png', encode_png(ids))

    return Job(f'{folder}/{label.stem}', (label,), make, lambda: {folder: 1})
