"""Which classes an image holds, as samplers that balance classes ask."""

from __future__ import annotations

import numpy as np
import pytest

from mmseg_deeplab.datasets import LoveDADataset
from mmseg_deeplab.utils.errors import DataError

from ..tiny_dataset import write_png

FOLDERS = dict(img_path='img', seg_map_path='ann')


def loveda(root, stored, **options):
    write_png(root / 'img' / '0.png', np.zeros((1, len(stored), 3), dtype=np.uint8))
    write_png(root / 'ann' / '0.png', np.array([stored], dtype=np.uint8))
    return LoveDADataset(data_root=str(root), data_prefix=FOLDERS, **options)


def test_ids_are_train_ids_without_ignored_ones(tmp_path):
    assert loveda(tmp_path, [0, 3, 7, 3]).get_cat_ids(0) == [2, 6]


def test_ids_of_a_part_of_the_classes(tmp_path):
    part = dict(classes=('agricultural', 'road'))
    assert loveda(tmp_path, [1, 3, 7], metainfo=part).get_cat_ids(0) == [0, 1]


def test_an_ignored_image_holds_no_class(tmp_path):
    assert loveda(tmp_path, [0, 0]).get_cat_ids(0) == []


def test_values_outside_the_classes_are_refused(tmp_path):
    with pytest.raises(DataError, match=r'0\.png: label values outside the 7 classes: 200'):
        loveda(tmp_path, [1, 200]).get_cat_ids(0)
