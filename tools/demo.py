"""Draw aerial-like scenes, train DeepLabV3+ on them, test it, and save pictures: `make demo`.

`tools/demo.py single ...` and `tools/demo.py live ...` show a trained model's predictions.

Safe to run again: what is finished is kept, what was interrupted goes on. Everything lies in
`data/demo` and `work_dirs/demo` of the folder.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import json
import os
import sys
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
CONFIG = ROOT / 'configs' / 'deeplabv3plus' / 'deeplabv3plus_r18-d8_demo-64x64.py'
DATA, WORK = Path('data/demo'), Path('work_dirs/demo')
STATE = WORK / 'demo.json'  # what the work folder was made from
WANTED = 60.0  # % mIoU that the demo is expected to reach


def main(words: list[str] | None = None) -> int:
    """Run the demo; returns the exit code."""
    words = sys.argv[1:] if words is None else words
    if words and words[0] in ('single', 'live'):
        from mmseg_deeplab.cli import main as command

        return command(['demo', *words])
    parser = argparse.ArgumentParser(
        description=__doc__.splitlines()[0],
        epilog='"demo.py single --help" and "demo.py live --help": show a trained model',
    )
    parser.add_argument('--folder', type=Path, default=ROOT, help='where data and results go')
    parser.add_argument('--train', type=int, default=120, help='scenes to train on')
    parser.add_argument('--val', type=int, default=20, help='scenes to test on')
    parser.add_argument('--size', type=int, default=160, help='side of a scene in pixels')
    parser.add_argument('--seed', type=int, default=0, help='of the scenes and the training')
    parser.add_argument('--iters', type=int, help='training iterations, for a quick try')
    arguments = parser.parse_args(words)
    arguments.folder.mkdir(parents=True, exist_ok=True)
    os.chdir(arguments.folder)
    # Threads that wait for each other sleep: spinning makes training four times slower on a
    # machine that has anything else to do. Read when torch is loaded.
    os.environ.setdefault('OMP_WAIT_POLICY', 'PASSIVE')
    from mmseg_deeplab.utils.errors import SegError

    try:
        run(arguments)
    except SegError as error:
        print(f'error: {error}', file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print('stopped by Ctrl-C; the same command goes on', file=sys.stderr)
        return 130
    return 0


def run(arguments: argparse.Namespace) -> None:
    """The steps in order, each passed over if an earlier run has finished it."""
    from mmseg_deeplab.apis import test, train
    from mmseg_deeplab.config import load_config

    begun = time.monotonic()
    say('1/4 drawing scenes')
    draw(arguments)
    config = load_config(CONFIG, options_for(arguments))
    last = config.train_cfg.max_iters
    checkpoint = WORK / f'iter_{last}.pth'
    open_work_folder(config.pretty_text)
    say(f'2/4 training DeepLabV3+ R-18-D8, {last} iterations')
    if checkpoint.is_file():
        print(f'{checkpoint} is there from an earlier run')
    else:
        train(config, work_dir=WORK, resume=True, seed=arguments.seed)
    say('3/4 testing, single-scale and with --aug-test (6 scales x flip)')
    found = {}
    for folder, aug_test in (('test', False), ('test_ms_flip', True)):
        scores = WORK / folder / 'metrics.json'
        if not scores.is_file() or scores.stat().st_mtime < checkpoint.stat().st_mtime:
            test(config, checkpoint, aug_test=aug_test, work_dir=WORK)
        found[folder] = 100 * json.loads(scores.read_text(encoding='utf-8'))['mIoU']
    say('4/4 pictures')
    pictures = draw_pictures(config, checkpoint)
    for folder, title in (('test', 'single-scale'), ('test_ms_flip', 'multi-scale and flip')):
        print(f'\n{title}:\n{table_of(WORK / folder)}')
    report(pictures, found, time.monotonic() - begun)


def report(pictures: list[Path], found: dict[str, float], seconds: float) -> None:
    """Say where everything is and how well it went."""
    print('\nPictures (input, label, prediction):')
    print(f'  {pictures[0].resolve()}')
    print(f'  {pictures[0].resolve().parent}/scene_*.png, {len(pictures) - 1} scenes')
    print(f'Loss and mIoU over the training:\n  {(WORK / "curves.png").resolve()}')
    print(f'Scores and confusion matrices:\n  {(WORK / "test").resolve()}, test_ms_flip')
    if found['test'] < WANTED:
        print(f'note: the mIoU is below the {WANTED:.0f} % that the full demo reaches')
    print(f'done in {seconds // 60:.0f} min {seconds % 60:.0f} s')
    print(f'mIoU: {found["test"]:.2f}  mIoU(ms+flip): {found["test_ms_flip"]:.2f}')


def say(text: str) -> None:
    """A heading."""
    bold, plain = ('\033[1m', '\033[0m') if sys.stdout.isatty() else ('', '')
    print(f'\n{bold}[{text}]{plain}', flush=True)


def options_for(arguments: argparse.Namespace) -> dict[str, Any]:
    """Options for a shortened run: the schedule shrinks with it."""
    if arguments.iters is None:
        return {}
    warmup = max(1, arguments.iters // 12)
    return {
        'train_cfg.max_iters': arguments.iters,
        'train_cfg.val_interval': max(1, arguments.iters // 6),
        'param_scheduler.0.end': warmup,
        'param_scheduler.1.begin': warmup,
        'param_scheduler.1.end': arguments.iters,
        'default_hooks.logger.interval': 1,
    }


def draw(arguments: argparse.Namespace) -> None:
    """Draw the data set, unless it is there."""
    from mmseg_deeplab.datasets.synthetic import write_loveda_scenes

    counts = arguments.train, arguments.val
    with progress(f'drawing {sum(counts)} scenes') as advance:
        fresh = write_loveda_scenes(DATA, *counts, arguments.size, arguments.seed, advance)
    origin = '' if fresh else ', from an earlier run'
    sides = f'{arguments.size}x{arguments.size}'
    print(f'{DATA}: {counts[0]} scenes to train on, {counts[1]} to test on, {sides}{origin}')


class progress:
    """A bar with the time left on a terminal; elsewhere a line at every quarter.

    Args:
        title: What is going on.
    """

    def __init__(self, title: str) -> None:
        self.title = title
        self.bar: Any = None

    def __enter__(self) -> Callable[[int, int], None]:
        if sys.stderr.isatty():
            from rich.console import Console
            from rich.progress import Progress

            self.bar = Progress(console=Console(stderr=True), transient=True, auto_refresh=False)
            self.bar.start()
            self.task = self.bar.add_task(self.title)
        return self.advance

    def __exit__(self, *exception: object) -> None:
        if self.bar is not None:
            self.bar.stop()

    def advance(self, done: int, total: int) -> None:
        """Show that so many of so many are done."""
        if self.bar is not None:
            self.bar.update(self.task, completed=done, total=total, refresh=True)
        elif done == total or (4 * done // total) > (4 * (done - 1) // total):
            print(f'{self.title}: {done} of {total}', flush=True)


def open_work_folder(config_text: str) -> None:
    """Keep the work folder if it was made from this config and data, else set it aside."""
    from mmseg_deeplab.datasets.synthetic.dataset import STAMP
    from mmseg_deeplab.utils.files import write_text

    text = config_text + (DATA / STAMP).read_text(encoding='utf-8')
    state = json.dumps({'made_from': hashlib.sha256(text.encode()).hexdigest()})
    if STATE.is_file() and STATE.read_text(encoding='utf-8') == state:
        return
    if WORK.is_dir() and any(WORK.iterdir()):
        aside = WORK.with_name(f'{WORK.name}_until_{datetime.now():%Y%m%d_%H%M%S}')
        WORK.rename(aside)
        print(f'{WORK} is of another config or data: it is {aside} now')
    write_text(STATE, state)


def draw_pictures(config: Any, checkpoint: Path) -> list[Path]:
    """Panels of every test scene and the curves of the training.

    Returns:
        The picture of the first four scenes, then one of each scene.
    """
    import numpy as np

    from mmseg_deeplab.apis import inference_model, init_model
    from mmseg_deeplab.datasets.labels import to_train_ids
    from mmseg_deeplab.datasets.reading import read_image, read_label
    from mmseg_deeplab.utils.files import write_image
    from mmseg_deeplab.visualization.curves import write_curves
    from mmseg_deeplab.visualization.panels import colorize, panel, to_display

    folder = WORK / 'pictures'
    model = init_model(config, checkpoint)
    names, palette = model.dataset_meta['classes'], model.dataset_meta['palette']
    images = sorted((DATA / 'img_dir/val').glob('*.png'), key=lambda path: int(path.stem))
    written, rows = [], []
    with progress(f'drawing {len(images)} pictures') as advance:
        for number, path in enumerate(images, start=1):
            stored = read_label(DATA / 'ann_dir/val' / path.name)
            label = to_train_ids(stored, reduce_zero_label=True)
            predicted = inference_model(model, path).pred_sem_seg.data[0].cpu().numpy()
            parts = [
                ('input', to_display(read_image(path)[0])),
                ('label (black: no data)', colorize(label, palette)),
                ('prediction', colorize(predicted, palette)),
            ]
            whole = panel(parts, names, palette)
            written.append(write_image(folder / f'scene_{path.stem}.png', whole[..., ::-1]))
            if number <= 4:  # the legend once, below the last row
                rows.append(whole if number == min(4, len(images)) else panel(parts))
            advance(number, len(images))
    overview = np.vstack(rows)[..., ::-1]
    write_curves(WORK / 'log.jsonl', WORK / 'curves.png')
    return [write_image(folder / 'overview.png', overview), *written]


def table_of(folder: Path) -> str:
    """The table of classes, from the files that a test has written."""
    import numpy as np

    from mmseg_deeplab.evaluation.confusion import ConfusionMatrix
    from mmseg_deeplab.evaluation.report import SegReport

    with open(folder / 'confusion_matrix.csv', encoding='utf-8', newline='') as file:
        header, *rows = csv.reader(file)
    matrix = ConfusionMatrix(len(rows))
    matrix.add_counts(np.array([[int(cell) for cell in row[1:]] for row in rows]))
    return SegReport(matrix, header[1:]).class_table()


if __name__ == '__main__':
    sys.exit(main())
