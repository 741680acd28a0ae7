"""The data sets of the model zoo that are not aerial."""

from __future__ import annotations

import numpy as np
import pytest

from mmseg_deeplab import datasets
from mmseg_deeplab.registry import DATASETS
from mmseg_deeplab.utils.errors import ConfigError, DataError, DatasetNotFoundError

from ..test_utils.test_class_names import digest
from ..tiny_dataset import write_png

LOAD = [dict(type='LoadImageFromFile'), dict(type='LoadAnnotations')]
# name -> (classes, first, last, digest as in MMSegmentation, suffixes, reduce_zero_label)
FACTS = {
    'CityscapesDataset': (
        19, 'road', 'bicycle', 'fdc2c09f612a02c0',
        '_leftImg8bit.png', '_gtFine_labelTrainIds.png', False,
    ),
    'ADE20KDataset': (150, 'wall', 'flag', 'ea88dadc3d26eb56', '.jpg', '.png', True),
    'PascalVOCDataset': (
        21, 'background', 'tvmonitor', '3d61c831cd0012d4', '.jpg', '.png', False,
    ),
    'PascalContextDataset': (60, 'background', 'wood', '4e63a0804d03b58d', '.jpg', '.png', False),
    'PascalContextDataset59': (59, 'aeroplane', 'wood', '393ab99eafd5609f', '.jpg', '.png', True),
    'COCOStuffDataset': (
        171, 'person', 'wood', 'd0aafa5b5c8d7713', '.jpg', '_labelTrainIds.png', False,
    ),
    'MapillaryDataset_v1': (66, 'Bird', 'Unlabeled', 'b4f11f3f56245431', '.jpg', '.png', False),
    'MapillaryDataset_v2': (124, 'Bird', 'Unlabeled', '12cea78b93ee5c07', '.jpg', '.png', False),
    'DRIVEDataset': (2, 'background', 'vessel', '83295990b124944f', '.png', '_manual1.png', False),
    'STAREDataset': (2, 'background', 'vessel', '83295990b124944f', '.png', '.ah.png', False),
    'ChaseDB1Dataset': (2, 'background', 'vessel', '83295990b124944f', '.png', '_1stHO.png', False),
    'HRFDataset': (2, 'background', 'vessel', '83295990b124944f', '.png', '.png', False),
}  # fmt: skip


@pytest.mark.parametrize('name', FACTS)
def test_facts(name):
    count, first, last, wanted, img_suffix, seg_map_suffix, reduce_zero_label = FACTS[name]
    dataset = DATASETS.build(dict(type=name, lazy_init=True))
    classes = dataset.metainfo['classes']
    assert (len(classes), classes[0], classes[-1]) == (count, first, last)
    assert digest(classes, dataset.metainfo['palette']) == wanted
    assert (dataset.img_suffix, dataset.seg_map_suffix) == (img_suffix, seg_map_suffix)
    assert dataset.reduce_zero_label is reduce_zero_label
    assert type(dataset) is getattr(datasets, name)
    assert type(dataset).__doc__.count('\n\n') >= 4  # the data set's card
    with pytest.raises(DatasetNotFoundError):
        DATASETS.build(dict(type=name, data_root='gone', ann_file='list.txt'))


def write_pair(root, image, label, stored):
    write_png(root / image, np.zeros((*np.shape(stored), 3), dtype=np.uint8))
    write_png(root / label, np.array(stored, dtype=np.uint8))


def build(root, name, img_path='img', seg_map_path='ann', **options):
    prefix = dict(img_path=img_path, seg_map_path=seg_map_path)
    return DATASETS.build(
        dict(type=name, data_root=str(root), data_prefix=prefix, pipeline=LOAD, **options)
    )


def test_cityscapes_finds_the_label_in_the_citys_folder(tmp_path):
    write_pair(tmp_path, 'img/ulm/a_leftImg8bit.png', 'ann/ulm/a_gtFine_labelTrainIds.png', [[18]])
    write_png(tmp_path / 'img' / 'ulm' / 'a_gtFine_color.png', np.zeros((1, 1), dtype=np.uint8))
    dataset = build(tmp_path, 'CityscapesDataset')
    assert len(dataset) == 1 and dataset[0]['gt_seg_map'].tolist() == [[18]]


def test_coco_stuff_counts_from_one_in_10k_and_from_zero_in_164k(tmp_path):
    write_pair(tmp_path, 'img/a.jpg', 'ann/a_labelTrainIds.png', [[0, 1, 170, 255]])
    assert build(tmp_path, 'COCOStuffDataset')[0]['gt_seg_map'].tolist() == [[0, 1, 170, 255]]
    tenth = build(tmp_path, 'COCOStuffDataset', reduce_zero_label=True)
    assert tenth[0]['gt_seg_map'].tolist() == [[255, 0, 169, 255]]


def test_pascal_context_with_and_without_background(tmp_path):
    write_pair(tmp_path, 'img/a.jpg', 'ann/a.png', [[0, 1, 59]])
    assert build(tmp_path, 'PascalContextDataset')[0]['gt_seg_map'].tolist() == [[0, 1, 59]]
    assert build(tmp_path, 'PascalContextDataset59')[0]['gt_seg_map'].tolist() == [[255, 0, 58]]


def test_mapillary_without_unlabeled(tmp_path):
    write_pair(tmp_path, 'img/a.jpg', 'ann/a.png', [[0, 64, 65]])
    whole = datasets.MapillaryDataset_v1.METAINFO
    part = dict(classes=whole['classes'][:65], palette=whole['palette'][:65])
    dataset = build(tmp_path, 'MapillaryDataset_v1', metainfo=part)
    assert dataset[0]['gt_seg_map'].tolist() == [[0, 64, 255]]
    assert len(dataset.metainfo['palette']) == 65


def voc(root, folder, ann_file):
    prefix = dict(img_path='JPEGImages', seg_map_path=folder)
    options = dict(data_root=str(root), data_prefix=prefix, pipeline=LOAD)
    return dict(type='PascalVOCDataset', ann_file=ann_file, **options)


def test_voc_aug_is_two_lists_in_one_config(tmp_path):
    write_pair(tmp_path, 'JPEGImages/2007_1.jpg', 'SegmentationClass/2007_1.png', [[20, 255]])
    write_pair(tmp_path, 'JPEGImages/2008_2.jpg', 'SegmentationClassAug/2008_2.png', [[3, 0]])
    (tmp_path / 'train.txt').write_text('2007_1\n')
    (tmp_path / 'aug.txt').write_text('2008_2\n')
    parts = [voc(tmp_path, 'SegmentationClass', 'train.txt')]
    parts.append(voc(tmp_path, 'SegmentationClassAug', 'aug.txt'))
    both = DATASETS.build(dict(type='ConcatDataset', datasets=parts))
    assert [both[index]['gt_seg_map'].tolist() for index in range(2)] == [[[20, 255]], [[3, 0]]]
    assert both.metainfo['classes'][20] == 'tvmonitor'


def test_voc_needs_a_list(tmp_path):
    with pytest.raises(ConfigError, match=r'PascalVOCDataset\.ann_file must be given'):
        DATASETS.build(voc(tmp_path, 'SegmentationClass', ''))


def test_voc_sample(data_root, tmp_path):
    (tmp_path / 'val.txt').write_text('2011_000003\n2011_000025\n')
    config = voc(data_root / 'voc_sample', 'SegmentationClass', str(tmp_path / 'val.txt'))
    dataset = DATASETS.build(config)
    found = [set(np.unique(dataset[index]['gt_seg_map']).tolist()) for index in range(2)]
    assert found == [{0, 5, 15, 255}, {0, 6, 7}]


def test_ade20k_sample(data_root):
    dataset = build(data_root / 'ade20k_sample', 'ADE20KDataset', 'images', 'annotations')
    assert len(dataset) == 3
    assert all((dataset[index]['gt_seg_map'] != 150).all() for index in range(3))


@pytest.mark.parametrize(
    ('name', 'label'),
    [
        ('DRIVEDataset', '21_manual1.png'),
        ('STAREDataset', '21.ah.png'),
        ('ChaseDB1Dataset', '21_1stHO.png'),
        ('HRFDataset', '21.png'),
    ],
)
def test_retina_masks(tmp_path, name, label):
    write_pair(tmp_path, 'img/21.png', f'ann/{label}', [[0, 1, 255]])  # outside the view: ignored
    assert build(tmp_path, name)[0]['gt_seg_map'].tolist() == [[0, 1, 255]]
    write_pair(tmp_path, 'img/21.png', f'ann/{label}', [[0, 255, 0]])  # not converted
    with pytest.raises(DataError, match=rf'{label}: the mask holds 0 and 255.*color_table'):
        build(tmp_path, name)
    table = dict(colors={'#000000': 'background', '#FFFFFF': 'vessel'})
    assert build(tmp_path, name, color_table=table)[0]['gt_seg_map'].tolist() == [[0, 1, 0]]
