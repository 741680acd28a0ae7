"""Finding files, classes and palettes, records."""

from __future__ import annotations

import numpy as np
import pytest

from mmseg_deeplab.datasets import BaseSegDataset, LoveDADataset
from mmseg_deeplab.datasets.palette import random_palette
from mmseg_deeplab.registry import DATASETS
from mmseg_deeplab.utils.errors import ConfigError, DataError, DatasetNotFoundError, SegError

from ..tiny_dataset import make_loveda_like, write_png

ABC = dict(classes=('a', 'b', 'c'), palette=[[1, 2, 3], [4, 5, 6], [7, 8, 9]])
FOLDERS = dict(img_path='img', seg_map_path='ann')


@pytest.fixture
def root(tmp_path):
    for name in ('b', 'a', 'deep/c'):
        write_png(tmp_path / 'img' / f'{name}.png', np.zeros((4, 4, 3), dtype=np.uint8))
        write_png(tmp_path / 'ann' / f'{name}.png', np.zeros((4, 4), dtype=np.uint8))
    (tmp_path / 'img' / 'notes.txt').write_text('no image')
    return tmp_path


def make(root, **options):
    options = {'data_prefix': FOLDERS, 'img_suffix': '.png', 'metainfo': ABC, **options}
    return BaseSegDataset(data_root=str(root), **options)


def stems(dataset):
    infos = [dataset.get_data_info(index) for index in range(len(dataset))]
    return [info['img_path'].rsplit('img/', 1)[1].rsplit('.', 1)[0] for info in infos]


def test_scan_is_recursive_and_sorted(root):
    dataset = make(root)
    assert stems(dataset) == ['a', 'b', 'deep/c']
    record = dataset.get_data_info(2)
    assert record == {
        'img_path': str(root / 'img' / 'deep/c.png'),
        'seg_map_path': str(root / 'ann' / 'deep/c.png'),
        'label_map': None,
        'reduce_zero_label': False,
        'seg_fields': [],
        'num_classes': 3,
        'sample_idx': 2,
    }
    assert dataset.get_data_info(-1)['sample_idx'] == 2


def test_records_are_fresh_each_time(root):
    for serialize in (True, False):
        dataset = make(root, serialize_data=serialize)
        dataset.get_data_info(0)['seg_fields'].append('x')
        assert dataset.get_data_info(0)['seg_fields'] == []


@pytest.mark.parametrize(
    ('text', 'images', 'label'),
    [
        ('b\n\ndeep/c \n', ['b', 'deep/c'], 'ann/b.png'),
        ('b.png\n', ['b'], 'ann/b.png'),
        ('a.png deep/c.png\nb.png a.png\n', ['a', 'b'], 'ann/deep/c.png'),
        ('a.png\tother.tif\n', ['a'], 'ann/other.tif'),
    ],
)
def test_lists_of_stems_names_and_pairs(root, text, images, label):
    (root / 'list.txt').write_text(text)
    dataset = make(root, ann_file='list.txt')
    assert stems(dataset) == images
    assert dataset.get_data_info(0)['seg_map_path'] == str(root / label)


def test_a_stem_may_hold_a_space(root):
    (root / 'list.txt').write_text('north side\n')
    assert stems(make(root, ann_file='list.txt')) == ['north side']


def test_several_suffixes(root):
    write_png(root / 'img' / 'd.jpg', np.zeros((4, 4, 3), dtype=np.uint8))
    write_png(root / 'ann' / 'd_mask.png', np.zeros((4, 4), dtype=np.uint8))
    dataset = make(root, img_suffix=('.png', '.jpg'), seg_map_suffix=('_mask.png', '.png'))
    assert stems(dataset) == ['a', 'b', 'd', 'deep/c']
    labels = [dataset.get_data_info(i)['seg_map_path'] for i in range(4)]
    assert labels[2].endswith('ann/d_mask.png') and labels[0].endswith('ann/a.png')


def test_images_without_labels(root):
    for prefix in (dict(img_path='img'), dict(img_path='img', seg_map_path=None)):
        assert 'seg_map_path' not in make(root, data_prefix=prefix).get_data_info(0)


def test_indices_subset_and_lazy(root):
    assert stems(make(root, indices=2)) == ['a', 'b']
    assert stems(make(root, indices=[2, 0])) == ['deep/c', 'a']
    dataset = make(root)
    dataset.get_subset_(1)
    assert stems(dataset) == ['a']
    lazy = make(root / 'not_there_yet', lazy_init=True)
    assert lazy.metainfo['classes'] == ('a', 'b', 'c')
    with pytest.raises(DatasetNotFoundError):
        lazy.full_init()
    with pytest.raises(DatasetNotFoundError, match='leave no image'):
        make(root, indices=[])


def test_missing_things_say_what_to_do(root):
    with pytest.raises(DatasetNotFoundError, match=r'nowhere: no such folder; set data_root'):
        make(root / 'nowhere')
    with pytest.raises(DatasetNotFoundError, match=r'train: no such folder \(.*img is the deepest'):
        make(root, data_prefix=dict(img_path='img/train'))
    with pytest.raises(DatasetNotFoundError, match=r"ending in '.tif'; it holds 3 '.png'"):
        make(root, img_suffix='.tif')
    (root / 'empty').mkdir()
    with pytest.raises(DatasetNotFoundError, match='empty: no images .* it is empty'):
        make(root, data_prefix=dict(img_path='empty'))
    with pytest.raises(DatasetNotFoundError, match=r'gone\.txt: no such list'):
        make(root, ann_file='gone.txt')
    (root / 'void.txt').write_text('\n')
    with pytest.raises(DatasetNotFoundError, match=r'void\.txt: the list of images is empty'):
        make(root, ann_file='void.txt')


def test_errors_survive_a_loader_worker():
    for error in (DatasetNotFoundError, DataError):
        assert isinstance(error('one string'), SegError)


def test_subset_of_classes(tmp_path):
    root = make_loveda_like(tmp_path, 1, 0)
    dataset = LoveDADataset(
        data_root=str(root),
        data_prefix=dict(img_path='img_dir/train', seg_map_path='ann_dir/train'),
        metainfo=dict(classes=['water', 'building']),
        pipeline=[dict(type='LoadImageFromFile'), dict(type='LoadAnnotations')],
    )
    assert dataset.label_map == {0: 255, 1: 1, 2: 255, 3: 0, 4: 255, 5: 255, 6: 255}
    assert dataset.metainfo['palette'] == [[0, 0, 255], [255, 0, 0]]
    full = LoveDADataset(
        data_root=str(root),
        data_prefix=dict(img_path='img_dir/train', seg_map_path='ann_dir/train'),
        pipeline=[dict(type='LoadImageFromFile'), dict(type='LoadAnnotations')],
    )
    ids = full[0]['gt_seg_map']
    expected = np.select([ids == 3, ids == 1], [0, 1], 255)
    np.testing.assert_array_equal(dataset[0]['gt_seg_map'], expected)


def test_reordered_classes_keep_their_colours():
    classes = LoveDADataset.METAINFO['classes'][::-1]
    dataset = LoveDADataset(metainfo=dict(classes=classes), lazy_init=True)
    assert dataset.metainfo['palette'] == LoveDADataset.METAINFO['palette'][::-1]
    assert LoveDADataset.get_label_map(classes) == {i: 6 - i for i in range(7)}


def test_classes_from_a_file(tmp_path):
    (tmp_path / 'names.txt').write_text('water\nroad\n')
    dataset = LoveDADataset(metainfo=dict(classes=str(tmp_path / 'names.txt')), lazy_init=True)
    assert dataset.metainfo['classes'] == ('water', 'road')
    with pytest.raises(DatasetNotFoundError, match=r'gone\.txt: no such file of class names'):
        LoveDADataset(metainfo=dict(classes=str(tmp_path / 'gone.txt')), lazy_init=True)


def test_palettes():
    given = BaseSegDataset(metainfo=dict(classes=('a',), palette=['#0A0B0C']), lazy_init=True)
    assert given.metainfo['palette'] == [[10, 11, 12]]
    np.random.seed(7)
    expected_next = np.random.RandomState(7).rand()
    first = BaseSegDataset(metainfo=dict(classes=('a', 'b')), lazy_init=True).metainfo['palette']
    assert np.random.rand() == expected_next  # the global generator was left alone
    assert first == random_palette(2) == np.random.RandomState(42).randint(0, 255, (2, 3)).tolist()


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        (dict(metainfo=dict(classes=('a', 'b'), palette=[[1, 1, 1]])), 'one colour for each of 2'),
        (dict(metainfo=dict(CLASSES=('a',))), r'metainfo\.CLASSES must be written'),
        (dict(test_mode=True), r'metainfo\.classes must be set for testing BaseSegDataset'),
        (dict(metainfo=dict(classes=range(300))), 'at most 253'),
        (dict(metainfo=ABC, color_table='palette', reduce_zero_label=True), 'must be False'),
    ],
)
def test_contradictions_are_refused(options, message):
    with pytest.raises(ConfigError, match=message):
        BaseSegDataset(lazy_init=True, **options)


def test_unknown_class_is_refused():
    with pytest.raises(ConfigError, match='must be some of background, .*; got sea as well'):
        LoveDADataset(metainfo=dict(classes=('water', 'sea')), lazy_init=True)


def test_the_arguments_are_not_edited(root):
    metainfo, prefix = dict(classes=['a'], palette=[[1, 2, 3]]), dict(FOLDERS)
    pipeline = [dict(type='LoadImageFromFile')]
    make(root, metainfo=metainfo, data_prefix=prefix, pipeline=pipeline)
    assert metainfo == dict(classes=['a'], palette=[[1, 2, 3]])
    assert prefix == FOLDERS and pipeline == [dict(type='LoadImageFromFile')]


def test_group_and_ignore_index_reach_the_record(root):
    record = make(root, group='urban', ignore_index=9).get_data_info(0)
    assert record['group'] == 'urban' and record['ignore_index'] == 9


def test_built_by_name_without_a_run(root):
    dataset = DATASETS.build(
        dict(type='mmseg.BaseSegDataset', data_root=str(root), data_prefix=FOLDERS,
             img_suffix='.png', metainfo=ABC, pipeline=[dict(type='LoadAnnotations')])
    )  # fmt: skip
    assert type(dataset.pipeline.transforms[0]).__module__.startswith('mmseg_deeplab')


def test_a_user_subclass_in_the_old_style(root):
    class Mine(BaseSegDataset):
        METAINFO = ABC

        def __init__(self, img_suffix='.png', seg_map_suffix='.png', **kwargs):
            super().__init__(img_suffix=img_suffix, seg_map_suffix=seg_map_suffix, **kwargs)

        def load_data_list(self):
            return [dict(img_path='x.png', seg_map_path='y.png', seg_fields=[])]

    record = Mine(data_root=str(root), data_prefix=FOLDERS).get_data_info(0)
    assert record['num_classes'] == 3 and record['reduce_zero_label'] is False
