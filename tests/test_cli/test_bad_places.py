"""Work dirs, checkpoints, seeds and result names that cannot be: one message, exit code 1."""

from __future__ import annotations

import errno
import logging
import os
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from mmengine.visualization import LocalVisBackend

from mmseg_deeplab.apis.work_dir import make_work_dir
from mmseg_deeplab.cli import main
from mmseg_deeplab.evaluation import IoUMetric
from mmseg_deeplab.models.data_preprocessor import SegDataPreProcessor
from mmseg_deeplab.structures import SegDataSample
from mmseg_deeplab.utils.errors import ConfigError, DataError

from .project import fingerprints


def refused(words, capsys) -> str:
    """The message of a command that must fail."""
    capsys.readouterr()
    code = main(words)
    message = capsys.readouterr().err
    assert code == 1, message
    assert message.count('error: ') == 1 and 'Traceback' not in message
    return message


@pytest.mark.parametrize('command', ['train', 'test'])
@pytest.mark.parametrize('place', ['file', 'below a file', '/proc/xx', 'read-only'])
def test_work_dir_that_cannot_be_written(project, capsys, command, place):
    file = project.folder / 'afile'
    file.write_text('mine', encoding='utf-8')
    folder = {'file': str(file), 'below a file': str(file / 'x'), '/proc/xx': '/proc/xx'}.get(place)
    if place == 'read-only':
        if os.geteuid() == 0:
            pytest.skip('root may write everywhere')
        (project.folder / 'locked').mkdir(mode=0o555)
        folder = str(project.folder / 'locked')
    before = fingerprints(project.folder)
    message = refused([*getattr(project, command)(), '--work-dir', folder], capsys)
    assert folder in message and '--work-dir' in message
    assert fingerprints(project.folder) == before


def test_probing_leaves_nothing_and_names_a_full_disk(tmp_path, monkeypatch):
    make_work_dir(tmp_path / 'new' / 'run')
    assert list((tmp_path / 'new' / 'run').iterdir()) == []

    def full(handle):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, 'fsync', full)
    with pytest.raises(ConfigError, match=r'run: cannot be written \(No space left.* MiB free'):
        make_work_dir(tmp_path / 'new' / 'run')


@pytest.mark.parametrize(
    ('owner', 'method'),
    [
        (LocalVisBackend, 'add_config'),
        (LocalVisBackend, 'add_scalars'),
        (logging.FileHandler, 'flush'),
    ],
)
def test_disk_that_fills_up_while_running(project, capsys, monkeypatch, owner, method):
    def full(*arguments, **named):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(owner, method, full, raising=False)
    kept = {name: h for name, h in fingerprints(project.work).items() if name.endswith('.pth')}
    append(project, "default_hooks['logger'] = dict(type='LoggerHook', interval=1)\n")
    longer = ['train_cfg.max_iters=6', 'param_scheduler.0.end=6']
    words = project.train('--resume', '--no-audit', '--cfg-options', *longer)
    message = refused(words, capsys)
    assert str(project.work) in message and 'No space left' in message and 'MiB free' in message
    now = fingerprints(project.work)
    assert {name: now[name] for name in kept} == kept


def append(project, text: str) -> None:
    """Add to the config file."""
    old = project.config.read_text(encoding='utf-8')
    project.config.write_text(old + text, encoding='utf-8')


def add_second_folder(project, name: str) -> None:
    """Test a folder of images named as those of ``val``, or ``val`` twice, beside ``val``."""
    for kind in ('img_dir', 'ann_dir'):
        source = project.data / kind / 'val' / '4.png'
        (project.data / kind / 'other').mkdir()
        (project.data / kind / 'other' / '4.png').write_bytes(source.read_bytes())
    append(
        project,
        'first = val_dataloader["dataset"]\n'
        f'second = dict(first, data_prefix=dict(img_path="img_dir/{name}", '
        f'seg_map_path="ann_dir/{name}"))\n'
        'test_dataloader = dict(val_dataloader, dataset=dict(type="ConcatDataset", '
        'datasets=[first, second]))\n',
    )


@pytest.mark.slow
@pytest.mark.parametrize('option', ['--out', '--show-dir'])
def test_an_image_listed_twice_is_refused_before_the_test(project, capsys, monkeypatch, option):
    add_second_folder(project, 'val')
    monkeypatch.setattr(IoUMetric, 'process', lambda *_: pytest.fail('an image was tested'))
    out = project.folder / 'out'
    message = refused(project.test(option, str(out)), capsys)
    assert '4.png' in message and 'more than once' in message
    assert not out.exists()


@pytest.mark.slow
def test_results_keep_sub_folders_where_names_are_equal(project):
    add_second_folder(project, 'other')
    out, shown = project.folder / 'out', project.folder / 'shown'
    assert main(project.test('--out', str(out), '--show-dir', str(shown))) == 0
    for folder in (out, shown):
        found = {path.relative_to(folder).as_posix() for path in folder.rglob('*.png')}
        assert found == {'val/4.png', 'val/5.png', 'other/4.png'}


def test_wrong_band_count_names_the_file():
    prepare = SegDataPreProcessor(mean=[0.0] * 3, std=[1.0] * 3, size=(8, 8))
    sample = SegDataSample(metainfo={'img_path': 'tiles/7.tif'})
    batch = {'inputs': [torch.zeros(4, 8, 8)], 'data_samples': [sample]}
    with pytest.raises(DataError, match=r'got 4 in tiles/7\.tif;'):
        prepare(batch)
    with pytest.raises(DataError, match='got 4;'):
        prepare({'inputs': batch['inputs']})


@pytest.mark.parametrize(
    ('more', 'texts'),
    [
        (['--seed', '-3'], ['seed', '-3', 'whole number']),
        (['--seed', str(2**32)], ['seed', str(2**32)]),
        (['--cfg-options', 'randomness.seed=-3'], ['seed', '-3']),
        (['--load-from', 'https://host/a.pth'], ['https://host/a.pth', 'offline', 'put it']),
        (['--cfg-options', 'load_from=https://host/a.pth'], ['https://host/a.pth', 'offline']),
        (['--resume', 'https://host/a.pth'], ['https://host/a.pth', 'offline']),
        (['--drop-head'], ['drop_head', '--load-from']),
        (['--cfg-options', 'fine_tune.drop_haed=True'], ['fine_tune.drop_haed', 'drop_head']),
        (['--cfg-options', 'fine_tune.first_conv=men'], ['first_conv', "'mean'", "'men'"]),
        (['--resume', 'WORK'], ['is a folder', 'iter_4.pth']),
        (['--load-from', 'DATA'], ['is a folder', 'no .pth file']),
        (['--cfg-options', 'audit.foo=3'], ['audit', 'foo', 'quick']),
        (['--cfg-options', 'audit=3'], ['audit', 'bool', '3']),
    ],
)
def test_arguments_of_train(project, capsys, monkeypatch, tmp_path_factory, more, texts):
    monkeypatch.setenv('MMSEG_DEEPLAB_OFFLINE', '1')
    monkeypatch.setenv('MMSEG_DEEPLAB_CACHE', str(tmp_path_factory.mktemp('cache')))
    places = {'WORK': str(project.work), 'DATA': str(project.data)}
    before = fingerprints(project.folder)
    message = refused(project.train(*(places.get(word, word) for word in more)), capsys)
    for text in texts:
        assert text in message, message
    assert fingerprints(project.folder) == before


def test_testing_a_folder(project, capsys):
    words = ['test', str(project.config), str(project.work), '--work-dir', str(project.work)]
    assert 'is a folder' in refused(words, capsys)


def test_four_bands_in_a_test_name_the_file(project, capsys):
    path = project.image('val', 4)
    cv2.imwrite(str(path), np.full((40, 40, 4), 99, np.uint8))
    append(project, 'test_pipeline[0]["color_type"] = "unchanged"\n')
    assert str(Path('img_dir/val/4.png')) in refused(project.test(), capsys)
