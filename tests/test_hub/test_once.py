"""One transfer for all who ask, also when the one that fetches is killed."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from mmseg_deeplab.hub import fetch, lock
from mmseg_deeplab.hub.places import cache_place
from mmseg_deeplab.utils.errors import CheckpointError

from .conftest import weight_file
from .server import wait_until

MODEL = '/weights/model.pth'
FETCH = 'import sys; from mmseg_deeplab.hub import fetch; print(fetch(sys.argv[1]))'


def test_eight_at_once_fetch_once(site):
    site.faults[MODEL] = [500]  # the second attempt comes while the others wait
    with ThreadPoolExecutor(8) as pool:
        paths = list(pool.map(lambda _: fetch(site.url + MODEL, progress=False), range(8)))
    assert len(set(paths)) == 1 and paths[0].read_bytes() == weight_file()
    assert [path for path, _ in site.asked] == [MODEL, MODEL]
    assert sorted(p.name for p in paths[0].parent.iterdir()) == [
        'model.pth',
        'model.pth.mmseg-record.json',
    ]


def test_another_process_takes_over_from_a_killed_one(site, capfd):
    site.faults[MODEL] = ['drip']
    address = site.url + MODEL
    part = cache_place(address).with_name('model.pth.part')
    holder = subprocess.Popen([sys.executable, '-c', FETCH, address], stderr=subprocess.PIPE)
    try:
        wait_until(lambda: part.is_file() and part.stat().st_size > 3)
        with ThreadPoolExecutor(1) as pool:
            other = pool.submit(fetch, address)
            heard = []
            wait_until(lambda: heard.append(capfd.readouterr().err) or 'waiting' in ''.join(heard))
            assert not other.done()
            holder.kill()
            path = other.result(timeout=60)
    finally:
        holder.kill()
        holder.communicate()
    assert path.read_bytes() == weight_file()
    first, second = (asked for _, asked in site.asked)
    assert first is None and int(second.removeprefix('bytes=').rstrip('-')) > 3


def test_lock_file_that_was_removed_meanwhile_is_not_taken(tmp_path):
    path = tmp_path / 'x.lock'
    with lock.exclusive(path, lambda: None) as held:
        assert held
        path.unlink()
        with lock.exclusive(path, lambda: None) as held_too:  # another file of the same name
            assert held_too
    assert not path.exists()


def test_disk_without_locks(site, cache, monkeypatch):
    def none(handle):
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr(lock, '_try_lock', none)
    path = fetch(site.url + MODEL, progress=False)
    assert path.read_bytes() == weight_file()
    assert [p.name for p in path.parent.iterdir() if 'part' in p.name] == []


def test_other_errors_of_the_lock_are_not_hidden(tmp_path, monkeypatch):
    def broken(handle):
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(lock, '_try_lock', broken)
    with pytest.raises(OSError, match='Input/output'), lock.exclusive(tmp_path / 'x', print):
        pass


def test_folder_for_the_lock_that_cannot_be_made(tmp_path):
    (tmp_path / 'file').write_text('', encoding='utf-8')
    below = tmp_path / 'file' / 'x.lock'
    with pytest.raises(CheckpointError, match='cannot be written'), lock.exclusive(below, print):
        pass
