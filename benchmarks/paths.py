"""Score one checkpoint by every way to compute it: the same images, one table.

Usage: python -m benchmarks.paths CONFIG CHECKPOINT [--data-root DIR] [--window 256] [--only REGEX]

bfloat16 needs instructions to be fast, not to be scored: `bf16-rounded` computes in fp32 and rounds
what goes into and comes out of each convolution, as the instructions do.
"""

from __future__ import annotations

import argparse
import os
import re
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from mmseg_deeplab.apis import test
from mmseg_deeplab.apis.quantization import quantize
from mmseg_deeplab.engine.fast_paths import SWITCH
from mmseg_deeplab.utils.errors import SegError


def ways(window: int) -> dict[str, dict[str, Any]]:
    """Arguments of ``test`` by name; the keys that it does not know are this file's.

    Args:
        window: Side of the windows of slide mode, pixels.
    """
    slide = {
        'model.test_cfg.mode': 'slide',
        'model.test_cfg.crop_size': (window, window),
        'model.test_cfg.stride': (window * 2 // 3, window * 2 // 3),
    }
    engine = {'backend': 'openvino'}
    return {
        'fp32, plain': {'speed': 'plain'},
        'fp32': {},
        'bf16-rounded': {'rounded': True},
        'OpenVINO fp32': engine,
        'OpenVINO int8': {**engine, 'precision': 'int8'},
        'onnxruntime fp32': {'backend': 'onnxruntime'},
        'slide, plain': {'cfg_options': slide, 'speed': 'plain'},
        'slide': {'cfg_options': slide},
        'slide, OpenVINO fp32': {**engine, 'cfg_options': slide},
        '12 views, plain': {'aug_test': True, 'speed': 'plain'},
        '12 views': {'aug_test': True},
        '12 views, bf16-rounded': {'aug_test': True, 'rounded': True},
        '12 views, OpenVINO fp32': {**engine, 'aug_test': True},
        '12 views, OpenVINO int8': {**engine, 'precision': 'int8', 'aug_test': True},
    }


@contextmanager
def rounded_convolutions() -> Iterator[None]:
    """Round inputs, weights and results of every convolution to bfloat16 inside the block."""
    plain: Callable = F.conv2d

    def rounded(maps: Tensor, weight: Tensor, *more: Any, **options: Any) -> Tensor:
        maps, weight = maps.bfloat16().float(), weight.bfloat16().float()
        return plain(maps, weight, *more, **options).bfloat16().float()

    F.conv2d = rounded
    try:
        yield
    finally:
        F.conv2d = plain


def score(config: str, checkpoint: str, folder: Path, way: dict[str, Any], root: str | None) -> Any:
    """Metrics of one way.

    Args:
        config: Of the model and its test set.
        checkpoint: Its weights.
        folder: For logs.
        way: From :func:`ways`.
        root: Folder of the data; None is the config's.
    """
    options = dict(way)
    rounding = options.pop('rounded', False)
    os.environ[SWITCH] = 'plain' if rounding else options.pop('speed', 'fast')
    arguments = {**options, 'work_dir': folder, 'data_root': root, 'device': 'cpu'}
    if rounding:
        with rounded_convolutions():
            return test(config, checkpoint, **arguments)
    return test(config, checkpoint, **arguments)


def _prepare_int8(options: argparse.Namespace, folder: Path) -> None:
    root = options.data_root
    quantize(options.config, options.checkpoint, work_dir=folder, data_root=root, max_drop=100)


def main() -> int:
    """Score and print; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('config')
    parser.add_argument('checkpoint')
    parser.add_argument('--data-root')
    parser.add_argument('--window', type=int, default=256)
    parser.add_argument('--only', default='', help='ways whose name matches this expression')
    options = parser.parse_args()
    torch.set_num_threads(os.cpu_count() or 1)
    lines = ['| way | mIoU | aAcc | seconds |', '| --- | --- | --- | --- |']
    failed, quantised = 0, False
    with tempfile.TemporaryDirectory() as folder:
        for name, way in ways(options.window).items():
            if not re.search(options.only, name):
                continue
            try:
                if way.get('precision') == 'int8' and not quantised:
                    _prepare_int8(options, Path(folder))
                    quantised = True
                begun = time.perf_counter()
                found = score(
                    options.config, options.checkpoint, Path(folder), way, options.data_root
                )
                figures = f'{found["mIoU"]:.2f} | {found["aAcc"]:.2f}'
                figures += f' | {time.perf_counter() - begun:.0f}'
            except SegError as error:
                figures, failed = f'not here: {str(error).splitlines()[0]} | |', 1
            lines.append(f'| {name} | {figures} |')
            print(lines[-1], flush=True)
    print('\n'.join(['', *lines]))
    return failed


if __name__ == '__main__':
    sys.exit(main())
