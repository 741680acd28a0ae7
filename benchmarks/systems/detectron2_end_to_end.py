"""Detectron2's way from Cityscapes to its scores, on drawn data in the true layout.

    python -m benchmarks.systems.detectron2_end_to_end FOLDER

Draw the data set, make the training ids, train by a YAML file for a few iterations, resume, test,
take the weights to Detectron2's format and back, test again; print the scores. The network is
ResNet-50 on small crops; about two minutes on one core.
"""

from __future__ import annotations

import argparse
import json
import os
from pathlib import Path

from benchmarks.systems.draw_cityscapes import make_cityscapes
from mmseg_deeplab.cli import main as run_command

YAML = """\
_BASE_: Base-DeepLabV3-OS16-Semantic.yaml
MODEL:
  WEIGHTS: ""
  PIXEL_MEAN: [123.675, 116.280, 103.530]
  PIXEL_STD: [58.395, 57.120, 57.375]
  BACKBONE:
    NAME: "build_resnet_deeplab_backbone"
  RESNETS:
    DEPTH: 50
    NORM: "SyncBN"
    OUT_FEATURES: ["res2", "res5"]
    RES5_MULTI_GRID: [1, 2, 4]
    STEM_TYPE: "deeplab"
    STEM_OUT_CHANNELS: 128
    STRIDE_IN_1X1: False
  SEM_SEG_HEAD:
    NAME: "DeepLabV3PlusHead"
    IN_FEATURES: ["res2", "res5"]
    PROJECT_FEATURES: ["res2"]
    PROJECT_CHANNELS: [48]
    NORM: "SyncBN"
    COMMON_STRIDE: 4
INPUT:
  FORMAT: "RGB"
  MIN_SIZE_TRAIN: (64, 80)
  MIN_SIZE_TEST: 64
  CROP:
    SIZE: (64, 96)
"""
SHORT = ['SOLVER.IMS_PER_BATCH', '2', 'SOLVER.WARMUP_ITERS', '2', 'SOLVER.CHECKPOINT_PERIOD', '10',
         'DATALOADER.NUM_WORKERS', '0', 'SOLVER.BASE_LR', '0.02']  # fmt: skip


def run(words: list[str]) -> None:
    """A command line; an exit code other than 0 ends the script."""
    print('$ mmseg-deeplab', *words, flush=True)
    if code := run_command(words):
        raise SystemExit(code)


def scores(folder: Path) -> dict[str, float]:
    """The scores that the last test of a work folder has logged."""
    newest = max(folder.glob('*/*.json'), key=lambda path: path.stat().st_mtime)
    return json.loads(newest.read_text())


def main() -> None:
    """Run all steps and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('folder', type=Path, help='gets data, weights and logs')
    folder = parser.parse_args().folder.resolve()
    make_cityscapes(folder / 'datasets' / 'cityscapes')
    os.environ['DETECTRON2_DATASETS'] = str(folder / 'datasets')
    run(['convert', 'cityscapes', str(folder / 'datasets' / 'cityscapes')])
    config = folder / 'deeplab_v3_plus_R_50.yaml'
    config.write_text(YAML)
    output = folder / 'output'
    start = ['detectron2', '--config-file', str(config)]
    given = [*SHORT, 'OUTPUT_DIR', str(output)]
    run([*start, *given, 'SOLVER.MAX_ITER', '10'])
    run([*start, '--resume', *given, 'SOLVER.MAX_ITER', '20'])
    ours, theirs = output / 'iter_20.pth', folder / 'model_final.pkl'
    run([*start, '--eval-only', *given, 'MODEL.WEIGHTS', str(ours)])
    first = scores(output)
    run(['convert-weights', str(ours), str(theirs), '--to-detectron2', '--overwrite'])
    run([*start, '--eval-only', *given, 'MODEL.WEIGHTS', str(theirs)])
    second = scores(output)
    print('| score | our checkpoint | the same as Detectron2 .pkl |\n| --- | ---: | ---: |')
    for name in ('mIoU', 'fwIoU', 'mACC', 'pACC', 'IoU', 'iIoU', 'IoU_sup', 'iIoU_sup'):
        print(f'| {name} | {first[name]:.3f} | {second[name]:.3f} |')


if __name__ == '__main__':
    main()
