"""The LoveDA training pipeline: from files to one sample after the other, in one process."""

from __future__ import annotations

import random
from inspect import signature
from pathlib import Path
from typing import Any

from benchmarks.speed import inputs
from benchmarks.speed.side import NotAvailable, Side, Work

PIPELINE = [
    {'type': 'LoadImageFromFile'},
    {'type': 'LoadAnnotations', 'reduce_zero_label': True},
    {
        'type': 'RandomResize',
        'scale': (2048, 512),
        'ratio_range': (0.5, 2.0),
        'keep_ratio': True,
    },
    {'type': 'RandomCrop', 'crop_size': (512, 512), 'cat_max_ratio': 0.75},
    {'type': 'RandomFlip', 'prob': 0.5},
    {'type': 'PhotoMetricDistortion'},
    {'type': 'PackSegInputs'},
]


def prepare_inputs(folder: Path, params: dict[str, Any], packages: tuple[str, ...]) -> None:
    """Draw the tiles, unless real ones are at hand."""
    inputs.tiles(folder)


def pipeline(side: Side, folder: Path, params: dict[str, Any], server: Any) -> Work:
    """``dataset[i]`` for a number of images, each after seeding the generators."""
    side.get_ready()
    import cv2
    import numpy as np
    import torch

    cv2.setNumThreads(0)  # as both sides' loader workers have it
    root = inputs.tiles(folder)
    places = {'data_prefix': {'img_path': 'img_dir', 'seg_map_path': 'ann_dir'}}
    if params.get('packed'):
        places = {'ann_file': _pack(root, folder, params['packed'])}
    dataset = side.build(
        'DATASETS',
        {'type': 'LoveDADataset', 'data_root': str(root), 'pipeline': PIPELINE, **places},
    )
    count = params['images']
    last: list[Any] = []

    def run() -> None:
        last.clear()
        for index in range(count):
            random.seed(index)
            np.random.seed(index)
            torch.manual_seed(index)
            last.append(dataset[index % len(dataset)])

    def result() -> dict[str, Any]:
        found = {}
        for index, sample in enumerate(last):
            found[f'image {index}'] = sample['inputs']
            found[f'label {index}'] = sample['data_samples'].gt_sem_seg.data
        return found

    return Work(run, result, per=count)


def _pack(root: Path, folder: Path, codec: str) -> str:
    """Pack the tiles' pixels as ``tools/pack_dataset.py --pixels`` does; returns the index."""
    from mmseg_deeplab.apis.packing import pack_list

    if 'pixels' not in signature(pack_list).parameters:
        raise NotAvailable('pack_list has no argument `pixels` yet')
    listed = folder / f'packed-{codec}.lst'
    names = sorted(path.name for path in (root / 'img_dir').glob('*.png'))
    listed.write_text(''.join(f'img_dir/{n} ann_dir/{n}\n' for n in names), encoding='utf-8')
    options = {'data_root': root, 'num_shards': 1, 'shuffle': False}
    index = pack_list(listed, listed.with_suffix(''), pixels=True, codec=codec, **options)
    return str(index)
