"""Vessels of the retina: DRIVE, STARE, CHASE DB1 and HRF, all stored as 0 and 1."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from mmseg_deeplab.datasets.prepare.archives import Member, Source, open_archive
from mmseg_deeplab.datasets.prepare.decoding import encode_png, read_rgb
from mmseg_deeplab.datasets.prepare.plan import Job, Output, Plan, Say
from mmseg_deeplab.datasets.prepare.tars import TarSource
from mmseg_deeplab.utils.errors import DataError

_SPLITS = ('training', 'validation')
_HALF = 128  # some label files have greys; from here on they mean vessel


def plan_drive(
    training_path: str | Path, testing_path: str | Path, out_dir: str | Path | None = None
) -> Plan:
    """Plan DRIVE.

    Args:
        training_path: ``training.zip``.
        testing_path: ``test.zip``; its labels are used if it has any.
        out_dir: Where to; ``data/DRIVE`` if None.

    Raises:
        DataError: An archive is missing or damaged.
    """
    archives = [open_archive(training_path), open_archive(testing_path)]
    jobs = []
    for archive, split, word in zip(archives, _SPLITS, ('_training', '_test'), strict=True):
        for member in archive.members():
            folder = member.parts[-2] if len(member.parts) > 1 else ''
            if folder == 'images':
                jobs.append(_image(split, member, member.stem.replace(word, '')))
            elif folder in ('1st_manual', '2nd_manual'):
                jobs.append(_label(split, member))
    documented = {'images/training': 20, 'images/validation': 20, 'annotations/training': 20}
    return _plan('drive', out_dir or 'data/DRIVE', archives, jobs, documented)


def plan_chase_db1(dataset_path: str | Path, out_dir: str | Path | None = None) -> Plan:
    """Plan CHASE DB1: the first 20 images train, the other 8 validate.

    Args:
        dataset_path: ``CHASEDB1.zip``.
        out_dir: Where to; ``data/CHASE_DB1`` if None.

    Raises:
        DataError: An archive is missing or damaged, or holds another number of files.
    """
    archive = open_archive(dataset_path)
    members = _sorted(archive, 28 * 3)
    jobs = []
    for index, member in enumerate(members):
        make = _image if member.base.endswith('.jpg') else _label
        jobs.append(make(_SPLITS[index >= 20 * 3], member))
    documented = _documented((20, 8), (40, 16))
    return _plan('chase_db1', out_dir or 'data/CHASE_DB1', [archive], jobs, documented)


def plan_hrf(
    healthy_path: str | Path,
    healthy_manualsegm_path: str | Path,
    glaucoma_path: str | Path,
    glaucoma_manualsegm_path: str | Path,
    diabetic_retinopathy_path: str | Path,
    diabetic_retinopathy_manualsegm_path: str | Path,
    out_dir: str | Path | None = None,
) -> Plan:
    """Plan HRF: of each of its three kinds the first 5 train, the other 10 validate.

    Args:
        healthy_path: ``healthy.zip``.
        healthy_manualsegm_path: ``healthy_manualsegm.zip``.
        glaucoma_path: ``glaucoma.zip``.
        glaucoma_manualsegm_path: ``glaucoma_manualsegm.zip``.
        diabetic_retinopathy_path: ``diabetic_retinopathy.zip``.
        diabetic_retinopathy_manualsegm_path: ``diabetic_retinopathy_manualsegm.zip``.
        out_dir: Where to; ``data/HRF`` if None.

    Raises:
        DataError: An archive is missing or damaged, or holds another number of files.
    """
    images = [healthy_path, glaucoma_path, diabetic_retinopathy_path]
    labels = [
        healthy_manualsegm_path,
        glaucoma_manualsegm_path,
        diabetic_retinopathy_manualsegm_path,
    ]
    archives, jobs = [], []
    for paths, make in ((images, _image), (labels, _label)):
        for path in paths:
            archive = open_archive(path)
            archives.append(archive)
            for index, member in enumerate(_sorted(archive, 15)):
                jobs.append(make(_SPLITS[index >= 5], member))
    documented = _documented((15, 30), (15, 30))
    return _plan('hrf', out_dir or 'data/HRF', archives, jobs, documented)


def plan_stare(
    image_path: str | Path,
    labels_ah: str | Path,
    labels_vk: str | Path,
    out_dir: str | Path | None = None,
) -> Plan:
    """Plan STARE: the first 10 images train, the other 10 validate.

    Args:
        image_path: ``stare-images.tar``.
        labels_ah: ``labels-ah.tar``.
        labels_vk: ``labels-vk.tar``.
        out_dir: Where to; ``data/STARE`` if None.

    Raises:
        DataError: An archive is missing or damaged, or holds another number of files.
    """
    archives = [TarSource(Path(path)) for path in (image_path, labels_ah, labels_vk)]
    jobs = []
    for archive, make in zip(archives, (_image, _label, _label), strict=True):
        for index, member in enumerate(_sorted(archive, 20)):
            jobs.append(make(_SPLITS[index >= 10], member))
    documented = _documented((10, 10), (20, 20))
    return _plan('stare', out_dir or 'data/STARE', archives, jobs, documented)


def _sorted(archive: Source | TarSource, count: int) -> list[Member]:
    """All files by name; their number is proved, since the split goes by it."""
    members = sorted(archive.members(), key=lambda member: member.base)
    if len(members) != count:
        raise DataError(
            f'{archive.path}: must hold {count} files, got {len(members)}; download it again'
        )
    return members


def _image(split: str, member: Member, stem: str | None = None) -> Job:
    path = f'images/{split}/{stem or member.stem}.png'

    def make(say: Say) -> Iterator[Output]:
        yield Output(path, encode_png(read_rgb(member)))

    return Job(path, (member,), make, lambda: {f'images/{split}': 1})


def _label(split: str, member: Member) -> Job:
    path = f'annotations/{split}/{member.stem}.png'

    def make(say: Say) -> Iterator[Output]:
        yield Output(path, encode_png(read_rgb(member)[:, :, 2] // _HALF))

    return Job(path, (member,), make, lambda: {f'annotations/{split}': 1})


def _documented(images: tuple[int, int], labels: tuple[int, int]) -> dict[str, int]:
    return {
        f'{kind}/{split}': count
        for kind, counts in (('images', images), ('annotations', labels))
        for split, count in zip(_SPLITS, counts, strict=True)
    }


def _plan(
    name: str,
    out_dir: str | Path,
    archives: Sequence[Source | TarSource],
    jobs: list[Job],
    documented: dict[str, int],
) -> Plan:
    return Plan(
        name=name,
        out_dir=Path(out_dir),
        settings={},
        jobs=jobs,
        archives=archives,
        folders=[f'{kind}/{split}' for kind in ('images', 'annotations') for split in _SPLITS],
        documented=documented,
    )
