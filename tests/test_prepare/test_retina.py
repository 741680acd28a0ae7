"""The four sets of retina images: splits by order of names, labels as 0 and 1."""

from __future__ import annotations

import gzip
import io
import tarfile
import zipfile

import cv2
import numpy as np
import pytest
from PIL import Image

from mmseg_deeplab.apis.conversion import convert_dataset
from mmseg_deeplab.utils.errors import DataError

from .conftest import names, stored

GREYS = np.array([[0, 127, 128, 255]], np.uint8)
COLORS = np.arange(12, dtype=np.uint8).reshape(1, 4, 3)


def encoded(suffix: str, label: bool) -> bytes:
    if suffix == '.gif':
        file = io.BytesIO()
        Image.fromarray(GREYS).save(file, 'GIF')
        return file.getvalue()
    array = GREYS if label else COLORS[:, :, ::-1]
    return cv2.imencode(suffix, array)[1].tobytes()


def zipped(path, files: dict[str, bytes]):
    with zipfile.ZipFile(path, 'w') as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def tarred(path, files: dict[str, bytes]):
    with tarfile.open(path, 'w') as archive:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return path


def test_drive(tmp_path):
    tif, gif = encoded('.tif', False), encoded('.gif', True)
    training = {'training/images/21_training.tif': tif, 'training/1st_manual/21_manual1.gif': gif}
    test = {'test/images/01_test.tif': tif, 'test/mask/01_test_mask.gif': gif}
    paths = [zipped(tmp_path / 'training.zip', training), zipped(tmp_path / 'test.zip', test)]
    out = tmp_path / 'out'
    convert_dataset('drive', *paths, out_dir=out)
    assert [name for name in names(out) if name != 'conversion.json'] == [
        'annotations/training/21_manual1.png',
        'images/training/21.png',
        'images/validation/01.png',
    ]
    assert stored(out / 'annotations/training/21_manual1.png').tolist() == [[0, 0, 1, 1]]
    assert np.array_equal(stored(out / 'images/validation/01.png'), COLORS)


def test_chase_db1(tmp_path):
    files = {}
    for number in range(1, 15):
        for eye in 'LR':
            stem = f'Image_{number:02d}{eye}'
            files[f'{stem}.jpg'] = encoded('.jpg', False)
            files |= {f'{stem}_{o}HO.png': encoded('.png', True) for o in ('1st', '2nd')}
    path = zipped(tmp_path / 'CHASEDB1.zip', files)
    result = convert_dataset('chase_db1', path, out_dir=tmp_path / 'out')
    assert result.counts == result.plan.documented
    assert 'images/training/Image_10R.png' in names(tmp_path / 'out')
    label = tmp_path / 'out/annotations/validation/Image_11L_2ndHO.png'
    assert stored(label).tolist() == [[0, 0, 1, 1]]
    del files['Image_01L.jpg']
    with pytest.raises(DataError, match='must hold 84 files, got 83'):
        convert_dataset('chase_db1', zipped(path, files), out_dir=tmp_path / 'out')


def test_hrf(tmp_path):
    paths = []
    for kind, mark in (('healthy', 'h'), ('glaucoma', 'g'), ('diabetic_retinopathy', 'dr')):
        for part, suffix in (('', '.jpg'), ('_manualsegm', '.tif')):
            content = encoded(suffix, bool(part))
            files = {f'{n:02d}_{mark}{suffix}': content for n in range(1, 16)}
            paths.append(zipped(tmp_path / f'{kind}{part}.zip', files))
    result = convert_dataset('hrf', *paths, out_dir=tmp_path / 'out')
    assert result.counts == result.plan.documented
    found = names(tmp_path / 'out')
    assert 'annotations/training/05_dr.png' in found and 'images/validation/06_g.png' in found
    assert stored(tmp_path / 'out/annotations/training/05_dr.png').tolist() == [[0, 0, 1, 1]]


def test_stare(tmp_path):
    paths = []
    for name, suffix, label in (
        ('stare-images', '', False),
        ('labels-ah', '.ah', True),
        ('labels-vk', '.vk', True),
    ):
        content = gzip.compress(encoded('.ppm', False) if not label else encoded('.pgm', True))
        files = {f'im{n:04d}{suffix}.ppm.gz': content for n in range(1, 21)}
        paths.append(tarred(tmp_path / f'{name}.tar', files))
    result = convert_dataset('stare', *paths, out_dir=tmp_path / 'out')
    assert result.counts == result.plan.documented
    assert np.array_equal(stored(tmp_path / 'out/images/training/im0010.png'), COLORS)
    assert stored(tmp_path / 'out/annotations/validation/im0011.vk.png').tolist() == [[0, 0, 1, 1]]
    paths[1].write_bytes(paths[1].read_bytes()[:3000])
    with pytest.raises(DataError, match=r'labels-ah\.tar: (not a whole tar|must hold 20)'):
        convert_dataset('stare', *paths, out_dir=tmp_path / 'out')
