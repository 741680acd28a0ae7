"""The cache of exported models: found, missed, damaged, made by two processes at once."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from mmseg_deeplab.engine.model_store import ModelStore
from mmseg_deeplab.utils.errors import SegError

REPO = Path(__file__).resolve().parents[2]


@pytest.fixture
def told(caplog):
    """What the package logs."""
    from mmseg_deeplab.utils.log import get_logger

    logger = get_logger()
    logger.addHandler(caplog.handler)
    yield caplog
    logger.removeHandler(caplog.handler)


class Maker:
    """Writes two files and counts how often."""

    def __init__(self, content=b'weights'):
        self.calls = 0
        self.content = content

    def __call__(self, folder):
        self.calls += 1
        (folder / 'a.bin').write_bytes(self.content)
        (folder / 'b.txt').write_text('text')
        return {'number': self.calls}


def test_made_once_and_found_again(tmp_path):
    store, make = ModelStore(tmp_path), Maker()
    assert store.find('key') is None
    folder = store.find_or_make('key', make)
    assert (folder / 'a.bin').read_bytes() == b'weights'
    assert store.find_or_make('key', make) == folder == ModelStore(tmp_path).find('key')
    assert make.calls == 1 and store.facts('key') == {'number': 1}
    store.find_or_make('other', make)
    assert make.calls == 2
    store.find_or_make('key', Maker(b'new'), replace=True)
    assert (folder / 'a.bin').read_bytes() == b'new'
    assert sorted(path.name for path in tmp_path.iterdir()) == ['key', 'other']  # nothing is left


def test_folder_of_the_environment(tmp_path, monkeypatch):
    monkeypatch.setenv('MMSEG_DEEPLAB_CACHE', str(tmp_path))
    assert ModelStore().root == tmp_path / 'engine'


@pytest.mark.parametrize('damage', ['byte', 'cut', 'gone', 'manifest', 'empty'])
def test_damage_is_noticed_and_mended(tmp_path, damage, told):
    store, make = ModelStore(tmp_path), Maker()
    folder = store.find_or_make('key', make)
    file = folder / 'a.bin'
    if damage == 'byte':
        file.write_bytes(b'weightz')
    elif damage == 'cut':
        file.write_bytes(b'')
    elif damage == 'gone':
        file.unlink()
    elif damage == 'manifest':
        (folder / 'manifest.json').write_text('{')
    else:
        for path in folder.iterdir():
            path.unlink()
    assert store.find_or_make('key', make) == folder
    assert make.calls == 2 and file.read_bytes() == b'weights'
    lines = [record.message for record in told.records]
    assert len(lines) == 1 and 'is damaged' in lines[0] and str(folder) in lines[0]
    assert store.find_or_make('key', make) == folder and make.calls == 2


def test_nothing_is_left_of_a_failure(tmp_path):
    store = ModelStore(tmp_path)

    def fail(folder):
        (folder / 'a.bin').write_bytes(b'half')
        raise ValueError('no')

    with pytest.raises(ValueError, match='no'):
        store.find_or_make('key', fail)
    assert list(tmp_path.iterdir()) == [] and store.find('key') is None

    def full(folder):
        raise OSError(28, 'No space left on device')

    with pytest.raises(SegError, match='No space left.*MMSEG_DEEPLAB_CACHE'):
        store.find_or_make('key', full)


def test_a_file_where_the_cache_should_be(tmp_path):
    (tmp_path / 'file').write_text('')
    with pytest.raises(SegError, match='cannot be written'):
        ModelStore(tmp_path / 'file').find_or_make('key', Maker())


def test_threads_make_it_once(tmp_path):
    make = Maker()

    def slowly(folder):
        time.sleep(0.2)
        return make(folder)

    found = []
    threads = [
        threading.Thread(
            target=lambda: found.append(ModelStore(tmp_path).find_or_make('k', slowly))
        )
        for _ in range(3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert make.calls == 1 and found == [tmp_path / 'k'] * 3


EXPORT = """
import sys
from mmseg_deeplab.apis import init_model
from tests.test_apis.tiny import tiny_config
init_model(tiny_config(), sys.argv[1], backend='openvino')
"""


@pytest.mark.slow
@pytest.mark.openvino
def test_two_processes_export_one_model(tmp_path):
    """They agree on the key, one exports, the other waits and reads what it wrote."""
    from tests.test_apis.tiny import save_checkpoint

    weights = save_checkpoint(tmp_path / 'a.pth', {})
    environment = {**os.environ, 'MMSEG_DEEPLAB_CACHE': str(tmp_path), 'PYTHONPATH': str(REPO)}
    processes = [
        subprocess.Popen(
            [sys.executable, '-c', EXPORT, str(weights)],
            env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=REPO,
        )
        for _ in range(2)
    ]  # fmt: skip
    outputs = [process.communicate(timeout=300)[0] for process in processes]
    assert [process.returncode for process in processes] == [0, 0], outputs
    assert sum('exported the network' in output for output in outputs) == 1
    assert len(list((tmp_path / 'engine').iterdir())) == 1
