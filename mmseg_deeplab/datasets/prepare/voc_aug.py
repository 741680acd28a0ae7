"""PASCAL VOC 2012 with the further labels of SBD: MATLAB files to PNG, and lists of images."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from mmseg_deeplab.datasets.prepare.archives import Member, archives_in
from mmseg_deeplab.datasets.prepare.decoding import encode_png
from mmseg_deeplab.datasets.prepare.plan import Job, Output, Plan, Say, file_job, read_stems
from mmseg_deeplab.datasets.prepare.recoding import read_mat, recode
from mmseg_deeplab.utils.errors import ConfigError, DatasetNotFoundError

DOCUMENTED_TRAIN = 10582
DOCUMENTED_LABELS = 11355
_IDS = {number: number for number in (*range(21), 255)}
_LISTS = 'ImageSets/Segmentation'


def plan(devkit_path: str | Path, aug_path: str | Path, out_dir: str | Path | None = None) -> Plan:
    """Plan ``SegmentationClassAug``, ``trainaug.txt`` and ``aug.txt``.

    ``trainaug.txt`` lists VOC's training images and all of SBD but VOC's validation images;
    ``aug.txt`` those of them that are not in VOC's training list. Both are sorted.

    Args:
        devkit_path: ``VOCdevkit``, with ``VOC2012`` in it.
        aug_path: SBD's ``benchmark_RELEASE``, with ``dataset/cls`` in it.
        out_dir: Folder of the labels, inside ``VOC2012``; ``SegmentationClassAug`` there if None.

    Raises:
        DataError: A list or the labels are missing.
    """
    root = Path(devkit_path) / 'VOC2012'
    folder = _inside(root, Path(out_dir) if out_dir else root / 'SegmentationClassAug')
    sbd = Path(aug_path) / 'dataset'
    archives = archives_in(sbd / 'cls')
    members = [m for archive in archives for m in archive.members() if m.name.endswith('.mat')]
    if not members:
        raise DatasetNotFoundError(f'{sbd / "cls"}: no *.mat files')
    train, val = (set(read_stems(root / _LISTS / f'{name}.txt')) for name in ('train', 'val'))
    more = {*read_stems(sbd / 'train.txt'), *read_stems(sbd / 'val.txt')}
    lists = {'trainaug': (train | more) - val, 'aug': more - train - val}
    jobs = [_job(folder, member) for member in members]
    for name, stems in lists.items():
        text = ''.join(f'{stem}\n' for stem in sorted(stems))
        jobs.append(file_job(f'{_LISTS}/{name}.txt', text.encode()))
    count = len(lists['trainaug'])
    return Plan(
        name='voc_aug',
        out_dir=root,
        settings={'folder': folder},
        jobs=jobs,
        archives=archives,
        folders=[folder],
        documented={folder: DOCUMENTED_LABELS},
        notes=[f'trainaug.txt: {count} images (documented: {DOCUMENTED_TRAIN})'],
        merge=True,
    )


def _job(folder: str, member: Member) -> Job:
    def make(say: Say) -> Iterator[Output]:
        ids = recode(read_mat(member, 'GTcls', 'Segmentation'), _IDS, member)
        yield Output(f'{folder}/{member.stem}.png', encode_png(ids))

    return Job(member.stem, (member,), make, lambda: {folder: 1})


def _inside(root: Path, folder: Path) -> str:
    try:
        return folder.resolve().relative_to(root.resolve()).as_posix()
    except ValueError as error:
        raise ConfigError(
            f'out_dir must be inside {root}, where the lists are, got {folder}'
        ) from error
