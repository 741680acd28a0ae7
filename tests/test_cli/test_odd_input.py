"""Odd images that are not wrong: grey, RGBA, palette, 16 bits, tiny, smaller than the crop."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from PIL import Image

from mmseg_deeplab.cli import main

from .project import Project


def grey(project: Project) -> None:
    Image.open(project.image(number=1)).convert('L').save(project.image(number=1))


def rgba(project: Project) -> None:
    Image.open(project.image(number=1)).convert('RGBA').save(project.image(number=1))


def palette(project: Project) -> None:
    Image.open(project.image(number=1)).convert('P').save(project.image(number=1))


def palette_mask(project: Project) -> None:
    mask = Image.open(project.mask(number=1)).convert('P')
    mask.putpalette([9, 8, 7] * 256)
    mask.save(project.mask(number=1))


def one_pixel(project: Project) -> None:
    cv2.imwrite(str(project.image(number=1)), np.full((1, 1, 3), 99, np.uint8))
    cv2.imwrite(str(project.mask(number=1)), np.full((1, 1), 3, np.uint8))


def smaller_than_the_crop(project: Project) -> None:
    cv2.imwrite(str(project.image(number=1)), np.full((11, 50, 3), 99, np.uint8))
    cv2.imwrite(str(project.mask(number=1)), np.full((11, 50), 3, np.uint8))


@pytest.mark.parametrize(
    'change', [grey, rgba, palette, palette_mask, one_pixel, smaller_than_the_crop]
)
def test_it_trains(tmp_path, capsys, change):
    project = Project(tmp_path)
    change(project)
    options = ['train_cfg.val_interval=100', 'train_cfg.max_iters=2']
    code = main(project.train('--no-audit', '--cfg-options', *options))
    assert code == 0, capsys.readouterr().err


def test_odd_images_are_predicted(project, capsys):
    folder = project.folder / 'odd'
    folder.mkdir()
    colour = Image.open(project.image())
    colour.convert('L').save(folder / 'grey.png')
    colour.convert('RGBA').save(folder / 'rgba.png')
    colour.convert('P').save(folder / 'palette.png')
    colour.resize((1, 1)).save(folder / 'one.png')
    colour.save(folder / 'jpeg.jpg')
    out = project.folder / 'out'
    words = ['predict', str(project.config), str(project.checkpoint), str(folder)]
    code = main([*words, '--out', str(out), '--device', 'cpu'])
    assert code == 0, capsys.readouterr().err
    sizes = {path.stem: cv2.imread(str(path), -1).shape for path in (out / 'masks').iterdir()}
    assert sizes == {
        'grey': (40, 40), 'rgba': (40, 40), 'palette': (40, 40), 'one': (1, 1), 'jpeg': (40, 40),
    }  # fmt: skip
