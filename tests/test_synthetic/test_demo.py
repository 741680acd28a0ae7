"""`make demo` without the environment: shortened here, whole in the long run."""

from __future__ import annotations

import importlib.util
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from mmseg_deeplab.utils.files import write_text

REPO = Path(__file__).resolve().parents[2]
DEMO = [sys.executable, str(REPO / 'tools' / 'demo.py')]
SHORT = ['--train', '4', '--val', '2', '--size', '64', '--iters', '4']
LAST_LINE = re.compile(r'mIoU: (\d+\.\d\d)  mIoU\(ms\+flip\): (\d+\.\d\d)')


def run(folder: Path, *words: str, **environment: str) -> str:
    done = subprocess.run(
        [*DEMO, '--folder', str(folder), *words],
        capture_output=True, text=True, env={**os.environ, **environment},
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return done.stdout


def scores(output: str) -> tuple[float, float]:
    found = LAST_LINE.fullmatch(output.splitlines()[-1])
    assert found, output[-2000:]
    return float(found[1]), float(found[2])


def test_short_demo(tmp_path):
    output = run(tmp_path, *SHORT)
    single, several = scores(output)
    assert 0 <= single < 60 and 0 <= several < 60
    assert 'below the 60 %' in output
    assert output.count('| agricultural |') >= 4  # logged and printed, for both tests
    work = tmp_path / 'work_dirs' / 'demo'
    assert {path.name for path in (work / 'pictures').iterdir()} == {
        'overview.png', 'scene_4.png', 'scene_5.png',
    }  # fmt: skip
    for name in ('curves.png', 'test/metrics.json', 'test_ms_flip/confusion_matrix.png'):
        assert (work / name).is_file(), name
    assert {path.name for path in tmp_path.iterdir()} == {'data', 'work_dirs'}

    again = run(tmp_path, *SHORT)
    assert scores(again) == (single, several)
    assert 'from an earlier run' in again and 'Iter(train)' not in again
    assert 'Iter(test)' not in again


def test_a_work_folder_of_other_things_is_set_aside(tmp_path, monkeypatch, capsys):
    """Nothing is overwritten when the config or the scenes have changed."""
    monkeypatch.chdir(tmp_path)
    spec = importlib.util.spec_from_file_location('demo', REPO / 'tools' / 'demo.py')
    demo = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(demo)
    write_text(demo.DATA / 'scenes.json', '{}')
    write_text(demo.WORK / 'mine.txt', 'precious')
    demo.open_work_folder('a config')
    demo.open_work_folder('a config')  # its own folder: stays
    printed = capsys.readouterr().out
    aside = [path for path in demo.WORK.parent.iterdir() if path.name != 'demo']
    assert printed.count('is of another config or data') == len(aside) == 1
    assert (aside[0] / 'mine.txt').read_text(encoding='utf-8') == 'precious'
    assert [path.name for path in demo.WORK.iterdir()] == ['demo.json']


@pytest.mark.slow
def test_killed_demo_goes_on(tmp_path):
    words = [*SHORT[:-1], '30']
    whole = scores(run(tmp_path / 'whole', *words))
    folder = tmp_path / 'killed'
    process = subprocess.Popen(
        [*DEMO, '--folder', str(folder), *words], stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )  # fmt: skip
    log = folder / 'work_dirs' / 'demo' / 'log.jsonl'
    while process.poll() is None and (not log.is_file() or log.read_text().count('"train"') < 7):
        time.sleep(0.05)
    assert process.poll() is None, 'it was done before it could be killed'
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert scores(run(folder, *words)) == whole


@pytest.mark.slow
def test_demo_reaches_its_mark(tmp_path):
    single, several = scores(run(tmp_path, OMP_NUM_THREADS=str(os.cpu_count())))
    assert single >= 60 and several >= 50
    begun = time.monotonic()
    assert scores(run(tmp_path)) == (single, several)
    assert time.monotonic() - begun < 120  # nothing is trained or tested again
