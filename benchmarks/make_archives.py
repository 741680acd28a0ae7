"""Synthetic archives of LoveDA, Potsdam, Vaihingen and iSAID, laid out as the true downloads.

Full-size by default (`--side 1`): as many tiles, as large, in the same zip files, folders and
names; what they show is coloured blocks. Smaller ones, but for LoveDA, serve tests:

    python benchmarks/make_archives.py potsdam raw/potsdam --side 0.1 --tiles 2
"""

from __future__ import annotations

import argparse
import io
import zipfile
from collections.abc import Iterable
from pathlib import Path

import cv2
import numpy as np
import tifffile

from mmseg_deeplab.datasets.prepare import potsdam, vaihingen
from mmseg_deeplab.datasets.prepare.loveda import DOCUMENTED_DOMAINS
from mmseg_deeplab.utils.class_names import class_table

POTSDAM_SIDE = 6000
# width and height of each area, as published; the 33 of them give 344 + 398 crops of 512
VAIHINGEN_SIZES = {
    1: (1919, 2569), 2: (2428, 2767), 3: (2006, 3007), 4: (1887, 2557), 5: (1887, 2557),
    6: (1887, 2557), 7: (1887, 2557), 8: (1887, 2557), 10: (1887, 2557), 11: (1893, 2566),
    12: (1922, 2575), 13: (2818, 2558), 14: (1919, 2565), 15: (1919, 2565), 16: (1919, 2565),
    17: (2336, 1281), 20: (1866, 2315), 21: (1903, 2546), 22: (1903, 2546), 23: (1903, 2546),
    24: (1903, 2546), 26: (2995, 1783), 27: (1917, 3313), 28: (1917, 2567), 29: (1917, 2563),
    30: (1934, 2563), 31: (1980, 2555), 32: (1980, 2555), 33: (1581, 2555), 34: (1388, 2555),
    35: (2805, 1884), 37: (1996, 1995), 38: (3816, 2550),
}  # fmt: skip
ISAID_IMAGES = {'train': 1411, 'val': 458, 'test': 937}
ISAID_PARTS = {'train': 3, 'val': 1, 'test': 2}
_BLOCK = 32  # pixels
_VARIANTS = 4  # different pictures of one size; drawing more would only take time


def main(words: list[str] | None = None) -> None:
    """Write the archives."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('name', choices=sorted(MAKERS))
    parser.add_argument('folder', type=Path, help='where to; what the converter is then given')
    parser.add_argument('--side', type=float, default=1.0, help='factor of the sides of tiles (1)')
    parser.add_argument('--tiles', type=int, help='at most so many a split (all)')
    arguments = parser.parse_args(words)
    if arguments.name == 'loveda' and arguments.side != 1:
        parser.error('--side: the converter takes tiles of loveda of 1024x1024 only; use --tiles')
    MAKERS[arguments.name](arguments.folder, arguments.side, arguments.tiles)
    for path in sorted(arguments.folder.rglob('*.zip')):
        print(f'{path}: {path.stat().st_size / 1e6:.1f} MB')


def make_loveda(folder: Path, side: float = 1.0, tiles: int | None = None) -> None:
    """Train.zip, Val.zip, Test.zip; numbers run on from domain to domain, as in the original."""
    size = round(1024 * side)
    number = 0
    pictures = [
        (png(picture(ids)), png(ids)) for ids in (blocks(size, size, 8, v) for v in range(4))
    ]
    for split, domains in DOCUMENTED_DOMAINS.items():
        name = split.capitalize()
        with open_zip(folder / f'{name}.zip', zipfile.ZIP_STORED) as archive:
            for domain, count in domains.items():
                for _ in range(count if tiles is None else min(tiles, count)):
                    image, label = pictures[number % len(pictures)]
                    place = f'{name}/{domain.capitalize()}'
                    archive.writestr(f'{place}/images_png/{number}.png', image)
                    if split != 'test':
                        archive.writestr(f'{place}/masks_png/{number}.png', label)
                    number += 1


def make_potsdam(folder: Path, side: float = 1.0, tiles: int | None = None) -> None:
    """2_Ortho_RGB.zip and 5_Labels_all_noBoundary.zip, with the two tiles of wrong colours."""
    size = round(POTSDAM_SIDE * side)
    with (
        open_zip(folder / '2_Ortho_RGB.zip') as images,
        open_zip(folder / '5_Labels_all_noBoundary.zip') as labels,
    ):
        for index, name in enumerate(chosen(potsdam.SPLITS, tiles)):
            ids = blocks(size, size, 7, index % _VARIANTS)
            colors = isprs_colors(ids)
            if name == '4_12':  # stored with losses
                colors = np.where(colors == 0, 9, 222).astype(np.uint8)
            if name == '6_7':
                colors[ids == 5] = (252, 255, 0)
            place = f'2_Ortho_RGB/top_potsdam_{name}_RGB'
            images.writestr(f'{place}.tif', tif(picture(ids)))
            images.writestr(f'{place}.tfw', '0.05\n0\n0\n-0.05\n0\n0\n')
            labels.writestr(f'top_potsdam_{name}_label_noBoundary.tif', tif(colors))


def make_vaihingen(folder: Path, side: float = 1.0, tiles: int | None = None) -> None:
    """The archive of images, heights and some labels, and that of the eroded labels."""
    stem = 'ISPRS_semantic_labeling_Vaihingen'
    with (
        open_zip(folder / f'{stem}.zip') as images,
        open_zip(folder / f'{stem}_ground_truth_eroded_COMPLETE.zip') as labels,
    ):
        for index, name in enumerate(chosen(vaihingen.SPLITS, tiles)):
            width, height = VAIHINGEN_SIZES[int(name.removeprefix('area'))]
            ids = blocks(round(height * side), round(width * side), 7, index % _VARIANTS)
            colors = tif(isprs_colors(ids))
            images.writestr(f'top/top_mosaic_09cm_{name}.tif', tif(picture(ids)))
            images.writestr(f'gts_for_participants/top_mosaic_09cm_{name}.tif', colors)
            labels.writestr(f'top_mosaic_09cm_{name}_noBoundary.tif', colors)
        images.writestr('dsm/dsm_09cm_matching_area1.tif', tif(blocks(8, 8, 2, 0)))
        labels.writestr('top_mosaic_09cm_area9_noBoundary.tif', colors)


def make_isaid(folder: Path, side: float = 1.0, tiles: int | None = None) -> None:
    """train, val and test: DOTA's images in parts, semantic masks in images.zip."""
    palette = np.array(class_table('isaid')['palette'], dtype=np.uint8)
    generator = np.random.default_rng(0)
    number = 0
    for split, count in ISAID_IMAGES.items():
        count = count if tiles is None else min(tiles, count)
        parts = [
            open_zip(folder / split / 'images' / f'part{part + 1}.zip', zipfile.ZIP_STORED)
            for part in range(ISAID_PARTS[split])
        ]
        masks = None
        if split != 'test':
            place = folder / split / 'Semantic_masks' / 'images.zip'
            masks = open_zip(place, zipfile.ZIP_STORED)
        for index in range(count):
            # DOTA's sides run from 800 to 4000 and a few beyond
            height, width = (max(8, round(s * side)) for s in generator.integers(800, 4001, 2))
            ids = blocks(height, width, 16, number)
            name = f'images/P{number:04d}'
            parts[index * len(parts) // count].writestr(f'{name}.png', png(picture(ids)))
            if masks is not None:
                masks.writestr(f'{name}_instance_color_RGB.png', png(palette[ids]))
            number += 1
        for archive in [*parts, *filter(None, [masks])]:
            archive.close()


MAKERS = {
    'isaid': make_isaid,
    'loveda': make_loveda,
    'potsdam': make_potsdam,
    'vaihingen': make_vaihingen,
}


def chosen(splits: dict[str, Iterable[str]], tiles: int | None) -> list[str]:
    """The first tiles of each split."""
    return [name for names in splits.values() for name in list(names)[:tiles]]


def blocks(height: int, width: int, count: int, seed: int) -> np.ndarray:
    """(H, W) uint8 of blocks with ids 0 to ``count`` - 1; all of them where there is room."""
    rows, columns = -(-height // _BLOCK), -(-width // _BLOCK)
    if rows * columns < count:  # a tiny tile: blocks of one pixel
        rows, columns = height, width
    small = np.random.default_rng(seed).permutation(np.arange(rows * columns) % count)
    small = small.reshape(rows, columns).astype(np.uint8)
    grown = cv2.resize(
        small, None, fx=-(-height // rows), fy=-(-height // rows), interpolation=cv2.INTER_NEAREST
    )
    return np.ascontiguousarray(grown[:height, :width])


def picture(ids: np.ndarray) -> np.ndarray:
    """An RGB image (H, W, 3) uint8 whose colours follow the ids."""
    bands = [cv2.LUT(ids, (np.arange(256) * k + 40).astype(np.uint8)) for k in (11, 7, 5)]
    return cv2.merge(bands)


def isprs_colors(ids: np.ndarray) -> np.ndarray:
    """Ids 0 (black) to 6 in ISPRS's colours."""
    palette = np.array([[0, 0, 0], *class_table('isprs')['palette']], dtype=np.uint8)
    return palette[ids]


def png(array: np.ndarray) -> bytes:
    """RGB or ids as PNG."""
    array = array if array.ndim == 2 else array[:, :, ::-1]
    return cv2.imencode('.png', np.ascontiguousarray(array))[1].tobytes()


def tif(array: np.ndarray) -> bytes:
    """RGB or ids as uncompressed TIFF."""
    file = io.BytesIO()
    tifffile.imwrite(file, array, photometric='rgb' if array.ndim == 3 else 'minisblack')
    return file.getvalue()


def open_zip(path: Path, method: int = zipfile.ZIP_DEFLATED) -> zipfile.ZipFile:
    """A new archive, in a folder that is made."""
    path.parent.mkdir(parents=True, exist_ok=True)
    return zipfile.ZipFile(path, 'w', method, compresslevel=1)


if __name__ == '__main__':
    main()
