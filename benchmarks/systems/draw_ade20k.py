"""Draw a small ADE20K in the challenge's layout, or in the one with `train` and `val`.

    python benchmarks/systems/draw_ade20k.py data/ade20k_drawn --real ../shared/data/ade20k_sample

Scenes are those of `make demo`; their ids 0 to 7 stand for ADE20K's 0 (other) to 7. The training
folder also has one of the four grey-scale images that are left out, and a file that is no sample.
"""

from __future__ import annotations

import argparse
import shutil
from pathlib import Path

from mmseg_deeplab.datasets.synthetic.scene import draw_scene
from mmseg_deeplab.utils.files import write_id_map, write_image

GREY = 1701


def draw_ade20k(
    root: Path, n_train: int = 12, n_val: int = 4, size: int = 96, challenge: bool = True
) -> None:
    """Write images and labels.

    Args:
        root: Of the new data set.
        n_train: Training scenes besides the grey one.
        n_val: Validation scenes.
        size: Height in pixels; images are a third wider.
        challenge: Folders named `training` and `validation`; else `train` and `val`.
    """
    names = ('training', 'validation') if challenge else ('train', 'val')
    numbers = {'train': [*range(1, n_train + 1), GREY], 'val': range(1, n_val + 1)}
    for split, folder in zip(('train', 'val'), names, strict=True):
        for number in numbers[split]:
            image, label = draw_scene([number, len(split)], size * 4 // 3)
            if number == GREY:
                image = image.mean(axis=2, keepdims=True).repeat(3, axis=2).astype(image.dtype)
            stem = f'ADE_{split}_{number:08d}'
            write_image(root / 'images' / folder / f'{stem}.jpg', image[:size])
            write_id_map(root / 'annotations' / folder / f'{stem}.png', label[:size])
    write_image(root / 'images' / names[0] / 'thumbnail.jpg', image[:8, :8])


def add_real(root: Path, sample: Path) -> int:
    """Copy real validation pairs beside the drawn ones; returns how many.

    Args:
        root: A drawn data set of the challenge's layout.
        sample: Folder of `images` and `annotations`.
    """
    images = sorted((sample / 'images').glob('ADE_val_*.jpg'))
    for image in images:
        stem = image.stem.replace('ADE_val_0', 'ADE_val_1')  # beside the drawn ones
        label = sample / 'annotations' / f'{image.stem}.png'
        shutil.copy(image, root / 'images' / 'validation' / f'{stem}.jpg')
        shutil.copy(label, root / 'annotations' / 'validation' / f'{stem}.png')
    return len(images)


if __name__ == '__main__':
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('root', type=Path)
    parser.add_argument('--real', type=Path, help='folder of real validation pairs to add')
    arguments = parser.parse_args()
    draw_ade20k(arguments.root)
    if arguments.real:
        add_real(arguments.root, arguments.real)
