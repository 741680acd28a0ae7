"""Stopped at any point and run again, a conversion ends with the same files."""

from __future__ import annotations

import errno
import json
import os
import signal
import subprocess
import sys
import time

import pytest

from mmseg_deeplab.datasets.prepare import journal
from mmseg_deeplab.utils import files
from mmseg_deeplab.utils.errors import DataError

from .conftest import SMALL, names, tree_hash


def stop_after(jobs: int):
    """A progress function that is a Ctrl-C."""

    def report(done: int, total: int) -> None:
        if done == jobs:
            raise KeyboardInterrupt

    return report


@pytest.mark.parametrize('name', SMALL)
def test_interrupted_and_resumed_gives_the_same_tree(convert, tmp_path, name):
    convert(name, out='whole', workers=1)
    wanted = tree_hash(tmp_path / 'whole')
    with pytest.raises(KeyboardInterrupt):
        convert(name, workers=2, on_progress=stop_after(2))
    assert [p.name for p in (tmp_path / 'out').iterdir()] == ['.converting']
    result = convert(name, workers=2)
    assert result.kept >= 2 and result.made >= 1
    assert tree_hash(tmp_path / 'out') == wanted
    again = convert(name)
    assert again.made == 0 and tree_hash(tmp_path / 'out') == wanted


def test_half_a_line_of_the_journal_is_harmless(convert, tmp_path):
    convert('vaihingen', out='whole')
    for _ in range(2):
        with pytest.raises(KeyboardInterrupt):
            convert('vaihingen', workers=1, on_progress=stop_after(2))
        lines = tmp_path / 'out/.converting/journal.jsonl'
        lines.write_text(lines.read_text()[:-30])
    (tmp_path / 'out/.converting/img_dir/train/.half.png.0123').write_bytes(b'half')
    convert('vaihingen')
    assert tree_hash(tmp_path / 'out') == tree_hash(tmp_path / 'whole')


def test_a_disk_that_is_full_stops_at_once_and_is_resumable(convert, tmp_path, monkeypatch):
    convert('potsdam', out='whole')
    replace, calls = os.replace, []

    def full(source, target):
        calls.append(target)
        if len(calls) > 40:
            raise OSError(errno.ENOSPC, 'No space left on device')
        replace(source, target)

    monkeypatch.setattr(files.os, 'replace', full)
    with pytest.raises(DataError, match=r'cannot be written \(No space left on device\)'):
        convert('potsdam', workers=1)
    assert len(calls) == 41
    assert not any(name.startswith('img_dir') for name in names(tmp_path / 'out'))
    monkeypatch.setattr(files.os, 'replace', replace)
    assert convert('potsdam').kept >= 1
    assert tree_hash(tmp_path / 'out') == tree_hash(tmp_path / 'whole')


def test_stopped_while_the_files_are_moved_to_their_places(convert, tmp_path, monkeypatch):
    convert('potsdam', out='whole')
    move, moved = journal._move, []

    def once(source, target):
        if moved:
            raise KeyboardInterrupt
        moved.append(target)
        move(source, target)

    monkeypatch.setattr(journal, '_move', once)
    with pytest.raises(KeyboardInterrupt):
        convert('potsdam')
    monkeypatch.setattr(journal, '_move', move)
    assert convert('potsdam').made == 0
    assert tree_hash(tmp_path / 'out') == tree_hash(tmp_path / 'whole')


def test_files_that_were_deleted_or_cut_are_made_again(convert, tmp_path):
    convert('potsdam')
    wanted = tree_hash(tmp_path / 'out')
    (tmp_path / 'out/img_dir/val/5_15_0_0_50_50.png').unlink()
    (tmp_path / 'out/ann_dir/train/2_10_0_0_50_50.png').write_bytes(b'')
    assert convert('potsdam').made == 2
    assert tree_hash(tmp_path / 'out') == wanted


def test_other_settings_and_foreign_files_are_not_mixed_in(convert, tmp_path):
    with pytest.raises(KeyboardInterrupt):
        convert('potsdam', on_progress=stop_after(1))
    other = {'clip_size': 60}
    with pytest.raises(DataError, match='clip_size=50 .*now potsdam clip_size=60'):
        convert('potsdam', settings=other)
    convert('potsdam', settings=other, resume=False)  # what was unfinished is discarded
    with pytest.raises(DataError, match='choose another output folder'):
        convert('potsdam')
    foreign = tmp_path / 'mine/img_dir/train/1.png'
    foreign.parent.mkdir(parents=True)
    foreign.write_bytes(b'mine')
    with pytest.raises(DataError, match='holds files that this converter did not make'):
        convert('potsdam', out='mine')
    assert names(tmp_path / 'mine') == ['img_dir/train/1.png']


def test_dry_run_counts_what_the_run_makes_and_writes_nothing(convert, tmp_path):
    for name in SMALL:
        counted = convert(name, only_count=True)
        assert not (tmp_path / 'out').exists()
        assert counted.counts == convert(name, out=name).counts


def test_receipt_holds_no_time_and_no_place(convert, tmp_path):
    convert('vaihingen')
    receipt = json.loads((tmp_path / 'out/conversion.json').read_text())
    assert receipt['converter'] == 'vaihingen' and receipt['settings']['clip_size'] == 40
    assert str(tmp_path) not in json.dumps(receipt)
    files_of = {path for job in receipt['jobs'].values() for path in job['files']}
    assert files_of == set(names(tmp_path / 'out')) - {'conversion.json'}


@pytest.mark.slow
def test_killed_process_goes_on(convert, raw, tmp_path):
    convert('vaihingen', out='whole', settings={'clip_size': 4})
    command = [sys.executable, '-m', 'mmseg_deeplab.cli', 'convert', 'vaihingen']
    command += [str(raw / 'vaihingen'), '-o', str(tmp_path / 'out'), '--clip_size', '4']
    command += ['--workers', '1']
    killed = 0
    for _ in range(20):
        process = subprocess.Popen(command, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        lines = tmp_path / 'out/.converting/journal.jsonl'
        before = lines.read_text().count('\n') if lines.exists() else 0
        while process.poll() is None:
            if lines.exists() and lines.read_text().count('\n') > max(before, 1):
                process.send_signal(signal.SIGKILL)
                killed += 1
                process.wait()
            time.sleep(0.001)
        if process.returncode == 0:
            break
    assert killed >= 1 and process.returncode == 0
    assert tree_hash(tmp_path / 'out') == tree_hash(tmp_path / 'whole')
