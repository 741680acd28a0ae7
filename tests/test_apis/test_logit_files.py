"""The CRF on files of logits: all of them are looked at before the first is refined."""

from __future__ import annotations

import numpy as np
import pytest

from mmseg_deeplab.apis import logit_files
from mmseg_deeplab.apis.logit_files import _check_header, _load, crf_on_files
from mmseg_deeplab.utils.errors import DataError, DatasetNotFoundError
from tests.tiny_dataset import class_map, picture_of, write_png

from .tiny import tiny_config


@pytest.mark.parametrize(
    ('array', 'message'),
    [
        (np.zeros((3, 0, 12), 'f4'), r'must hold logits of 3 classes, .* got \(3, 0, 12\)'),
        (np.full((3, 2, 2), 'x'), 'must hold logits of 3 classes, .* of <U1'),
        (
            np.zeros((4, 2, 2), 'f4'),
            r'must hold .* got \(4, 2, 2\) of float32; they are',
        ),
        (None, 'no logits of this image; run the test first'),
        (b'\x93NUMPY half', 'is damaged'),
    ],
)
def test_odd_files_of_logits(tmp_path, array, message):
    path = tmp_path / 'a.npy'
    if isinstance(array, bytes):
        path.write_bytes(array)
    elif array is not None:
        np.save(path, array)
    with pytest.raises(DataError, match=f'a.npy: {message}'):
        _check_header(path, 3)


def test_damage_behind_the_header(tmp_path):
    path = tmp_path / 'a.npy'
    np.save(path, np.full((3, 2, 2), np.nan, 'f4'))
    _check_header(path, 3)
    with pytest.raises(DataError, match='a.npy: holds logits that are no numbers'):
        _load(path)
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(DataError, match='a.npy: is damaged .* bytes of'):
        _check_header(path, 3)


def test_all_files_are_looked_at_first(tmp_path, monkeypatch):
    for number in range(2):
        ids = class_map(16, 3, seed=number)
        write_png(tmp_path / 'img' / f'{number}.png', picture_of(ids, seed=number))
        write_png(tmp_path / 'ann' / f'{number}.png', ids)
    config = tiny_config(work_dir=str(tmp_path / 'work'))
    pipeline = [{'type': f'Load{what}'} for what in ('ImageFromFile', 'Annotations')]
    config['test_dataloader']['dataset'] |= dict(
        data_root=str(tmp_path),
        data_prefix=dict(img_path='img', seg_map_path='ann'),
        seg_map_suffix='.png',
        img_suffix='.png',
        pipeline=[*pipeline, {'type': 'PackSegInputs'}],
    )
    folder = tmp_path / 'work' / 'test' / 'logit'
    folder.mkdir(parents=True)
    np.save(folder / '0.npy', np.random.default_rng(0).normal(size=(3, 4, 4)).astype('f4'))
    refined = []
    crf = logit_files.DenseCRF.__call__
    monkeypatch.setattr(
        logit_files.DenseCRF, '__call__', lambda *given: refined.append(1) or crf(*given)
    )
    with pytest.raises(DatasetNotFoundError, match='1.npy: no logits of this image'):
        crf_on_files(config, jobs=1)
    assert not refined
    np.save(folder / '1.npy', np.zeros((3, 4, 4), 'f4'))
    assert 0 <= crf_on_files(config, jobs=1)['Mean IoU'] <= 1
    assert len(refined) == 2
