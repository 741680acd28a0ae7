"""MindCV's recipe on drawn pictures: merge, train at stride 16, resume, test at 8."""

from __future__ import annotations

import subprocess
import sys

import pytest

from benchmarks.systems import mindcv_end_to_end as script
from benchmarks.systems.draw_voc import make_voc_and_sbd
from mmseg_deeplab.apis import test as score
from mmseg_deeplab.apis import train
from mmseg_deeplab.apis.conversion import convert_dataset
from mmseg_deeplab.cli.old_options import NO_VALIDATION
from mmseg_deeplab.config.options import parse_option

from ..conftest import REPO

NAME = 'deeplabv3plus_s16_dilated_resnet50'
PLUS = 'model.decode_head.c1_in_channels=16'


def options(*words):
    """The script's options, with a still smaller picture."""
    pairs = [word.replace('65', '33').partition('=') for word in words]
    return {key: parse_option(value) for key, _, value in pairs if not key.startswith('val_')}


@pytest.mark.slow
def test_train_resume_test(tmp_path):
    data = make_voc_and_sbd(tmp_path / 'data', train=2, val=1, sbd=2, size=(30, 40))
    convert_dataset('voc_trainaug', data, workers=1)
    common = dict(device='cpu', data_root=data)
    for length, resume in ((1, False), (2, True)):
        settings = options(*script.SMALL, *script.CROPS, *script.schedule(length, 1), PLUS)
        settings |= {**NO_VALIDATION, 'param_scheduler.0.warmup_steps': 0}
        runner = train(
            NAME,
            work_dir=tmp_path,
            resume=resume,
            audit=False,
            cfg_options=settings,
            **common,
        )
    assert runner.iter == 2
    found = score(
        NAME,
        tmp_path / 'iter_2.pth',
        scales=[0.5, 1.0],
        flip=True,
        output_stride=8,
        work_dir=tmp_path,
        cfg_options=options(*script.SMALL, *script.TESTS, script.VIEWS, PLUS),
        **common,
    )
    assert 0 <= found['mIoU'] <= 100
    assert (tmp_path / 'test_s8_0.5-1_flip' / 'metrics.json').is_file()


@pytest.mark.slow
def test_both_steps_and_the_table(tmp_path):
    command = [sys.executable, 'benchmarks/systems/mindcv_end_to_end.py', str(tmp_path)]
    done = subprocess.run(command, cwd=REPO, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-3000:]
    table = done.stdout.splitlines()[-8:]
    assert sum(line.startswith('| 16') for line in table) == 5
