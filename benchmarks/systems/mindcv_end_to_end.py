"""MindCV's recipe from raw data to its table: prepare, pack, train both steps, resume, test.

A small, narrow network on drawn pictures in the true layout of VOC and SBD, and on real VOC
pictures where there are some; the figures mean nothing, the steps are the real ones.

Usage: python benchmarks/systems/mindcv_end_to_end.py WORK_DIR [--samples DIR] [--processes N]
"""

from __future__ import annotations

import argparse
import shlex
import subprocess
import sys
from pathlib import Path

REPO = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(REPO))

from benchmarks.systems.draw_voc import make_voc_and_sbd  # noqa: E402

# a sixteenth of the width, crops of 65, two images at a time
SMALL = (
    'model.pretrained=None', 'model.backbone.depth=50', 'model.backbone.base_channels=4',
    'model.backbone.stem_channels=4', 'model.decode_head.in_channels=128',
    'model.decode_head.channels=16',
)  # fmt: skip
CROPS = (
    'train_dataloader.dataset.pipeline.3.crop_size=(65,65)',
    'train_dataloader.dataset.pipeline.5.size=(65,65)', 'model.data_preprocessor.size=(65,65)',
    'train_dataloader.batch_size=2', 'train_dataloader.num_workers=0',
)  # fmt: skip
TESTS = ('test_dataloader.num_workers=0', 'test_dataloader.dataset.pipeline.1.base_size=65')
VIEWS = 'tta_pipeline.1.transforms.0.0.base_size=65'


def schedule(iterations: int, save: int) -> tuple[str, ...]:
    """Options of a short training.

    Args:
        iterations: Its length.
        save: Iterations between checkpoints.
    """
    return (
        f'train_cfg.max_iters={iterations}', f'train_cfg.val_begin={iterations}',
        f'train_cfg.val_interval={iterations}', f'param_scheduler.0.end={iterations}',
        'param_scheduler.0.warmup_steps=2', f'default_hooks.checkpoint.interval={save}',
        'default_hooks.logger.interval=2', 'val_dataloader.num_workers=0',
        'val_dataloader.dataset.pipeline.1.base_size=65', 'audit.seconds=1',
    )  # fmt: skip


def run(*words: str | Path) -> str:
    """Show and run a command of this project; its output goes to the screen and is returned."""
    print('$', shlex.join(map(str, words)), flush=True)
    command = [sys.executable, str(REPO / words[0]), *map(str, words[1:])]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    print(done.stdout[-3000:], done.stderr[-3000:] if done.returncode else '', flush=True)
    if done.returncode:
        raise SystemExit(done.returncode)
    return done.stdout


def main() -> None:
    """Run all steps."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('work_dir', type=Path)
    parser.add_argument('--samples', type=Path, help='real pictures: JPEGImages, SegmentationClass')
    arguments = parser.parse_args()
    work = arguments.work_dir
    data = make_voc_and_sbd(work / 'voc_sbd', train=6, val=3, sbd=6, samples=arguments.samples)
    run('tools/dataset_converters/voc_trainaug.py', data)
    run(
        'tools/pack_dataset.py', f'--data_root={data}', f'--data_lst={data}/vocaug_train_lst.txt',
        f'--dst_path={work}/shards/vocaug', '--num_shards=2', '--shuffle=True',
    )  # fmt: skip
    index = (work / 'shards' / 'vocaug.shards.json').resolve()
    common = ('--device', 'cpu', '--data-root', data)
    data_options = (*CROPS, f'train_dataloader.dataset.ann_file={index}')
    first, second = work / 's16', work / 's8'
    step = ('tools/train.py', 'deeplabv3_s16_dilated_resnet101', *common, '--work-dir', first)
    # the first half, then the rest from its checkpoint
    for length, words in ((4, ()), (8, ('--resume',))):
        run(*step, *words, '--cfg-options', *SMALL, *data_options, *schedule(length, 4))
    run(
        'tools/train.py', 'deeplabv3_s8_dilated_resnet101', *common, '--work-dir', second,
        '--load-from', first / 'iter_8.pth', '--cfg-options', *SMALL, *data_options,
        *schedule(4, 4),
    )  # fmt: skip
    run(
        'tools/test.py', 'deeplabv3_s16_dilated_resnet101', second / 'iter_4.pth', *common,
        '--work-dir', second, '--output-stride', '8', '--cfg-options', *SMALL, *TESTS,
    )  # fmt: skip
    ckpt, back = work / 's8.ckpt', work / 's8_again.pth'
    small = '--config', 'deeplabv3_s8_dilated_resnet101', '--cfg-options', *SMALL
    run('tools/model_converters/mindcv.py', '--to-mindspore', second / 'iter_4.pth', ckpt, *small)
    run('tools/model_converters/mindcv.py', ckpt, back, *small)
    print(
        run(
            'tools/test_table.py', '--s16', first / 'iter_8.pth', '--s8', back, *common,
            '--work-dir', work / 'table', '--cfg-options', *SMALL, *TESTS, VIEWS,
        )[-600:]
    )  # fmt: skip


if __name__ == '__main__':
    main()
