"""Cityscapes: label images in training ids, beside the published ones, and lists of the splits."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import numpy as np

from mmseg_deeplab.datasets.labels import IGNORE
from mmseg_deeplab.datasets.prepare.archives import Member, MemberError, open_archive
from mmseg_deeplab.datasets.prepare.decoding import MAX_PIXELS, encode_png, read_ids
from mmseg_deeplab.datasets.prepare.plan import Job, Output, Plan, Say, file_job
from mmseg_deeplab.datasets.prepare.recoding import recode
from mmseg_deeplab.utils.class_names import class_table
from mmseg_deeplab.utils.errors import DatasetNotFoundError

DOCUMENTED = {'train': 2975, 'val': 500, 'test': 1525}
# stored ids of the 19 classes that are scored, in the order of the classes
SCORED = (7, 8, 11, 12, 13, 17, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 31, 32, 33)
TRAIN_IDS = dict.fromkeys(range(34), IGNORE) | {old: new for new, old in enumerate(SCORED)}
_UNSCORED = (
    'unlabeled', 'ego vehicle', 'rectification border', 'out of roi', 'static', 'dynamic',
    'ground', 'parking', 'rail track', 'guard rail', 'bridge', 'tunnel', 'polegroup', 'caravan',
    'trailer',
)  # fmt: skip
_NOT_DRAWN = 'license plate'  # has no id; what is below it stays


def plan(
    cityscapes_path: str | Path, out_dir: str | Path | None = None, gt_dir: str = 'gtFine'
) -> Plan:
    """Plan ``*_labelTrainIds.png`` and ``{train,val,test}.txt``.

    The lists of another ``gt_dir`` than ``gtFine`` begin with its name, and it has a receipt of
    its own, so that both kinds of labels go into one folder.

    Labels come from ``*_labelIds.png``, which is what the benchmark scores; where it is missing,
    from the polygons.

    Args:
        cityscapes_path: Folder with ``gt_dir``, or with ``GT_DIR.zip`` or
            ``GT_DIR_trainvaltest.zip``, not unpacked.
        out_dir: Where to; ``cityscapes_path`` if None.
        gt_dir: ``'gtFine'`` or ``'gtCoarse'``.

    Raises:
        DataError: There are no labels.
    """
    root = Path(cityscapes_path)
    packed = root / f'{gt_dir}_trainvaltest.zip'
    use_zip = packed.exists() and not (root / gt_dir).exists()
    archive = open_archive(packed if use_zip else root / f'{gt_dir}.zip')
    found: dict[str, dict[str, dict[str, Member]]] = {}
    for member in archive.members():
        stem, _, kind = member.base.rpartition(f'_{gt_dir}_')
        if stem and kind in ('labelIds.png', 'polygons.json') and len(member.parts) >= 3:
            split, city = member.parts[-3:-1]
            found.setdefault(split, {}).setdefault(f'{city}/{stem}', {})[kind] = member
    if not found:
        raise DatasetNotFoundError(
            f'{archive.path}: no *_{gt_dir}_labelIds.png and no *_{gt_dir}_polygons.json in it'
        )
    fine = gt_dir == 'gtFine'
    jobs, notes, drawn = [], [], 0
    for split, images in sorted(found.items()):
        for name, kinds in images.items():
            path = f'{gt_dir}/{split}/{name}_{gt_dir}_labelTrainIds.png'
            drawn += 'labelIds.png' not in kinds
            jobs.append(_job(path, kinds))
        listed = ''.join(f'{name}\n' for name in sorted(images)).encode()
        jobs.append(file_job(f'{split}.txt' if fine else f'{gt_dir}_{split}.txt', listed))
    if drawn:
        notes.append(f'{drawn} labels are drawn from polygons, there is no labelIds.png for them')
    documented = DOCUMENTED if fine else {}
    return Plan(
        name='cityscapes' if fine else f'cityscapes_{gt_dir}',
        out_dir=Path(out_dir or root),
        settings={'gt_dir': gt_dir},
        jobs=jobs,
        archives=[archive],
        documented={f'{gt_dir}/{s}': count for s, count in documented.items() if s in found},
        notes=notes,
        merge=True,
    )


def draw_polygons(content: bytes, member: Member | str) -> np.ndarray:
    """Training ids of an annotation's polygons, each over those before it.

    Args:
        content: A ``*_polygons.json`` file.
        member: Named in errors.

    Returns:
        (H, W) uint8.

    Raises:
        MemberError: The file is no annotation, or has an unknown label.
    """
    from PIL import Image, ImageDraw

    try:
        scene = json.loads(content)
        size = int(scene['imgWidth']), int(scene['imgHeight'])
        if min(size) < 1 or size[0] * size[1] > MAX_PIXELS:
            raise ValueError(f'an image of {size[0]}x{size[1]}')
        image = Image.new('L', size, IGNORE)
        draw = ImageDraw.Draw(image)
        train_id_of = _train_id_of()
        for item in scene['objects']:
            label = item['label']
            if label not in train_id_of:
                label = label.removesuffix('group')  # several of a kind, drawn as one
            if label != _NOT_DRAWN and not item.get('deleted'):
                draw.polygon([tuple(point) for point in item['polygon']], train_id_of[label])
    except (KeyError, TypeError, ValueError) as error:
        raise MemberError(f'{member}: not an annotation of Cityscapes ({error!r})') from error
    return np.array(image)


@cache
def _train_id_of() -> dict[str, int]:
    scored = class_table('cityscapes')['classes']
    return dict.fromkeys(_UNSCORED, IGNORE) | {name: index for index, name in enumerate(scored)}


def _job(path: str, kinds: dict[str, Member]) -> Job:
    member = kinds.get('labelIds.png') or kinds['polygons.json']

    def make(say: Say) -> Iterator[Output]:
        if member.base.endswith('.json'):
            ids = draw_polygons(member.read(), member)
        else:
            ids = recode(read_ids(member), TRAIN_IDS, member)
        yield Output(path, encode_png(ids))

    return Job(path, (member,), make, lambda: {path.rpartition('/')[0]: 1})
