"""A small Cityscapes in its true layout: drawn streets, real names and formats."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

CITIES = {'train': ('aachen', 'bochum'), 'val': ('lindau',)}
# label id -> colour (BGR) of the picture; 3 is out of the region of interest, never scored
_GROUND = {
    7: (90, 90, 90),
    8: (180, 120, 180),
    11: (60, 60, 70),
    21: (40, 130, 60),
    23: (200, 150, 90),
}
_THINGS = {24: (60, 20, 220), 26: (140, 40, 20), 33: (40, 10, 120)}


def draw(seed: int, height: int, width: int) -> tuple[np.ndarray, np.ndarray]:
    """A street with sky, houses, trees, pavement and a few things.

    Args:
        seed: Of what is where.
        height: Pixels.
        width: Pixels.

    Returns:
        (H, W, 3) uint8 BGR, and (H, W) uint16 instance ids: the label id, or 1000 times it plus a
        number for things.
    """
    random = np.random.RandomState(seed)
    ids = np.full((height, width), 23, np.uint16)
    horizon, curb = height // 3 + random.randint(height // 8), 2 * height // 3
    ids[height // 6 : horizon + height // 6, : width // 2] = 11
    ids[height // 6 : horizon + height // 6, width // 2 :] = 21
    ids[horizon:curb] = 8
    ids[curb:] = 7
    ids[-2:] = 3
    for number in range(random.randint(2, 5)):
        kind = list(_THINGS)[random.randint(len(_THINGS))]
        center = int(random.randint(width)), int(random.randint(horizon, height - 4))
        axes = int(random.randint(4, width // 6)), int(random.randint(3, height // 6))
        cv2.ellipse(ids, center, axes, 0, 0, 360, 1000 * kind + number, -1)
    labels = np.where(ids >= 1000, ids // 1000, ids)
    image = np.zeros((height, width, 3), np.float64)
    for kind, color in (_GROUND | _THINGS).items():
        image[labels == kind] = color
    image += random.randn(height, width, 3) * 10
    return np.clip(image, 0, 255).astype(np.uint8), ids


def make_cityscapes(
    root: Path, *, train: int = 4, val: int = 2, size: tuple[int, int] = (64, 128)
) -> Path:
    """Draw ``leftImg8bit`` and ``gtFine`` as they are published, without training ids.

    Args:
        root: Gets the two folders.
        train: Images to train on.
        val: Images to validate on.
        size: Height and width of a picture.

    Returns:
        ``root``.
    """
    for split, count in (('train', train), ('val', val)):
        for number in range(count):
            city = CITIES[split][number % len(CITIES[split])]
            name = f'{city}_{number:06d}_000019'
            image, instances = draw(1000 * (split == 'val') + number, *size)
            labels = np.where(instances >= 1000, instances // 1000, instances).astype(np.uint8)
            start = root / 'gtFine' / split / city / f'{name}_gtFine'
            _write(root / 'leftImg8bit' / split / city / f'{name}_leftImg8bit.png', image)
            _write(Path(f'{start}_labelIds.png'), labels)
            _write(Path(f'{start}_instanceIds.png'), instances)
    return root


def _write(path: Path, array: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), array)
