"""A small PASCAL VOC 2012 and SBD in their true layout: drawn pictures, real names and formats."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from mmseg_deeplab.datasets.prepare.voc_trainaug import SBD, VOC, voc_palette

CLASSES = (0, 1, 7, 15)  # background, aeroplane, car, person
_COLORS = {0: (90, 110, 100), 1: (210, 190, 170), 7: (40, 40, 200), 15: (60, 160, 220)}


def draw(seed: int, height: int, width: int) -> tuple[np.ndarray, np.ndarray]:
    """A picture of one to three objects.

    Args:
        seed: Of what is where.
        height: Pixels.
        width: Pixels.

    Returns:
        (H, W, 3) uint8 BGR, and (H, W) uint8 of ids, 255 along the objects' outlines.
    """
    random = np.random.RandomState(seed)
    ids = np.zeros((height, width), np.uint8)
    for _ in range(random.randint(1, 4)):
        kind = CLASSES[random.randint(1, len(CLASSES))]
        center = int(random.randint(width)), int(random.randint(height))
        axes = (
            int(random.randint(width // 8, width // 3)),
            int(random.randint(height // 8, height // 3)),
        )
        cv2.ellipse(ids, center, axes, 0, 0, 360, kind, -1)
        cv2.ellipse(ids, center, axes, 0, 0, 360, 255, 1)
    image = np.zeros((height, width, 3), np.float64)
    for kind, color in _COLORS.items():
        image[ids == kind] = color
    image += random.randn(height, width, 3) * 12
    return np.clip(image, 0, 255).astype(np.uint8), ids


def make_voc_and_sbd(
    root: Path,
    *,
    train: int = 4,
    val: int = 2,
    sbd: int = 4,
    size: tuple[int, int] = (60, 80),
    samples: Path | None = None,
) -> Path:
    """Draw both data sets; SBD also holds an image of each of VOC's lists, as the real one does.

    Args:
        root: Gets ``VOCdevkit/VOC2012`` and ``benchmark_RELEASE/dataset``.
        train: Images of VOC's training list.
        val: Images of VOC's validation list.
        sbd: Images that only SBD has, half of them in each of its lists.
        size: Height and width of the pictures.
        samples: Folder of real pictures (``JPEGImages``, ``SegmentationClass``), which are added
            to VOC's validation list.

    Returns:
        ``root``.
    """  # fmt: skip
    seed = 0
    names: dict[str, list[str]] = {'train': [], 'val': []}
    for split, count in (('train', train), ('val', val)):
        for _ in range(count):
            seed += 1
            names[split].append(f'2007_{seed:06d}')
            _write_voc(root / VOC, names[split][-1], *draw(seed, *size))
    for picture in sorted((samples / 'JPEGImages').glob('*.jpg')) if samples else ():
        names['val'].append(picture.stem)
        shutil.copy(picture, root / VOC / 'JPEGImages')
        shutil.copy(
            samples / 'SegmentationClass' / f'{picture.stem}.png', root / VOC / 'SegmentationClass'
        )
    for split, listed in names.items():
        _write_list(root / VOC / f'ImageSets/Segmentation/{split}.txt', listed)
    own = [f'2008_{number:06d}' for number in range(1, sbd + 1)]
    for name in (*own, names['train'][0], names['val'][0]):
        seed += 1
        _write_sbd(root / SBD, name, *draw(seed, *size))
    _write_list(root / SBD / 'train.txt', [*own[::2], names['train'][0]])
    _write_list(root / SBD / 'val.txt', [*own[1::2], names['val'][0]])
    return root


def _write_voc(folder: Path, name: str, image: np.ndarray, ids: np.ndarray) -> None:
    from PIL import Image

    _write_picture(folder / 'JPEGImages' / f'{name}.jpg', image)
    label = Image.fromarray(ids)
    label.putpalette(voc_palette().tobytes())
    target = folder / 'SegmentationClass' / f'{name}.png'
    target.parent.mkdir(parents=True, exist_ok=True)
    label.save(target)


def _write_sbd(folder: Path, name: str, image: np.ndarray, ids: np.ndarray) -> None:
    from scipy.io import savemat

    _write_picture(folder / 'img' / f'{name}.jpg', image)
    target = folder / 'cls' / f'{name}.mat'
    target.parent.mkdir(parents=True, exist_ok=True)
    labels = np.where(ids == 255, 0, ids).astype(np.uint8)  # SBD has no outlines
    savemat(target, {'GTcls': {'Segmentation': labels}})


def _write_picture(path: Path, image: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), image)


def _write_list(path: Path, names: Sequence[str]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text('\n'.join(names))  # no line end behind the last, as it may happen
