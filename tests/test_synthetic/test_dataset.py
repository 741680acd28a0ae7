"""A data set of drawn scenes: layout, running twice, being killed, being asked for another."""

from __future__ import annotations

import shutil

import cv2
import numpy as np
import pytest

from mmseg_deeplab.apis.audit import audit_dataset
from mmseg_deeplab.datasets.synthetic import dataset, draw_scene, write_loveda_scenes
from mmseg_deeplab.registry import DATASETS
from mmseg_deeplab.utils.errors import DataError


@pytest.fixture
def root(tmp_path):
    return tmp_path / 'data' / 'demo'


def write(root, **changes):
    return write_loveda_scenes(root, **{**dict(n_train=3, n_val=2, size=40, seed=4), **changes})


def files(root):
    return {str(path.relative_to(root)): path.read_bytes() for path in root.rglob('*.png')}


def test_layout_and_pixels(root):
    assert write(root) is True
    assert sorted(files(root)) == sorted(
        f'{kind}/{split}/{number}.png'
        for kind in ('img_dir', 'ann_dir')
        for split, numbers in (('train', (0, 1, 2)), ('val', (3, 4)))
        for number in numbers
    )
    image, label = draw_scene([4, 1, 1], 40)
    np.testing.assert_array_equal(cv2.imread(str(root / 'img_dir/val/4.png')), image)
    stored = cv2.imread(str(root / 'ann_dir/val/4.png'), cv2.IMREAD_UNCHANGED)
    np.testing.assert_array_equal(stored, label)
    assert [path.name for path in root.parent.iterdir()] == ['demo']


def test_loveda_dataset_reads_it(root):
    write(root)
    prefix = dict(img_path='img_dir/train', seg_map_path='ann_dir/train')
    built = DATASETS.build(
        dict(type='LoveDADataset', data_root=str(root), data_prefix=prefix, pipeline=[])
    )
    assert len(built) == 3


def test_drawn_scenes_pass_the_audit(root):
    write(root, n_train=12, n_val=6, size=96)
    report = audit_dataset('deeplabv3plus_r18-d8_demo-64x64', data_root=root)
    assert report.errors == []
    assert {finding.kind for finding in report.findings} <= {'absent-class', 'binary-mask'}


def test_a_second_call_touches_nothing(root):
    write(root)
    before = {path: path.stat().st_mtime_ns for path in root.rglob('*')}
    assert write(root) is False
    assert {path: path.stat().st_mtime_ns for path in root.rglob('*')} == before


@pytest.mark.parametrize('change', [dict(seed=5), dict(size=48), dict(n_val=1)], ids=str)
def test_other_arguments_replace_the_set(root, change):
    write(root)
    before = files(root)
    assert write(root, **change) is True
    assert files(root) != before
    assert write(root, **change) is False


def test_a_killed_call_is_gone_on_with(root, monkeypatch):
    write(root)
    whole = files(root)
    shutil.rmtree(root)
    drawn = []
    real = dataset.draw_scene

    def dies_at_the_third(seed, size):
        if len(drawn) == 2:
            raise KeyboardInterrupt
        drawn.append(seed)
        return real(seed, size)

    monkeypatch.setattr(dataset, 'draw_scene', dies_at_the_third)
    with pytest.raises(KeyboardInterrupt):
        write(root)
    assert not root.exists()
    monkeypatch.setattr(dataset, 'draw_scene', lambda *a: (drawn.append(a[0]), real(*a))[1])
    assert write(root) is True
    assert drawn == [[4, 0, 0], [4, 0, 1], [4, 0, 2], [4, 1, 0], [4, 1, 1]]  # none twice
    assert files(root) == whole


def test_foreign_files_are_not_touched(root):
    root.mkdir(parents=True)
    (root / 'mine.txt').write_text('precious', encoding='utf-8')
    with pytest.raises(DataError, match='holds no scenes drawn by this program; move it away'):
        write(root)
    assert [path.name for path in root.iterdir()] == ['mine.txt']


def test_progress_is_told(root):
    told = []
    write_loveda_scenes(root, 2, 1, 40, on_progress=lambda *event: told.append(event))
    assert told == [(1, 3), (2, 3), (3, 3)]
