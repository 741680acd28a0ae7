"""Small data sets with known masks, written where a test wants them."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

# BGR, far apart, so that a network can learn the classes from colour alone in a few steps
COLOURS = np.array(
    [
        (128, 128, 128), (40, 40, 220), (60, 200, 220), (220, 80, 20), (150, 110, 130),
        (30, 120, 30), (110, 200, 250), (0, 0, 0), (255, 255, 255), (200, 0, 200),
        (0, 90, 160), (200, 200, 0), (90, 0, 90), (0, 0, 120), (160, 255, 160), (80, 80, 0),
    ],
    dtype=np.uint8,
)  # fmt: skip


def class_map(size: int, num_classes: int, seed: int, cell: int = 8) -> np.ndarray:
    """Blocks of ``cell`` pixels, each of one class; every class occurs if there is room.

    Args:
        size: Height and width in pixels.
        num_classes: At most 16.
        seed: Another seed gives another map.
        cell: Side of a block in pixels.

    Returns:
        (size, size) uint8 of 0 to ``num_classes`` - 1.
    """
    cells = -(-size // cell)
    ids = np.random.default_rng(seed).permutation(cells * cells) % num_classes
    blocks = ids.reshape(cells, cells).astype(np.uint8)
    return np.kron(blocks, np.ones((cell, cell), dtype=np.uint8))[:size, :size]


def picture_of(ids: np.ndarray, seed: int) -> np.ndarray:
    """A noisy picture in which each class has its colour.

    Args:
        ids: (H, W) class ids; 255 is drawn black.
        seed: Of the noise.

    Returns:
        (H, W, 3) uint8, BGR.
    """
    colours = np.zeros((256, 3), dtype=np.int16)
    colours[: len(COLOURS)] = COLOURS
    noise = np.random.default_rng(seed).integers(-12, 13, (*ids.shape, 3), dtype=np.int16)
    return (colours[ids] + noise).clip(0, 255).astype(np.uint8)


def make_loveda_like(
    root: str | Path, n_train: int = 4, n_val: int = 2, size: int = 64, num_classes: int = 7
) -> Path:
    """Write a data set in LoveDA's layout and encoding.

    Stored labels are class id + 1; the top left 4x4 pixels are 0, that is no data.

    Args:
        root: Made if missing; holds ``img_dir/{train,val}`` and ``ann_dir/{train,val}``.
        n_train: Number of training images, ``0.png``, ``1.png``, ...
        n_val: Number of validation images; their names go on after the training images'.
        size: Height and width in pixels.
        num_classes: At most 16; 7 is LoveDA's.

    Returns:
        ``root``, to be a data set's ``data_root``.
    """
    root = Path(root)
    names = {'train': range(n_train), 'val': range(n_train, n_train + n_val)}
    for split, numbers in names.items():
        for number in numbers:
            ids = class_map(size, num_classes, seed=number)
            stored = ids + 1
            stored[:4, :4] = 0
            write_png(root / 'img_dir' / split / f'{number}.png', picture_of(ids, seed=number))
            write_png(root / 'ann_dir' / split / f'{number}.png', stored)
    return root


def write_png(path: str | Path, array: np.ndarray) -> Path:
    """Write (H, W) or (H, W, 3) BGR, uint8 or uint16, making folders as needed."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    done = cv2.imwrite(str(path), array)
    if not done:
        raise OSError(f'cannot write {path}')
    return path
