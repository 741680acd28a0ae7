"""The metric: counting one prediction after the other, and the scores in the end."""

from __future__ import annotations

import contextlib
import io
from pathlib import Path
from typing import Any

from benchmarks.speed.side import Side, Work


def prepare_inputs(folder: Path, params: dict[str, Any], packages: tuple[str, ...]) -> None:
    """Nothing: both sides draw the same maps from one seed."""


def metric(side: Side, folder: Path, params: dict[str, Any], server: Any) -> Work:
    """``IoUMetric.process`` of one image; seven of ten pixels are right, one is ignored."""
    side.get_ready()
    import torch

    classes, size = params['classes'], (1, params['side'], params['side'])
    torch.manual_seed(0)
    predicted = torch.randint(0, classes, size)
    label = torch.where(torch.rand(size) < 0.7, predicted, torch.randint(0, classes, size))
    label[torch.rand(size) < 0.1] = 255
    scorer = side.module('evaluation').IoUMetric(iou_metrics=['mIoU', 'mDice'])
    scorer.dataset_meta = {'classes': [f'class {index}' for index in range(classes)]}
    sample = {
        'pred_sem_seg': {'data': predicted},
        'gt_sem_seg': {'data': label},
        'img_path': 'image.png',
    }

    def result() -> dict[str, Any]:
        with contextlib.redirect_stdout(io.StringIO()):
            scores = scorer.compute_metrics(scorer.results)
        names = ('aAcc', 'mIoU', 'mAcc', 'mDice')
        return {name: torch.tensor(float(scores[name])) for name in names}

    return Work(lambda: scorer.process({}, [sample]), result)
