"""Work whose size is turned up, to see how cost grows; done in a worker of its own."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from benchmarks.speed import inputs
from benchmarks.speed.side import Side, Work

ROOT = Path(__file__).resolve().parents[2]
_TINY_STRIDE, _TINY_WIDTH = 8, 4


def slide(side: Side, folder: Path, params: dict[str, Any], server: Any) -> Work:
    """Slide inference with next to no network, so that reading, blending and argmax are seen."""
    side.get_ready()
    import numpy as np

    register_tiny_backbone()
    size = params['side']
    model = tiny_model(params['classes'])
    config = inputs.write_config(
        folder / f'tiny-{side.package}-{params["classes"]}.py',
        inputs.predict_config(side.package, model),
    )
    apis = side.module('apis')
    loaded = apis.init_model(str(config), None, device='cpu')
    if side.is_peer:
        loaded.dataset_meta = {'classes': None}
    elif params.get('classes_only'):
        loaded.leave_logits_out()
    image = np.broadcast_to(np.uint8(128), (size, size, 3))
    image = np.ascontiguousarray(image)
    return Work(lambda: apis.inference_model(loaded, image) and None, dict)


def tiny_model(classes: int) -> dict[str, Any]:
    """Two convolutions that see 8x8 pixels at a time, in windows of 512."""
    preprocessor = {
        'type': 'SegDataPreProcessor',
        'mean': [123.675, 116.28, 103.53],
        'std': [58.395, 57.12, 57.375],
        'bgr_to_rgb': True,
        'pad_val': 0,
        'seg_pad_val': 255,
    }
    head = {
        'type': 'FCNHead',
        'in_channels': _TINY_WIDTH,
        'channels': _TINY_WIDTH,
        'in_index': 0,
        'num_convs': 0,
        'concat_input': False,
        'num_classes': classes,
        'align_corners': False,
    }
    return {
        'type': 'EncoderDecoder',
        'data_preprocessor': preprocessor,
        'backbone': {'type': 'BenchmarkTinyBackbone'},
        'decode_head': head,
        'test_cfg': {'mode': 'slide', 'crop_size': (512, 512), 'stride': (341, 341)},
    }


def register_tiny_backbone() -> None:
    """Put a one-convolution backbone where both sides' registries look."""
    from mmengine.registry import MODELS
    from torch import Tensor, nn

    class BenchmarkTinyBackbone(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.patch = nn.Conv2d(3, _TINY_WIDTH, _TINY_STRIDE, stride=_TINY_STRIDE)

        def forward(self, images: Tensor) -> tuple[Tensor]:
            return (self.patch(images),)

    MODELS.register_module(module=BenchmarkTinyBackbone, force=True)


def dataset(side: Side, folder: Path, params: dict[str, Any], server: Any) -> Work:
    """One of three waits for a data set of many samples: ``start``, ``shuffle``, ``resume``."""
    side.get_ready()
    root = many_files(folder, params['samples'])
    config = {
        'type': 'LoveDADataset',
        'data_root': str(root),
        'data_prefix': {'img_path': 'img_dir', 'seg_map_path': 'ann_dir'},
        'pipeline': [],
    }
    if params['wait'] == 'start':
        return Work(lambda: len(side.build('DATASETS', config)) and None, dict)
    from mmseg_deeplab.engine import SegRunner

    built = side.build('DATASETS', config)
    sampler = {'type': 'InfiniteSampler', 'shuffle': True}

    def first_indices() -> None:
        loader = SegRunner.build_dataloader(
            {'batch_size': 2, 'num_workers': 0, 'sampler': sampler, 'dataset': built}, seed=0
        )
        if params['wait'] == 'resume':
            loader.batch_sampler.skip(params['samples'] // 2 - 1)
        next(iter(loader.batch_sampler))

    return Work(first_indices, dict)


def many_files(folder: Path, count: int) -> Path:
    """A data set of so many samples: hard links to one small image and one label."""
    root = folder / f'many{count}'
    if (root / 'done').is_file():
        return root
    import cv2
    import numpy as np

    for kind, pixels in (
        ('img_dir', np.zeros((32, 32, 3), np.uint8)),
        ('ann_dir', np.ones((32, 32), np.uint8)),
    ):
        (root / kind).mkdir(parents=True, exist_ok=True)
        first = root / kind / '0.png'
        cv2.imwrite(str(first), pixels)
        source = first
        for index in range(1, count):
            target = root / kind / f'{index}.png'
            if index % 30000 == 0:  # file systems bound the links to one file
                cv2.imwrite(str(target), pixels)
                source = target
            elif not target.exists():
                os.link(source, target)
    (root / 'done').write_text('', encoding='ascii')
    return root


def loading(side: Side, folder: Path, params: dict[str, Any], server: Any) -> Work:
    """Samples of the LoveDA training pipeline from a loader with so many workers."""
    side.get_ready()
    from benchmarks.speed.loading import PIPELINE
    from mmseg_deeplab.engine import SegRunner

    config = {
        'type': 'LoveDADataset',
        'data_root': str(inputs.tiles(folder)),
        'data_prefix': {'img_path': 'img_dir', 'seg_map_path': 'ann_dir'},
        'pipeline': PIPELINE,
    }
    workers = params['workers']
    loader = SegRunner.build_dataloader(
        {
            'batch_size': 2,
            'num_workers': workers,
            'persistent_workers': workers > 0,
            'sampler': {'type': 'InfiniteSampler', 'shuffle': True},
            'dataset': side.build('DATASETS', config),
        },
        seed=0,
    )
    batches = iter(loader)
    for _ in range(2 + 2 * workers):  # what the workers have fetched ahead
        next(batches)

    def run() -> None:
        for _ in range(params['batches']):
            next(batches)

    return Work(run, dict, per=2 * params['batches'])


def processes(side: Side, folder: Path, params: dict[str, Any], server: Any) -> Work:
    """Training steps in so many processes (gloo), two small crops in each, started anew."""
    from benchmarks.speed.growth_training import training_config

    config, log = training_config(folder, params)
    command = [sys.executable, '-m', 'torch.distributed.run', '--standalone']
    command += ['--nproc_per_node', str(params['processes']), str(ROOT / 'tools' / 'train.py')]
    command += [str(config), '--launcher', 'pytorch', '--work-dir', str(log.parent)]
    environment = {**os.environ, 'OMP_NUM_THREADS': '1', 'CUDA_VISIBLE_DEVICES': ''}

    def run() -> float:
        import json
        from statistics import median

        log.unlink(missing_ok=True)
        begun = time.perf_counter()
        done = subprocess.run(command, env=environment, capture_output=True, text=True, cwd=ROOT)
        if done.returncode:
            raise RuntimeError(done.stderr[-2000:])
        events = [json.loads(line) for line in log.read_text(encoding='utf-8').splitlines()]
        steps = [event['time'] for event in events if event.get('kind') == 'train']
        largest = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
        work.facts |= {'peak_mb': largest, 'whole': time.perf_counter() - begun}
        return median(steps[2:])

    work = Work(run, dict)
    return work
