"""Further labels and groups of images that a data set finds for the metric."""

from __future__ import annotations

import pytest

from mmseg_deeplab.registry import DATASETS
from mmseg_deeplab.utils.log import get_logger

from ..tiny_dataset import make_loveda_like


@pytest.fixture
def told(caplog):
    """What the package logs; its logger does not pass messages on to pytest's handler."""
    logger = get_logger()
    logger.addHandler(caplog.handler)
    yield caplog
    logger.removeHandler(caplog.handler)


def build(root, group=None, **prefixes):
    prefix = dict(img_path='img_dir/val', seg_map_path='ann_dir/val', **prefixes)
    return DATASETS.build(
        dict(type='LoveDADataset', data_root=str(root), data_prefix=prefix, group=group)
    )


def groups(dataset):
    return [dataset.get_data_info(index).get('group') for index in range(len(dataset))]


@pytest.mark.slow
def test_groups_by_lists(tmp_path, told):
    root = make_loveda_like(tmp_path, 0, 3, size=8)
    (root / 'urban.txt').write_text('0\n2\n')
    lists = {'urban': 'urban.txt', 'rural': 'rural.txt'}
    assert groups(build(root, lists)) == [None] * 3
    assert f'{root}/rural.txt is not there: urban and rural are not scored apart' in told.text
    (root / 'rural.txt').write_text('1\n')
    assert groups(build(root, lists)) == ['urban', 'rural', 'urban']
    (root / 'rural.txt').write_text('')
    assert groups(build(root, lists)) == ['urban', None, 'urban']
    assert groups(build(root, 'val')) == ['val'] * 3


def test_further_labels(tmp_path, told):
    root = make_loveda_like(tmp_path, 0, 1, size=8)
    further = {'seg_map_path_full': 'ann_dir_full/val'}
    assert 'other_seg_map_paths' not in build(root, **further).get_data_info(0)
    assert 'ann_dir_full/val is not there: these labels are not scored' in told.text
    (root / 'ann_dir_full' / 'val').mkdir(parents=True)
    found = build(root, **further).get_data_info(0)['other_seg_map_paths']
    assert found == {'full': f'{root}/ann_dir_full/val/0.png'}
