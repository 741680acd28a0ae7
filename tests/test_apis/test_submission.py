"""A submission to LoveDA's server: refused unless it is complete and right."""

from __future__ import annotations

import zipfile

import cv2
import numpy as np
import pytest

from mmseg_deeplab.apis import pack_loveda, submission, submit_loveda
from mmseg_deeplab.apis import test as run_test
from mmseg_deeplab.cli import main
from mmseg_deeplab.utils.errors import DataError

from ..tiny_dataset import class_map
from .test_results_of_a_test import config_of
from .tiny import tiny_config, write_images


def png(ids):
    return cv2.imencode('.png', np.asarray(ids, dtype=np.uint8))[1].tobytes()


@pytest.fixture
def few(monkeypatch):
    """A test set of four images of 48 pixels, so that a test is quick."""
    names = ('10.png', '11.png', '8.png', '9.png')
    monkeypatch.setattr(submission, 'LOVEDA_TEST_NAMES', names)
    monkeypatch.setattr(submission, 'SIZE', (48, 48))
    return names


def write_masks(folder, names, side=48):
    folder.mkdir(parents=True)
    for number, name in enumerate(names):
        (folder / name).write_bytes(png(np.full((side, side), number % 7)))
    return folder


def test_the_names_are_those_of_the_test_images():
    names = submission.LOVEDA_TEST_NAMES
    assert (len(names), names[0], names[-1]) == (1796, '4191.png', '5986.png')


def test_a_complete_set_becomes_a_flat_archive(tmp_path, few):
    masks = write_masks(tmp_path / 'masks', few)
    (masks / 'notes.txt').write_text('not for the server')
    target = pack_loveda(masks, tmp_path / 'new' / 'Results.zip')
    with zipfile.ZipFile(target) as archive:
        assert archive.namelist() == sorted(few)
        assert archive.read('9.png') == (masks / '9.png').read_bytes()
    first = target.read_bytes()
    assert pack_loveda(masks, target).read_bytes() == first
    assert [path.name for path in target.parent.iterdir()] == ['Results.zip']


def test_missing_and_foreign_masks_are_named_and_nothing_is_written(tmp_path, few):
    masks = write_masks(tmp_path / 'masks', ['8.png', '9.png', '7.png'])
    (tmp_path / 'Results.zip').write_text('an older one')
    with pytest.raises(DataError, match=r'2 of 4 are missing: 10\.png, 11\.png; 1 not of .*: 7'):
        pack_loveda(masks, tmp_path / 'Results.zip')
    assert (tmp_path / 'Results.zip').read_text() == 'an older one'
    with pytest.raises(DataError, match='no such folder'):
        pack_loveda(tmp_path / 'gone', tmp_path / 'Results.zip')


@pytest.mark.parametrize(
    ('content', 'fault'),
    [
        (png(np.full((48, 48), 7)), r'9\.png has values 7 to 7, not 0 to 6'),
        (png(np.zeros((48, 32))), r'9\.png is 32x48, not 48x48'),
        (png(np.zeros((48, 48, 3))), r'9\.png is PNG of mode RGB, not an 8-bit grey PNG'),
        (
            cv2.imencode('.png', np.zeros((48, 48), np.uint16))[1].tobytes(),
            r'9\.png is PNG of mode I;16, not',
        ),
        (cv2.imencode('.bmp', np.zeros((48, 48), np.uint8))[1].tobytes(), r'9\.png is BMP of'),
        (png(np.zeros((48, 48)))[:40], r'9\.png is damaged'),
        (b'', r'9\.png is damaged'),
    ],
)
def test_wrong_masks_are_named(tmp_path, few, content, fault):
    masks = write_masks(tmp_path / 'masks', few)
    (masks / '9.png').write_bytes(content)
    with pytest.raises(DataError, match=f'{fault}.*no archive was written'):
        pack_loveda(masks, tmp_path / 'Results.zip')
    assert not (tmp_path / 'Results.zip').exists()


def test_from_a_checkpoint_to_the_archive(tmp_path, few, checkpoint):
    images = write_images(tmp_path / 'test', 4, height=48, width=48)
    with pytest.raises(DataError, match=r'4 of 4 are missing: 10\.png.*4 not of'):
        submit_loveda(tiny_config(), checkpoint, images, tmp_path / 'out', device='cpu')
    assert not (tmp_path / 'out').exists()
    for old, new in zip(sorted(images.iterdir()), few, strict=True):
        old.rename(images / new)
    target = submit_loveda(tiny_config(), checkpoint, images, tmp_path / 'out', device='cpu')
    with zipfile.ZipFile(target) as archive:
        ids = cv2.imdecode(np.frombuffer(archive.read('8.png'), np.uint8), cv2.IMREAD_UNCHANGED)
    assert ids.shape == (48, 48) and set(np.unique(ids)) <= {0, 1, 2}


def test_format_only_reads_no_labels_and_adds_nothing(tmp_path, checkpoint):
    write_images(tmp_path / 'img', 2)
    config = config_of(tmp_path)  # its pipeline loads labels, and there are none
    config['test_dataloader']['dataset']['reduce_zero_label'] = True
    options = {'test_evaluator.format_only': True}
    work = {'out': tmp_path / 'out', 'work_dir': tmp_path / 'work', 'device': 'cpu'}
    assert run_test(config, checkpoint, cfg_options=options, **work) == {}
    first = cv2.imread(str(tmp_path / 'out' / '0.png'), cv2.IMREAD_UNCHANGED)
    assert first.shape == (40, 56) and 0 in first and first.max() <= 2


def test_the_command(tmp_path, data_root, capsys):
    tiles = data_root / 'loveda_tiles'
    words = ['submit-loveda', '--masks', str(tiles / 'ann_dir'), '--out', str(tmp_path)]
    assert main(words) == 1
    message = capsys.readouterr().err
    assert '1796 of 1796 are missing: 4191.png, 4192.png, 4193.png, 4194.png, ...' in message
    assert '3 not of the test set: 0.png, 1.png, 2.png' in message
    words = ['submit-loveda', 'c.py', 'x.pth', '--images', str(tiles / 'img_dir')]
    assert main([*words, '--out', str(tmp_path)]) == 1
    assert '5986.png' in capsys.readouterr().err and list(tmp_path.iterdir()) == []
    assert main(['submit-loveda', 'c.py']) == 1
    assert 'either a config and a checkpoint, or --masks' in capsys.readouterr().err
    assert main(['submit-loveda', 'c.py', '--masks', str(tiles / 'ann_dir')]) == 1
    assert "--masks DIR alone, got ['c.py']" in capsys.readouterr().err


@pytest.mark.slow
def test_a_whole_test_set(tmp_path):
    masks = tmp_path / 'masks'
    masks.mkdir()
    contents = [png(class_map(1024, 7, seed=n, cell=32)) for n in range(3)]
    for number, name in enumerate(submission.LOVEDA_TEST_NAMES):
        (masks / name).write_bytes(contents[number % 3])
    assert main(['submit-loveda', '--masks', str(masks), '--out', str(tmp_path)]) == 0
    with zipfile.ZipFile(tmp_path / 'Results.zip') as archive:
        assert len(archive.namelist()) == 1796 and archive.testzip() is None
