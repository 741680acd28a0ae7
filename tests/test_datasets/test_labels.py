"""From files to train ids: the ignore rule, reduce_zero_label, label_map, colour tables."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
from PIL import Image

from mmseg_deeplab.datasets import ColorTable, read_label
from mmseg_deeplab.datasets.color_table import parse_color
from mmseg_deeplab.datasets.labels import check_train_ids, to_train_ids
from mmseg_deeplab.utils.errors import ConfigError, DataError

ALL = np.arange(256, dtype=np.uint8).reshape(16, 16)
PALETTE = [[60, 16, 152], [132, 41, 246], [110, 193, 228]]
CLASSES = ('building', 'land', 'road')


def by_hand(value, reduce_zero_label=False, label_map=None):
    """The spec's words, one value at a time."""
    if reduce_zero_label:
        value = 255 if value == 0 else value - 1
        value = 255 if value == 254 else value
    return value if label_map is None else label_map.get(value, value)


@pytest.mark.parametrize('reduce_zero_label', [False, True])
@pytest.mark.parametrize('label_map', [None, {0: 2, 1: 255, 2: 0, 3: 1}])
def test_all_values(reduce_zero_label, label_map):
    options = dict(reduce_zero_label=reduce_zero_label, label_map=label_map)
    expected = [by_hand(int(value), **options) for value in ALL.ravel()]
    before = ALL.copy()
    np.testing.assert_array_equal(to_train_ids(ALL, **options).ravel(), expected)
    np.testing.assert_array_equal(ALL, before)


def test_a_further_ignored_value():
    ids = to_train_ids(np.array([[7, 0, 255]], dtype=np.uint8), ignore_index=7)
    np.testing.assert_array_equal(ids, [[255, 0, 255]])


def test_values_outside_the_classes_are_named():
    stored = np.array([[1, 201, 201], [255, 0, 9]], dtype=np.uint8)
    ids = to_train_ids(stored, reduce_zero_label=True)
    with pytest.raises(
        DataError, match=r'x/5\.png: label values outside the 7 classes: 9 \(1 pixels\), 201 \(2 '
    ):
        check_train_ids(ids, 7, stored, 'x/5.png')
    check_train_ids(to_train_ids(stored), 253, stored, 'x/5.png')


@pytest.mark.parametrize(('value', 'is_class'), [(6, True), (7, False), (254, False), (255, True)])
def test_bounds_of_the_check(value, is_class):
    ids = np.full((3, 3), value, dtype=np.uint8)
    if is_class:
        check_train_ids(ids, 7, ids, 'a.png')
    else:
        with pytest.raises(DataError, match=f'7 classes: {value} '):
            check_train_ids(ids, 7, ids, 'a.png')


def test_low_bit_depths_are_ids(tmp_path):
    bits = (ALL % 2).astype(bool)
    Image.fromarray(bits).save(tmp_path / 'one_bit.png')
    np.testing.assert_array_equal(read_label(tmp_path / 'one_bit.png'), ALL % 2)


def test_colours_without_a_table_are_refused(tmp_path):
    Image.fromarray(np.dstack([ALL] * 3)).save(tmp_path / 'rgb.png')
    with pytest.raises(DataError, match=r'rgb\.png: the mask has 3 channels.*color_table'):
        read_label(tmp_path / 'rgb.png')


def table(**setting):
    return ColorTable.from_setting(setting or 'palette', CLASSES, PALETTE)


def painted(ids):
    return np.array(PALETTE, dtype=np.uint8)[ids]


def test_palette_colours_become_ids(tmp_path):
    ids = (ALL % 3).astype(np.uint8)
    Image.fromarray(painted(ids)).save(tmp_path / 'rgb.png')
    indexed = Image.fromarray(2 - ids)  # a palette in another order than the classes
    indexed.putpalette(np.array(PALETTE[::-1], dtype=np.uint8).ravel().tolist())
    indexed.save(tmp_path / 'palette.png')
    indexed.save(tmp_path / 'palette.tif')
    alpha = np.full((16, 16, 1), 9, dtype=np.uint8)
    Image.fromarray(np.dstack([painted(ids), alpha])).save(tmp_path / 'rgba.png')
    for name in ('rgb.png', 'palette.png', 'palette.tif', 'rgba.png'):
        np.testing.assert_array_equal(read_label(tmp_path / name, table()), ids)


def test_grey_masks_have_colours_too(tmp_path):
    """0 and 255, the usual binary mask, of which 255 would be ignored silently."""
    Image.fromarray(((ALL % 2) * 255).astype(np.uint8)).save(tmp_path / 'binary.png')
    wanted = table(colors={'#000000': 'land', '#ffffff': 'building'})
    np.testing.assert_array_equal(read_label(tmp_path / 'binary.png', wanted), 1 - ALL % 2)


def test_ignored_and_stray_colours():
    rgb = painted(np.array([[0, 1], [2, 2]]))
    rgb[1, 1] = (155, 155, 155)
    with pytest.raises(DataError, match=r'a\.png: colours outside .*#9B9B9B \(1 pixels\);.*stray'):
        table().look_up(rgb, 'a.png')
    expected = [[0, 1], [2, 255]]
    np.testing.assert_array_equal(table(ignore=['#9B9B9B']).look_up(rgb), expected)
    np.testing.assert_array_equal(table(ignore=[[155, 155, 155]]).look_up(rgb), expected)
    np.testing.assert_array_equal(table(stray='ignore').look_up(rgb), expected)


def test_colours_differ_in_each_channel():
    """Neither order nor sums of channels confuse the table."""
    colors = {(1, 2, 3): 0, (3, 2, 1): 1, (2, 1, 3): 2, (0, 0, 6): 3}
    rgb = np.array([list(colors)], dtype=np.uint8)
    np.testing.assert_array_equal(ColorTable(colors).look_up(rgb), [[0, 1, 2, 3]])


def test_tables_are_values():
    one, other = table(ignore=['#000000']), table(ignore=[(0, 0, 0)])
    assert one == other and hash(one) == hash(other) and one != table()
    assert pickle.loads(pickle.dumps(one)) == one
    assert len(pickle.dumps(one)) < 1000  # it travels in every record
    assert '#3C1098: 0' in repr(one)


@pytest.mark.parametrize(
    ('setting', 'message'),
    [
        (dict(color={}), r'no keys but colors, ignore, stray'),
        (dict(colors={'#3C1098': 'house'}), r"'house' is not a class; classes are building"),
        (dict(colors={'#3C1098': 3}), r'ids must be 0 to 2 or 255, got 3'),
        (dict(colors={'#3C10': 0}), r"a colour must be '#RRGGBB' .*got '#3C10'"),
        (dict(ignore=[(1, 2)]), r'a colour must be .*got \(1, 2\)'),
        (dict(colors=['#000000']), r"colors must be 'palette' or a dict"),
        (dict(stray='skip'), r"stray must be 'error' or 'ignore', got 'skip'"),
    ],
)
def test_wrong_tables_are_refused(setting, message):
    with pytest.raises(ConfigError, match=message):
        table(**setting)


def test_parse_color():
    assert parse_color('#FF8000') == parse_color('ff8000') == parse_color([255, 128, 0])
    with pytest.raises(ConfigError):
        parse_color((1, 2, 256))


def test_real_potsdam_label(data_root):
    """A palette TIFF in LZW: indices, and the same through its colours."""
    from mmseg_deeplab.datasets import PotsdamDataset
    from mmseg_deeplab.datasets.tiff import read_tiff

    raster = read_tiff(str(data_root / 'potsdam_labels' / 'Label_Potsdam_02_10.tif'), None, None)
    assert raster.array.shape == (6000, 6000, 1) and raster.palette is not None
    corner = raster._replace(array=raster.array[:500, :500])
    meta = PotsdamDataset.METAINFO
    setting = {'ignore': ['#000000']}
    colors = ColorTable.from_setting(setting, meta['classes'], meta['palette'])
    expected = to_train_ids(corner.array[:, :, 0], reduce_zero_label=True)
    np.testing.assert_array_equal(colors.look_up(corner.colors()), expected)
    assert len(np.unique(expected)) >= 3
