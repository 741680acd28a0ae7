"""The loading transforms and the errors of a record."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tifffile

from mmseg_deeplab.datasets import BaseSegDataset
from mmseg_deeplab.datasets.transforms import (
    InferencerLoader,
    LoadAnnotations,
    LoadImageFromFile,
    LoadImageFromNDArray,
)
from mmseg_deeplab.utils.errors import ConfigError, DataError, DatasetNotFoundError

from ..tiny_dataset import write_png

IMAGE = np.random.default_rng(0).integers(0, 256, (6, 9, 3), dtype=np.uint8)
LABEL = np.random.default_rng(1).integers(0, 7, (6, 9), dtype=np.uint8)


@pytest.fixture
def record(tmp_path):
    return dict(
        img_path=str(write_png(tmp_path / 'i.png', IMAGE)),
        seg_map_path=str(write_png(tmp_path / 'l.png', LABEL)),
        reduce_zero_label=False,
        label_map=None,
        num_classes=7,
        seg_fields=[],
    )


def load(record, **options):
    return LoadAnnotations(**options)(LoadImageFromFile()(record))


def test_what_is_loaded(record):
    sample = load(record)
    np.testing.assert_array_equal(sample['img'], IMAGE)
    np.testing.assert_array_equal(sample['gt_seg_map'], LABEL)
    assert sample['img_shape'] == sample['ori_shape'] == (6, 9)
    assert sample['seg_fields'] == ['gt_seg_map'] and 'valid_mask' not in sample
    assert LoadImageFromFile(to_float32=True)(record)['img'].dtype == np.float32


def test_one_transform_serves_data_sets_of_both_kinds(record):
    """MMSegmentation's keeps the first data set's reduce_zero_label for ever."""
    transform = LoadAnnotations()
    reduced = {**record, 'reduce_zero_label': True, 'seg_fields': []}
    for sample, expected in (
        (reduced, np.where(LABEL == 0, 255, LABEL.astype(int) - 1)),
        (record, LABEL),
    ):
        result = transform(LoadImageFromFile()(sample))
        np.testing.assert_array_equal(result['gt_seg_map'], expected)


def test_other_reduction_than_the_data_set_is_refused(record):
    np.testing.assert_array_equal(load(record, reduce_zero_label=False)['gt_seg_map'], LABEL)
    record['seg_fields'] = []
    with pytest.raises(ConfigError, match="must be the data set's False, got True"):
        load(record, reduce_zero_label=True)


def test_label_outside_the_classes(record, tmp_path):
    bad = LABEL.copy()
    bad[2, 3] = 200
    write_png(tmp_path / 'l.png', bad)
    with pytest.raises(DataError, match=r'l\.png: label values .* 7 classes: 200 \(1 pixels\)'):
        load(record)
    record['num_classes'] = None  # a data set without class names cannot tell
    record['seg_fields'] = []
    np.testing.assert_array_equal(load(record)['gt_seg_map'], bad)


def test_sizes_that_differ_name_both_files(record, tmp_path):
    write_png(tmp_path / 'l.png', LABEL[:, :8])
    with pytest.raises(DataError, match=r'l\.png: the label is 6x8 .*i\.png is 6x9'):
        load(record)


def test_size_is_compared_with_the_original(record):
    """In testing the image is resized before the label is loaded."""
    sample = LoadImageFromFile()(record)
    sample['img'] = sample['img'][:3]
    sample['img_shape'] = (3, 9)
    np.testing.assert_array_equal(LoadAnnotations()(sample)['gt_seg_map'], LABEL)


def test_missing_label(record, tmp_path):
    record['seg_map_path'] = str(tmp_path / 'gone.png')
    with pytest.raises(DatasetNotFoundError, match=r'gone\.png: no such file'):
        load(record)
    del record['seg_map_path']
    with pytest.raises(DataError, match='no labels; .*leave LoadAnnotations out'):
        load(record)


def test_broken_image_is_an_error_or_replaced(record, tmp_path):
    content = Path(record['img_path']).read_bytes()
    Path(record['img_path']).write_bytes(content[:-20])
    with pytest.raises(DataError, match=r'i\.png: the file is truncated'):
        LoadImageFromFile()(record)
    assert LoadImageFromFile(ignore_empty=True)(record) is None
    write_png(tmp_path / 'other.png', IMAGE)
    dataset = BaseSegDataset(
        data_root=str(tmp_path),
        data_prefix=dict(img_path=''),
        img_suffix=('i.png', 'other.png'),
        pipeline=[dict(type='LoadImageFromFile', ignore_empty=True)],
    )
    assert dataset[0]['img_path'].endswith('other.png')


def test_no_data_is_ignored_in_the_label(tmp_path):
    bands = np.random.default_rng(0).integers(1, 9000, (6, 9, 5), dtype=np.uint16)
    bands[:2, :3] = 0
    tifffile.imwrite(tmp_path / 'i.tif', bands, photometric='minisblack', planarconfig='contig')
    write_png(tmp_path / 'l.png', LABEL)
    record = dict(
        img_path=str(tmp_path / 'i.tif'),
        seg_map_path=str(tmp_path / 'l.png'),
        reduce_zero_label=False,
        seg_fields=[],
    )
    sample = LoadAnnotations()(LoadImageFromFile(nodata=0, bands=(4, 0))(record))
    expected = LABEL.copy()
    expected[:2, :3] = 255
    np.testing.assert_array_equal(sample['gt_seg_map'], expected)
    np.testing.assert_array_equal(sample['valid_mask'], expected != 255)
    assert sample['img'].shape == (6, 9, 2) and sample['img'].dtype == np.uint16
    assert (sample['img'] > 0).all()


def test_only_pillow_decodes_labels():
    with pytest.raises(ConfigError, match="must be 'pillow', got 'cv2'"):
        LoadAnnotations(imdecode_backend='cv2')


def test_arrays(record):
    sample = LoadImageFromNDArray()(dict(img=IMAGE))
    np.testing.assert_array_equal(sample['img'], IMAGE)
    assert sample['img_path'] is None and sample['ori_shape'] == (6, 9)
    grey = LoadImageFromNDArray()(dict(img=IMAGE[:, :, 0]))['img']
    np.testing.assert_array_equal(grey, np.repeat(IMAGE[:, :, :1], 3, axis=2))
    deep = LoadImageFromNDArray()(dict(img=IMAGE[:, :, 0].astype(np.uint16)))['img']
    assert deep.shape == (6, 9, 1)
    assert LoadImageFromNDArray()(dict(img=IMAGE.astype(np.int64)))['img'].dtype == np.float32
    picked = LoadImageFromNDArray(bands=[2])(dict(img=IMAGE))['img']
    np.testing.assert_array_equal(picked, IMAGE[:, :, 2:])
    sample = LoadImageFromNDArray(nodata=0)(dict(img=np.eye(3, dtype=np.uint8)))
    np.testing.assert_array_equal(sample['valid_mask'], np.eye(3, dtype=bool))
    for wrong in (np.zeros((2, 2, 2, 2)), np.zeros((0, 4, 3)), np.array([['a']])):
        with pytest.raises(DataError):
            LoadImageFromNDArray()(dict(img=wrong))
    with pytest.raises(DataError, match='bands must be indices below 3'):
        LoadImageFromNDArray(bands=[3])(dict(img=IMAGE))


def test_the_inferencer_takes_anything(record):
    loader = InferencerLoader()
    path = record['img_path']
    for given in (path, Path(path), IMAGE, dict(img_path=path), dict(img=IMAGE)):
        np.testing.assert_array_equal(loader(given)['img'], IMAGE)
    with pytest.raises(DataError, match='must be a path, an array or a dict'):
        loader(7)
