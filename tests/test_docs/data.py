"""Small data sets in the folders that the docs speak of."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

SIZE = (80, 72)  # height, width
PER_SPLIT = {'train': 4, 'val': 3}  # an odd number to test on
# of docs/own_dataset.md: building, road, vegetation, water; the last one is unlabelled
COLOURS = np.array(
    [[60, 16, 152], [110, 193, 228], [254, 221, 58], [226, 169, 41], [155, 155, 155]], np.uint8
)


def blocky(generator: np.random.Generator, count: int) -> np.ndarray:
    """A (H, W) uint8 map of 8x8 blocks with values 0 to ``count`` - 1, all of them present."""
    height, width = SIZE[0] // 8, SIZE[1] // 8
    small = generator.permutation(np.arange(height * width) % count)
    return small.reshape(height, width).repeat(8, 0).repeat(8, 1).astype(np.uint8)


def textured(generator: np.random.Generator, ids: np.ndarray, bands: int = 3) -> np.ndarray:
    """An image (H, W, bands) uint8 whose brightness follows the ids, with noise."""
    base = 30 + 25 * ids[..., None].astype(np.int64) + 9 * np.arange(bands)
    noise = generator.integers(-20, 20, (*ids.shape, bands))
    return np.clip(base + noise, 0, 255).astype(np.uint8)


def draw_data(root: Path) -> None:
    """Write the data sets that the docs speak of, each in a folder of its name below ``root``."""
    generator = np.random.default_rng(0)
    buildings = blocky(generator, 2)
    _save(root / 'black_and_white' / 'images' / '0.png', textured(generator, buildings))
    _save(root / 'black_and_white' / 'masks' / '0.png', buildings * np.uint8(255))
    for split, count in PER_SPLIT.items():
        for number in range(count):
            _loveda(root / 'loveDA', split, number, generator)
            _loveda(root / 'demo', split, number, generator)
            _my_tiles(root / 'my_tiles', split, number, generator)
            _five_bands(root / 'five_bands', split, number, generator)


def _save(path: Path, image: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    if not cv2.imwrite(str(path), image):
        raise OSError(f'cannot write {path}')


def _loveda(root: Path, split: str, number: int, generator: np.random.Generator) -> None:
    ids = blocky(generator, 8)  # 0 is no-data
    _save(root / 'img_dir' / split / f'{number}.png', textured(generator, ids))
    _save(root / 'ann_dir' / split / f'{number}.png', ids)


def _my_tiles(root: Path, split: str, number: int, generator: np.random.Generator) -> None:
    ids = blocky(generator, 5)
    _save(root / split / 'images' / f'tile{number}.jpg', textured(generator, ids))
    _save(root / split / 'masks' / f'tile{number}.png', COLOURS[ids][..., ::-1])


def _five_bands(root: Path, split: str, number: int, generator: np.random.Generator) -> None:
    import tifffile

    ids = blocky(generator, 2)
    image = textured(generator, ids, bands=5).astype(np.uint16) * 40 + 1
    image[:8, :8] = 0  # no data
    path = root / split / 'images' / f'{number}.tif'
    path.parent.mkdir(parents=True, exist_ok=True)
    tifffile.imwrite(path, image, photometric='minisblack', planarconfig='contig')
    _save(root / split / 'masks' / f'{number}.png', ids)
