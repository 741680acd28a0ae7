"""PASCAL VOC 2012 and SBD merged into one training list of 10582 images, as MindCV lays it out."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np

from mmseg_deeplab.datasets.prepare.archives import Member, archives_in
from mmseg_deeplab.datasets.prepare.decoding import encode_png, read_ids
from mmseg_deeplab.datasets.prepare.plan import Job, Output, Plan, Say, file_job, read_stems
from mmseg_deeplab.datasets.prepare.recoding import read_mat, recode
from mmseg_deeplab.utils.errors import ConfigError, DatasetNotFoundError

DOCUMENTED_TRAIN = 10582
VOC, SBD = 'VOCdevkit/VOC2012', 'benchmark_RELEASE/dataset'
_IDS = {number: number for number in (*range(21), 255)}
_PATHS = ('relative', 'absolute')
_NAMED = 5


def plan(
    data_root: str | Path, out_dir: str | Path | None = None, list_paths: str = 'relative'
) -> Plan:
    """Plan labels as ids in grey, and five lists of "image label" lines.

    Made are ``SegmentationClassGray`` beside VOC's ``SegmentationClass``, ``cls_png_gray`` and
    ``cls_png`` (with VOC's colours as palette) beside SBD's ``cls``, and ``voc_train_lst.txt``,
    ``voc_val_lst.txt``, ``sbd_train_lst.txt``, ``sbd_val_lst.txt``, ``vocaug_train_lst.txt``. The
    last one is SBD's images without those in VOC's lists, then VOC's training images.

    Differs from the original, which compares lines with their line ends and so may keep an image
    that is the last in a list.

    Args:
        data_root: Folder with ``VOCdevkit/VOC2012`` and ``benchmark_RELEASE/dataset``.
        out_dir: Must be ``data_root`` or None.
        list_paths: ``'relative'`` to ``data_root``, so that the folder can be moved, or
            ``'absolute'``, as MindCV's own scripts need them.

    Raises:
        DataError: Lists, images or labels are missing.
        ConfigError: An argument does not fit.
    """
    root = Path(data_root)
    if out_dir is not None and Path(out_dir).resolve() != root.resolve():
        raise ConfigError(f'out_dir must be {root}, where the images are, got {out_dir}')
    if list_paths not in _PATHS:
        raise ConfigError(f'list_paths must be one of {", ".join(_PATHS)}, got {list_paths!r}')
    voc_labels, sbd_labels = (
        archives_in(root / place)[0] for place in (f'{VOC}/SegmentationClass', f'{SBD}/cls')
    )
    palette_files = [m for m in voc_labels.members() if m.base.endswith('.png')]
    matlab_files = [m for m in sbd_labels.members() if m.base.endswith('.mat')]
    lists = _lists(root)
    _refuse_missing(root, lists, {m.stem for m in palette_files}, {m.stem for m in matlab_files})
    jobs = [_voc_job(member) for member in palette_files]
    jobs += [_sbd_job(member) for member in matlab_files]
    prefix = '' if list_paths == 'relative' else f'{root.resolve().as_posix()}/'
    for name, parts in lists.items():
        text = ''.join(_line(prefix, source, stem) for source, stems in parts for stem in stems)
        jobs.append(file_job(f'{name}_lst.txt', text.encode()))
    count = sum(len(stems) for _, stems in lists['vocaug_train'])
    return Plan(
        name='voc_trainaug',
        out_dir=root,
        settings={'list_paths': list_paths},
        jobs=jobs,
        archives=[voc_labels, sbd_labels],
        notes=[f'vocaug_train_lst.txt: {count} images (documented: {DOCUMENTED_TRAIN})'],
        merge=True,
    )


def voc_palette() -> np.ndarray:
    """The 256 colours of VOC's label files, (256, 3) uint8: an id's bits dealt out in turn."""
    ids = np.arange(256)
    colors = np.zeros((256, 3), np.uint8)
    for place in range(8):
        for channel in range(3):
            bit = (ids >> (3 * place + channel)) & 1
            colors[:, channel] |= (bit << (7 - place)).astype(np.uint8)
    return colors


def _lists(root: Path) -> dict[str, list[tuple[str, list[str]]]]:
    """Each list's parts: of which set, and which images."""
    voc = {
        split: read_stems(root / VOC / f'ImageSets/Segmentation/{split}.txt')
        for split in ('train', 'val')
    }
    sbd = {split: read_stems(root / SBD / f'{split}.txt') for split in ('train', 'val')}
    in_voc = {*voc['train'], *voc['val']}
    more = [stem for stem in (*sbd['train'], *sbd['val']) if stem not in in_voc]
    return {
        'voc_train': [(VOC, voc['train'])],
        'voc_val': [(VOC, voc['val'])],
        'sbd_train': [(SBD, sbd['train'])],
        'sbd_val': [(SBD, sbd['val'])],
        'vocaug_train': [(SBD, list(dict.fromkeys(more))), (VOC, voc['train'])],
    }


def _line(prefix: str, source: str, stem: str) -> str:
    images, labels = (
        ('JPEGImages', 'SegmentationClassGray') if source == VOC else ('img', 'cls_png_gray')
    )
    return f'{prefix}{source}/{images}/{stem}.jpg {prefix}{source}/{labels}/{stem}.png\n'


def _refuse_missing(
    root: Path,
    lists: Mapping[str, Sequence[tuple[str, list[str]]]],
    voc_labels: set[str],
    sbd_labels: set[str],
) -> None:
    there = {
        VOC: {path.stem for path in (root / VOC / 'JPEGImages').glob('*.jpg')} & voc_labels,
        SBD: {path.stem for path in (root / SBD / 'img').glob('*.jpg')} & sbd_labels,
    }
    for name, parts in lists.items():
        for source, stems in parts:
            missing = [stem for stem in stems if stem not in there[source]]
            if missing:
                more = ', ...' if len(missing) > _NAMED else ''
                raise DatasetNotFoundError(
                    f'{root / source}: no image or no label of {len(missing)} of the {len(stems)} '
                    f'entries of {name}: {", ".join(missing[:_NAMED])}{more}; unpack both archives '
                    'whole'
                )


def _voc_job(member: Member) -> Job:
    folder = f'{VOC}/SegmentationClassGray'

    def make(say: Say) -> Iterator[Output]:
        ids = recode(read_ids(member), _IDS, member)
        yield Output(f'{folder}/{member.stem}.png', encode_png(ids))

    return Job(f'voc/{member.stem}', (member,), make, lambda: {folder: 1})


def _sbd_job(member: Member) -> Job:
    grey, colored = f'{SBD}/cls_png_gray', f'{SBD}/cls_png'

    def make(say: Say) -> Iterator[Output]:
        ids = recode(read_mat(member, 'GTcls', 'Segmentation'), _IDS, member)
        yield Output(f'{grey}/{member.stem}.png', encode_png(ids))
        yield Output(f'{colored}/{member.stem}.png', _palette_png(ids))

    return Job(f'sbd/{member.stem}', (member,), make, lambda: {grey: 1, colored: 1})


def _palette_png(ids: np.ndarray) -> bytes:
    from PIL import Image

    image = Image.fromarray(ids)
    image.putpalette(voc_palette().tobytes())
    content = io.BytesIO()
    image.save(content, 'PNG')
    return content.getvalue()
