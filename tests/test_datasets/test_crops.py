"""Overlapping crops: every pixel of the whole image belongs to exactly one."""

from __future__ import annotations

import numpy as np
import pytest

from mmseg_deeplab.datasets.crops import add_own_parts, share_out
from mmseg_deeplab.registry import DATASETS

from ..tiny_dataset import write_png


def isaid_starts(size, patch=896, step=512):
    """As iSAID's converter cuts: steps, the last window moved back to the edge."""
    return sorted({min(start, size - patch) for start in range(0, size, step)})


def isaid_names(height, width, stem='P0001'):
    return [
        f'{stem}_{y}_{y + 896}_{x}_{x + 896}'
        for y in isaid_starts(height)
        for x in isaid_starts(width)
    ]


def records_of(names, folder='img'):
    return [{'img_path': f'{folder}/{name}.png'} for name in names]


@pytest.mark.parametrize('size', [(896, 896), (896, 897), (1000, 1408), (1409, 4000), (2500, 960)])
def test_every_pixel_once(size):
    names = isaid_names(*size)
    covered = np.zeros(size, dtype=int)
    for name, record in zip(names, add_own_parts(records_of(names), 'yyxx'), strict=True):
        top, _, left, _ = map(int, name.split('_')[1:])
        (y0, y1), (x0, x1) = record['own_part']['rows'], record['own_part']['columns']
        assert 0 <= y0 < y1 <= 896 and 0 <= x0 < x1 <= 896
        assert record['own_part']['shape'] == (896, 896)
        covered[top + y0 : top + y1, left + x0 : left + x1] += 1
    assert (covered == 1).all()


def test_neighbours_share_their_overlap():
    assert share_out([(0, 896), (512, 1408)]) == {(0, 896): (0, 704), (512, 1408): (704, 1408)}
    assert share_out([(0, 512), (512, 1024)]) == {(0, 512): (0, 512), (512, 1024): (512, 1024)}
    assert share_out([(0, 4), (1, 5), (2, 6)]) == {(0, 4): (0, 2), (1, 5): (2, 3), (2, 6): (3, 6)}


@pytest.mark.parametrize(
    'spans',
    [[(1, 4)], [(0, 4), (5, 9)], [(0, 4), (0, 5)], [(0, 9), (2, 8)], [(-2, 4), (0, 6)], [(0, 0)]],
)
def test_lines_that_are_not_covered(spans):
    assert share_out(spans) is None


def test_isprs_names_hold_the_column_first():
    names = ['2_10_0_0_512_512', '2_10_488_0_1000_512']  # 1000 wide, 512 high
    parts = [record['own_part'] for record in add_own_parts(records_of(names), 'xyxy')]
    assert [part['rows'] for part in parts] == [(0, 512), (0, 512)]
    assert [part['columns'] for part in parts] == [(0, 500), (12, 512)]


@pytest.mark.parametrize(
    'names',
    [
        ['P1_0_896_0_896', 'a'],  # not a crop's name
        ['P1_0_896_-4_892'],  # cut outside the image
        isaid_names(1408, 1408)[:3],  # one of four is missing
        [*isaid_names(896, 896), *isaid_names(896, 1408, 'P2')[1:]],  # of one of two images
    ],
)
def test_no_parts_where_they_would_be_wrong(names):
    assert all(set(record) == {'img_path'} for record in add_own_parts(records_of(names), 'yyxx'))


def test_crops_of_one_name_in_two_folders_are_of_two_images():
    names = isaid_names(896, 896)
    records = add_own_parts(records_of(names, 'a') + records_of(names, 'b'), 'yyxx')
    assert [record['own_part']['rows'] for record in records] == [(0, 896)] * 2


@pytest.mark.parametrize(
    ('kind', 'image', 'label'),
    [
        ('iSAIDDataset', 'P0_0_8_4_12.png', 'P0_0_8_4_12_instance_color_RGB.png'),
        ('PotsdamDataset', '2_10_4_0_12_8.png', '2_10_4_0_12_8.png'),
        ('ISPRSDataset', 'area1_4_0_12_8.png', 'area1_4_0_12_8.png'),
    ],
)
def test_data_sets_of_crops(tmp_path, kind, image, label):
    at_origin = {'iSAIDDataset': '_0_8_0_8'}.get(kind, '_0_0_8_8')
    cut = {'iSAIDDataset': '_0_8_4_12'}.get(kind, '_4_0_12_8')
    for name in (image, image.replace(cut, at_origin)):
        write_png(tmp_path / 'img' / name, np.zeros((8, 8, 3), dtype=np.uint8))
    for name in (label, label.replace(cut, at_origin)):
        write_png(tmp_path / 'ann' / name, np.ones((8, 8), dtype=np.uint8))
    load = [{'type': 'LoadImageFromFile'}, {'type': 'LoadAnnotations'}, {'type': 'PackSegInputs'}]
    dataset = DATASETS.build(
        dict(
            type=kind,
            data_root=str(tmp_path),
            data_prefix=dict(img_path='img', seg_map_path='ann', seg_map_path_full='ann'),
            pipeline=load,
        )
    )
    parts = [dataset[index]['data_samples'].own_part['columns'] for index in range(2)]
    assert parts == [(0, 6), (2, 8)]
    sample = dataset[1]['data_samples']
    assert sample.gt_sem_seg_full.data.equal(sample.gt_sem_seg.data)
