"""LoveDA: Train.zip, Val.zip and Test.zip into img_dir, ann_dir and lists of each domain."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np

from mmseg_deeplab.datasets.prepare.archives import (
    Member,
    MemberError,
    Source,
    by_key,
    open_archive,
)
from mmseg_deeplab.datasets.prepare.decoding import picture_size, read_ids
from mmseg_deeplab.datasets.prepare.plan import Job, Output, Plan, Say, check_pairs, file_job
from mmseg_deeplab.utils.errors import DataError

SPLITS = {'train': 'Train', 'val': 'Val', 'test': 'Test'}
DOMAINS = ('Rural', 'Urban')
DOCUMENTED = {'train': 2522, 'val': 1669, 'test': 1796}
DOCUMENTED_DOMAINS = {
    'train': {'rural': 1366, 'urban': 1156},
    'val': {'rural': 992, 'urban': 677},
    'test': {'rural': 976, 'urban': 820},
}
SIZE = (1024, 1024)
LARGEST_ID = 7


def plan(dataset_path: str | Path, out_dir: str | Path | None = None) -> Plan:
    """Plan the conversion of LoveDA.

    Images and labels keep their names and their bytes; each is looked at: its size, and the ids
    of the labels. ``splits/{train,val,test}_{rural,urban}.txt`` list the images of each domain.

    Args:
        dataset_path: Folder with ``Train.zip``, ``Val.zip`` and ``Test.zip``.
        out_dir: Where to; ``data/loveDA`` if None.

    Raises:
        DataError: An archive is missing, damaged, or another one.
    """
    archives, jobs, notes = [], [], []
    for split, name in SPLITS.items():
        archive = open_archive(Path(dataset_path) / f'{name}.zip')
        archives.append(archive)
        images, labels, domains = _sort(archive, name)
        if split != 'test':
            check_pairs(images, labels, f'{name}.zip')
        jobs += [_job(split, stem, images[stem], labels.get(stem)) for stem in images]
        for domain, stems in domains.items():
            lines = ''.join(f'{stem}\n' for stem in sorted(stems, key=_by_number))
            jobs.append(file_job(f'splits/{split}_{domain}.txt', lines.encode()))
            documented = DOCUMENTED_DOMAINS[split][domain]
            notes.append(f'{split}, {domain}: {len(stems)} images (documented: {documented})')
    documented = {f'img_dir/{split}': count for split, count in DOCUMENTED.items()}
    documented |= {f'ann_dir/{split}': DOCUMENTED[split] for split in ('train', 'val')}
    return Plan(
        name='loveda',
        out_dir=Path(out_dir or 'data/loveDA'),
        settings={},
        jobs=jobs,
        archives=archives,
        folders=[*documented, 'splits'],
        documented=documented | {'splits': len(SPLITS) * len(DOMAINS)},
        notes=notes,
    )


def _sort(
    archive: Source, name: str
) -> tuple[dict[str, Member], dict[str, Member], dict[str, list[str]]]:
    """Images and labels by stem, and the stems of each domain."""
    found: Mapping[str, list] = {'images_png': [], 'masks_png': []}
    domains: dict[str, list[str]] = {domain.lower(): [] for domain in DOMAINS}
    for member in archive.members():
        folders = member.parts[-4:-1]
        # a copy that was packed anew may lack the outer folder
        known = len(folders) >= 2 and folders[-2] in DOMAINS and folders[-1] in found
        if known and member.base.endswith('.png'):
            found[folders[-1]].append((member.stem, member))
            if folders[-1] == 'images_png':
                domains[folders[-2].lower()].append(member.stem)
    images, labels = by_key(found['images_png']), by_key(found['masks_png'])
    missing = [domain for domain, stems in domains.items() if not stems]
    if missing:
        raise DataError(
            f'{archive.path}: has no {name}/{missing[0].capitalize()}/images_png/*.png; it is not '
            f"LoveDA's {name}.zip, or only a part of it"
        )
    return images, labels, domains


def _job(split: str, stem: str, image: Member, label: Member | None) -> Job:
    def make(say: Say) -> Iterator[Output]:
        _check_size(image)
        if label is not None:
            _check_size(label)
            _check_ids(label)
            yield Output(f'ann_dir/{split}/{stem}.png', label.read())
        yield Output(f'img_dir/{split}/{stem}.png', image.read())

    def count() -> dict[str, int]:
        folders = ['img_dir'] if label is None else ['img_dir', 'ann_dir']
        return {f'{folder}/{split}': 1 for folder in folders}

    sources = (image,) if label is None else (image, label)
    return Job(f'{split}/{stem}', sources, make, count)


def _check_size(member: Member) -> None:
    if not member.head(8).startswith(b'\x89PNG'):
        raise MemberError(f'{member}: not a PNG file')
    height, width = picture_size(member)
    if (height, width) != SIZE:
        raise MemberError(f'{member}: must be 1024x1024 pixels, got {width}x{height}')


def _check_ids(label: Member) -> None:
    ids = read_ids(label)
    if ids.max() > LARGEST_ID:
        wrong = np.unique(ids[ids > LARGEST_ID]).tolist()
        raise MemberError(f'{label}: labels must be 0 to {LARGEST_ID}, got {wrong} as well')


def _by_number(stem: str) -> tuple[int, str]:
    return (int(stem) if stem.isdecimal() else -1, stem)
