"""LoveDA, Potsdam, Vaihingen, iSAID; wrappers; a new data set by config alone."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from mmseg_deeplab.datasets import ConcatDataset, RepeatDataset
from mmseg_deeplab.registry import DATASETS
from mmseg_deeplab.utils.errors import ConfigError, DatasetNotFoundError

from ..tiny_dataset import class_map, make_loveda_like, picture_of, write_png

LOAD = [dict(type='LoadImageFromFile'), dict(type='LoadAnnotations')]
ISPRS = {
    'impervious_surface': (255, 255, 255),
    'building': (0, 0, 255),
    'low_vegetation': (0, 255, 255),
    'tree': (0, 255, 0),
    'car': (255, 255, 0),
    'clutter': (255, 0, 0),
}
# name -> (classes with colours, image suffix, label suffix, reduce_zero_label)
FACTS = {
    'LoveDADataset': (
        {
            'background': (255, 255, 255),
            'building': (255, 0, 0),
            'road': (255, 255, 0),
            'water': (0, 0, 255),
            'barren': (159, 129, 183),
            'forest': (0, 255, 0),
            'agricultural': (255, 195, 128),
        },
        '.png', '.png', True,
    ),
    'PotsdamDataset': (ISPRS, '.png', '.png', True),
    'ISPRSDataset': (ISPRS, '.png', '.png', True),
    'iSAIDDataset': (
        {
            'background': (0, 0, 0),
            'ship': (0, 0, 63),
            'store_tank': (0, 63, 63),
            'baseball_diamond': (0, 63, 0),
            'tennis_court': (0, 63, 127),
            'basketball_court': (0, 63, 191),
            'Ground_Track_Field': (0, 63, 255),
            'Bridge': (0, 127, 63),
            'Large_Vehicle': (0, 127, 127),
            'Small_Vehicle': (0, 0, 127),
            'Helicopter': (0, 0, 191),
            'Swimming_pool': (0, 0, 255),
            'Roundabout': (0, 191, 127),
            'Soccer_ball_field': (0, 127, 191),
            'plane': (0, 127, 255),
            'Harbor': (0, 100, 155),
        },
        '.png', '_instance_color_RGB.png', False,
    ),
}  # fmt: skip


@pytest.mark.parametrize('name', FACTS)
def test_facts(name):
    colors, img_suffix, seg_map_suffix, reduce_zero_label = FACTS[name]
    dataset = DATASETS.build(dict(type=name, lazy_init=True))
    assert dataset.metainfo['classes'] == tuple(colors)
    assert [tuple(color) for color in dataset.metainfo['palette']] == list(colors.values())
    assert (dataset.img_suffix, dataset.seg_map_suffix) == (img_suffix, seg_map_suffix)
    assert dataset.reduce_zero_label is reduce_zero_label
    assert type(dataset).__doc__.count('\n\n') >= 4  # the data set's card


def loveda(root, split='train', **options):
    return dict(
        type='LoveDADataset',
        data_root=str(root),
        data_prefix=dict(img_path=f'img_dir/{split}', seg_map_path=f'ann_dir/{split}'),
        pipeline=LOAD,
        **options,
    )


def test_tiny_loveda_has_the_known_masks(tmp_path):
    dataset = DATASETS.build(loveda(make_loveda_like(tmp_path, 2, 1, size=32)))
    expected = class_map(32, 7, seed=1)
    expected[:4, :4] = 255
    sample = dataset[1]
    np.testing.assert_array_equal(sample['gt_seg_map'], expected)
    np.testing.assert_array_equal(sample['img'], picture_of(class_map(32, 7, 1), seed=1))


def test_isaid_names(tmp_path):
    write_png(tmp_path / 'img' / 'P0.png', np.zeros((4, 4, 3), dtype=np.uint8))
    write_png(tmp_path / 'ann' / 'P0_instance_color_RGB.png', np.full((4, 4), 15, dtype=np.uint8))
    prefix = dict(img_path='img', seg_map_path='ann')
    sample = DATASETS.build(
        dict(type='iSAIDDataset', data_root=str(tmp_path), data_prefix=prefix, pipeline=LOAD)
    )[0]
    assert (sample['gt_seg_map'] == 15).all()
    with pytest.raises(DatasetNotFoundError):
        DATASETS.build(dict(type='iSAIDDataset', data_root=str(tmp_path / 'gone')))


def test_concat_and_repeat_by_config(tmp_path):
    root = make_loveda_like(tmp_path, 3, 2, size=16)
    both = dict(type='ConcatDataset', datasets=[loveda(root), loveda(root, 'val')])
    dataset = DATASETS.build(dict(type='RepeatDataset', times=2, dataset=both))
    assert isinstance(dataset, RepeatDataset) and len(dataset) == 10
    assert dataset.metainfo == DATASETS.build(loveda(root)).metainfo
    names = [dataset.get_data_info(i)['img_path'].rsplit('/', 1)[1] for i in range(10)]
    assert names == ['0.png', '1.png', '2.png', '3.png', '4.png'] * 2
    np.testing.assert_array_equal(dataset[8]['img'], dataset[3]['img'])
    nested = dict(type='ConcatDataset', datasets=[dataset, loveda(root)])
    assert len(DATASETS.build(nested)) == 13


def test_wrappers_refuse_what_does_not_fit(tmp_path):
    root = make_loveda_like(tmp_path, 1, 0, size=16)
    other = loveda(root, metainfo=dict(classes=['road', 'water']))
    with pytest.raises(ConfigError, match=r'agree in metainfo\.classes, got .* in number 2'):
        ConcatDataset([loveda(root), other])
    different = [loveda(root), loveda(root, reduce_zero_label=False)]
    with pytest.raises(ConfigError, match='reduce_zero_label'):
        ConcatDataset(different)
    assert len(ConcatDataset(different, ignore_keys='reduce_zero_label')) == 2
    with pytest.raises(ConfigError, match='at least one'):
        ConcatDataset([])
    with pytest.raises(ConfigError, match='times must be at least 1, got 0'):
        RepeatDataset(loveda(root), times=0)
    with pytest.raises(DatasetNotFoundError):
        ConcatDataset([loveda(root), loveda(root, 'gone')])


def dubai(data_root, split):
    """What a user writes for a data set that nobody has written a class for."""
    return dict(
        type='BaseSegDataset',
        metainfo=dict(
            classes=('building', 'land', 'road', 'vegetation', 'water'),
            palette=['#3C1098', '#8429F6', '#6EC1E4', '#FEDD3A', '#E2A929'],
        ),
        data_root=str(data_root / 'dubai'),
        data_prefix=dict(img_path=f'{split}/images', seg_map_path=f'{split}/masks'),
        color_table=dict(ignore=['#9B9B9B', '#000000']),
        pipeline=LOAD,
    )


def test_dubai_by_config_alone(data_root):
    train, val = (DATASETS.build(dubai(data_root, split)) for split in ('train', 'val'))
    assert (len(train), len(val)) == (36, 18)
    modes = set()
    for dataset in (train, val):
        for index in range(0, len(dataset), 12):
            record = dataset.get_data_info(index)
            mask = Image.open(record['seg_map_path'])
            modes.add(mask.mode)
            rgb = np.array(mask.convert('RGB'))
            expected = np.full(rgb.shape[:2], 255)
            for number, color in enumerate(dataset.metainfo['palette']):
                expected[(rgb == color).all(axis=2)] = number
            sample = dataset[index]
            assert sample['img'].shape == (*expected.shape, 3)
            np.testing.assert_array_equal(sample['gt_seg_map'], expected)
    assert 'RGB' in modes or 'RGBA' in modes


def test_dubai_stray_colour_is_named(data_root):
    config = dubai(data_root, 'train')
    config['color_table'] = 'palette'
    dataset = DATASETS.build(config)
    with pytest.raises(ValueError, match=r'tile\d_part\d+\.png: colours outside .*#9B9B9B'):
        for index in range(len(dataset)):
            dataset[index]


@pytest.mark.parametrize(
    ('name', 'folder', 'present'),
    [
        ('LoveDADataset', 'loveda_tiles', {0, 1, 2, 3, 5, 6}),
        ('PotsdamDataset', 'potsdam_tiles', {0, 1, 2, 3, 4}),
        ('ISPRSDataset', 'vaihingen_tiles', {0, 1, 2, 3, 4}),
    ],
)
def test_real_tiles(data_root, name, folder, present):
    prefix = dict(img_path='img_dir', seg_map_path='ann_dir')
    dataset = DATASETS.build(
        dict(type=name, data_root=str(data_root / folder), data_prefix=prefix, pipeline=LOAD)
    )
    found = set()
    for sample in (dataset[index] for index in range(len(dataset))):
        raw = np.array(Image.open(sample['seg_map_path'])).astype(int)
        expected = np.where(raw == 0, 255, raw - 1)
        np.testing.assert_array_equal(sample['gt_seg_map'], expected)
        rgb = np.array(Image.open(sample['img_path']).convert('RGB'))
        np.testing.assert_array_equal(sample['img'], rgb[:, :, ::-1])
        found |= set(np.unique(sample['gt_seg_map'])) - {255}
    assert found <= present and len(found) >= 3
