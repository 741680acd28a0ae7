"""Result files, and the curves of a run."""

from __future__ import annotations

import json

import cv2
import numpy as np
import pytest

from mmseg_deeplab.utils.errors import DataError
from mmseg_deeplab.utils.files import UniqueNames, write_bytes, write_id_map, write_image
from mmseg_deeplab.visualization import read_events, write_curves, write_prediction
from mmseg_deeplab.visualization.curves import series, smoothed

PALETTE = ((10, 200, 30), (255, 255, 255))


def test_mask_colours_and_overlay_files(tmp_path):
    ids = np.array([[0, 1, 1]])
    image = np.zeros((1, 3, 3), dtype=np.uint8)
    paths = write_prediction(tmp_path, 'sub/a', ids, palette=PALETTE, image=image, opacity=1)
    assert paths['masks'] == tmp_path / 'masks' / 'sub' / 'a.png'
    assert cv2.imread(str(paths['masks']), cv2.IMREAD_UNCHANGED).tolist() == [[0, 1, 1]]
    bgr = cv2.imread(str(paths['colors']))
    assert bgr[0, 0].tolist() == [30, 200, 10]
    assert np.array_equal(cv2.imread(str(paths['overlays'])), bgr)
    only = write_prediction(tmp_path, 'b', ids, palette=PALETTE, kinds=('masks',))
    assert list(only) == ['masks'] and not (tmp_path / 'colors' / 'b.png').exists()
    with pytest.raises(ValueError, match='overlays need an image'):
        write_prediction(tmp_path, 'c', ids, palette=PALETTE)
    with pytest.raises(ValueError, match='kinds must be'):
        write_prediction(tmp_path, 'c', ids, palette=PALETTE, kinds=('mask',))


def test_many_classes_need_16_bits(tmp_path):
    path = write_id_map(tmp_path / 'a.png', np.array([[0, 300]]))
    assert cv2.imread(str(path), cv2.IMREAD_UNCHANGED).tolist() == [[0, 300]]
    with pytest.raises(DataError, match=r'a\.png: class ids must be 0 to 65535'):
        write_id_map(tmp_path / 'a.png', np.array([[-1]]))


def test_failed_writes_name_the_file_and_keep_the_old_one(tmp_path, monkeypatch):
    path = write_bytes(tmp_path / 'a.txt', b'old')

    def full(*_):
        raise OSError(28, 'No space left on device')

    with monkeypatch.context() as patched, pytest.raises(DataError, match=r'a\.txt: .*No space'):
        patched.setattr('os.replace', full)
        write_bytes(path, b'new')
    assert path.read_bytes() == b'old' and list(tmp_path.iterdir()) == [path]
    with pytest.raises(DataError, match=r'a\.xyz: cannot be encoded'):
        write_image(tmp_path / 'a.xyz', np.zeros((2, 2), dtype=np.uint8))


def test_names_that_would_collide_are_refused():
    names = UniqueNames()
    assert names.stem('urban/1.png') == names.stem('urban/1.png') == '1'
    with pytest.raises(DataError, match=r'rural/1\.tif: .*overwrite that of urban/1\.png'):
        names.stem('rural/1.tif')


def events():
    train = [{'kind': 'train', 'iter': i, 'loss': 2.0 / i, 'lr': 0.01} for i in range(1, 41)]
    return [{'kind': 'start'}, *train, {'kind': 'val', 'iter': 40, 'mIoU': 61.5}, {'kind': 'end'}]


def test_series_take_the_last_of_a_repeated_iteration():
    again = [*events(), {'kind': 'train', 'iter': 3, 'loss': 9.0}]
    assert series(again, 'train', 'loss')[2] == (3, 9.0)
    assert series(again, 'val', 'mIoU') == [(40, 61.5)]
    assert series(again, 'val', 'mAcc') == []


def test_smoothing_by_hand():
    assert smoothed(np.array([1.0, 3.0, 5.0, 7.0]), 2).tolist() == [1, 2, 4, 6]


def test_curves_from_a_log_file_and_from_events(tmp_path):
    log = tmp_path / 'log.jsonl'
    log.write_text('\n'.join(map(json.dumps, events())) + '\n{"kind": "tra')
    assert len(read_events(log)) == 43
    both = cv2.imread(str(write_curves(log, tmp_path / 'curves.png')))
    loss_only = cv2.imread(str(write_curves(events()[1:5], tmp_path / 'loss.png')))
    assert both.shape[1] > 1.5 * loss_only.shape[1]


def test_broken_logs_are_named(tmp_path):
    log = tmp_path / 'log.jsonl'
    with pytest.raises(DataError, match='no such log'):
        read_events(log)
    log.write_text('not json\n{}\n')
    with pytest.raises(DataError, match=r'log\.jsonl: line 1 is not JSON'):
        read_events(log)
    log.write_text('{}\n')
    with pytest.raises(DataError, match='no training losses'):
        write_curves(log, tmp_path / 'a.png')
