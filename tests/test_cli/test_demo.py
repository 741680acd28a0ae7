"""`demo.py single` and `live`: the figure, the window, and what is said where none opens."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import cv2
import numpy as np
import pytest
from mmengine.config import Config

from mmseg_deeplab.apis.demo import demo_live, read_frames
from mmseg_deeplab.apis.live_window import LiveWindow, require_windows
from mmseg_deeplab.cli import main
from mmseg_deeplab.utils.errors import ConfigError, DataError
from mmseg_deeplab.visualization.class_panels import class_panels
from tests.test_apis.tiny import NAMES, PALETTE, picture, save_checkpoint, tiny_config

REPO = Path(__file__).resolve().parents[2]
WINDOW = """
import sys
import numpy as np
from mmseg_deeplab.apis.live_window import LiveWindow
ids = np.zeros((240, 320), int)
ids[:, 160:] = 1
ids[120:, 160:] = 255
with LiveWindow('halves', ['sky, blue', 'sea'], [[9, 9, 9], [0, 0, 255]], 0.5,
                lambda name: print(name, flush=True)) as window:
    print('open', flush=True)
    while window.is_open:
        window.show(np.zeros((240, 320, 3), np.uint8), ids)
print('closed')
"""


@pytest.fixture(scope='module')
def files(tmp_path_factory):
    """A config file, a checkpoint, an image and a video of five frames."""
    folder = tmp_path_factory.mktemp('demo')
    Config(tiny_config()).dump(folder / 'tiny.py')
    save_checkpoint(folder / 'a.pth', {'dataset_meta': {'classes': NAMES, 'palette': PALETTE}})
    cv2.imwrite(str(folder / 'a.png'), picture())
    video = cv2.VideoWriter(str(folder / 'a.avi'), cv2.VideoWriter_fourcc(*'MJPG'), 10, (56, 40))
    for number in range(5):
        video.write(np.roll(picture(), 4 * number, axis=1))
    video.release()
    return folder


def words(files, way, *more):
    return [way, '-c', str(files / 'tiny.py'), '-m', str(files / 'a.pth'), '--cpu', *more]


def test_panels_of_the_classes_found():
    image = np.full((20, 30, 3), 100, dtype=np.uint8)
    ids = np.full((20, 30), 2)
    ids[:, 15:] = 0
    ids[0] = 255
    figure = class_panels(image, ids, ['a', 'b', 'c, see'], [[0, 0, 200], [1, 1, 1], [200, 0, 0]],
                          side=(30, 30))  # fmt: skip
    # input, a and c: one row of three
    assert figure.shape == (26 + 20 + 8, 3 * 30 + 4 * 8, 3)
    first, left, right = (figure[26 + 10, 8 + 38 * n : 8 + 38 * n + 30] for n in range(3))
    assert (first == 100).all()
    assert (left[:15] == 50).all() and (left[15:] == (50, 50, 150)).all()
    assert (right[:15] == (150, 50, 50)).all() and (right[15:] == 50).all()
    four = np.arange(600).reshape(20, 30) % 4
    palette = [[n, n, n] for n in range(4)]
    assert class_panels(image, four, list('abcd'), palette, side=(30, 30)).shape[0] == 2 * 54


@pytest.mark.parametrize('crf', [False, True])
def test_single(files, tmp_path, monkeypatch, capsys, crf):
    monkeypatch.chdir(tmp_path)
    before = (files / 'a.png').read_bytes()
    more = ['--crf', '--cfg-options', 'crf.iter_max=2'] if crf else []
    arguments = words(files, 'single', '-i', str(files / 'a.png'))
    assert main(['demo', *arguments, *more]) == 0
    found, out = capsys.readouterr().out.strip().split(': ')
    assert out == 'a_classes.png' and [path.name for path in tmp_path.iterdir()] == [out]
    names = found.split(', ')
    assert names and set(names) <= set(NAMES)
    columns = {1: 1, 2: 2, 3: 3, 4: 2}[len(names) + 1]
    assert cv2.imread(out).shape[1] == columns * 200 + (columns + 1) * 8
    assert (files / 'a.png').read_bytes() == before


@pytest.mark.parametrize(
    ('more', 'message'),
    [
        (['--out', 'a.png'], 'the figure would overwrite its image'),
        (['--opacity', '2'], 'opacity must be 0 to 1, got 2'),
        (['--image-path', 'none.png'], 'none.png: there is no such image'),
    ],
)
def test_mistakes_of_single(files, monkeypatch, capsys, more, message):
    monkeypatch.chdir(files)
    assert main(['demo', *words(files, 'single', '-i', 'a.png'), *more]) == 1
    assert message in capsys.readouterr().err


def test_frames_of_a_video_and_missing_ones(files, capfd):
    frames = list(read_frames(files / 'a.avi'))
    assert len(frames) == 5 and frames[0].shape == (40, 56, 3)
    assert np.abs(frames[1].astype(int) - np.roll(picture(), 4, axis=1)).mean() < 12
    with pytest.raises(DataError, match=r'there is no such video; check --video'):
        next(read_frames(files / 'none.avi'))
    with pytest.raises(DataError, match='OpenCV cannot read this video'):
        next(read_frames(files / 'a.pth'))
    capfd.readouterr()
    with pytest.raises(DataError, match='camera 99 gives no picture'):
        next(read_frames(99))
    assert capfd.readouterr().err == ''  # OpenCV has a dozen lines to say


@pytest.mark.skipif(sys.platform != 'linux', reason='others always have a display')
def test_without_a_window(files, monkeypatch, capsys):
    """Qt ends the process that has no display: another process finds out first."""
    for name in ('DISPLAY', 'WAYLAND_DISPLAY'):
        monkeypatch.delenv(name, raising=False)
    assert main(['demo', *words(files, 'live', '--video', str(files / 'a.avi'))]) == 1
    error = capsys.readouterr().err
    assert 'error: OpenCV cannot open a window here (' in error and 'xvfb-run' in error
    monkeypatch.setattr('mmseg_deeplab.apis.live_window._PROBE', 'raise SystemExit(1)')
    with pytest.raises(ConfigError, match='it gives no reason'):
        require_windows()
    built = 'raise RuntimeError("The function is not implemented. Rebuild the library")'
    monkeypatch.setattr('mmseg_deeplab.apis.live_window._PROBE', built)
    with pytest.raises(ConfigError, match='built without windows'):
        require_windows()


def test_class_under_the_mouse(monkeypatch):
    """Told once for each class entered, also when the prediction changes under the mouse."""
    monkeypatch.setattr('mmseg_deeplab.apis.live_window.require_windows', lambda: None)
    for name in ('imshow', 'namedWindow', 'setMouseCallback', 'destroyAllWindows'):
        monkeypatch.setattr(cv2, name, lambda *arguments: None)
    monkeypatch.setattr(cv2, 'getWindowProperty', lambda *arguments: 1.0)
    keys = iter([255, 255, 255, ord('q')])
    monkeypatch.setattr(cv2, 'waitKey', lambda delay: next(keys))
    told = []
    image, ids = np.zeros((30, 40, 3), np.uint8), np.zeros((30, 40), int)
    ids[:, 20:] = 1
    with LiveWindow('w', ['a', 'b'], [[1, 1, 1], [2, 2, 2]], 0.5, told.append) as window:
        window._on_mouse(0, 5, 5, 0, None)  # before there is a picture
        window.show(image, ids)
        window._on_mouse(0, 6, 5, 0, None)
        window._on_mouse(0, 30, 5, 0, None)
        window._on_mouse(0, 400, 5, 0, None)
        assert told == ['a', 'b']
        window._on_mouse(0, 30, 5, 0, None)
        window.show(image, 1 - ids)
        assert told == ['a', 'b', 'b', 'a']
        window.show(image, np.full((30, 40), 255))
        assert window.is_open
        window.show(image, ids)
    assert not window.is_open and told[4:] == ['b']


def test_live_plays_to_the_end(files, monkeypatch):
    from mmseg_deeplab.apis import init_model

    shown = []

    class Screen:
        is_open = True

        def __init__(self, *arguments):
            pass

        def __enter__(self):
            return self

        def __exit__(self, *exception):
            pass

        def show(self, image, ids):
            shown.append((image.shape, ids.shape))

    monkeypatch.setattr('mmseg_deeplab.apis.demo.LiveWindow', Screen)
    model = init_model(str(files / 'tiny.py'), files / 'a.pth', 'cpu')
    assert demo_live(model, files / 'a.avi', size=28) == 5
    assert shown == [((20, 28, 3), (20, 28))] * 5
    with pytest.raises(ConfigError, match='size must be at least 1'):
        demo_live(model, files / 'a.avi', size=0)


@pytest.mark.slow
def test_live_under_a_virtual_display(files, tmp_path):
    """For real: the command plays a video, and a mouse is moved over a window."""
    if shutil.which('xvfb-run') is None:
        pytest.skip('needs a virtual display: apt-get install xvfb xdotool')
    display = ['xvfb-run', '-a', '-s', '-screen 0 800x600x24']
    script = REPO / 'tools' / 'demo.py'
    command = [sys.executable, str(script), *words(files, 'live', '--video', 'a.avi')]
    done = subprocess.run([*display, *command], cwd=files, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == '5 frames'
    if shutil.which('xdotool') is None:
        pytest.skip('the video was played; moving a mouse needs xdotool')
    steps = tmp_path / 'steps.sh'
    steps.write_text(
        f'{sys.executable} -c "$CODE" > out.txt &\n'
        'until grep -q open out.txt; do sleep 0.2; done; sleep 3\n'
        'window=$(xdotool search --name "^halves$" | tail -1)\n'
        'for place in "40 40" "280 60" "300 200" "60 200"; do\n'
        '  xdotool mousemove --window $window $place; sleep 2; done\n'
        'xdotool mousemove --window $window 50 50 key --window $window q; wait\n',
        encoding='utf-8',
    )
    begun = time.monotonic()
    subprocess.run([*display, 'bash', str(steps)], cwd=tmp_path, check=True, timeout=300,
                   env={**os.environ, 'CODE': WINDOW})  # fmt: skip
    told = (tmp_path / 'out.txt').read_text(encoding='utf-8').splitlines()
    assert told == ['open', 'sky, blue', 'sea', 'sky, blue', 'closed'], time.monotonic() - begun
