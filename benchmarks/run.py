"""Time the parts that users wait for, on this machine, and print the medians.

Usage: python benchmarks/run.py [--only NAME] [--repeat N] [--json FILE]

Speed is not asserted anywhere: numbers are for reading, with the machine they came from.
"""

from __future__ import annotations

import argparse
import json
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch


def machine() -> dict[str, str | int | float]:
    """What the numbers depend on: processor, its measured fp32 rate, versions."""
    size = 1536
    square = torch.randn(size, size)
    torch.mm(square, square)
    start = time.perf_counter()
    for _ in range(3):
        torch.mm(square, square)
    rate = 3 * 2 * size**3 / (time.perf_counter() - start)
    names = [
        line.split(':', 1)[1].strip()
        for line in Path('/proc/cpuinfo').read_text(encoding='utf-8').splitlines()
        if line.startswith('model name')
    ]
    return {
        'processor': names[0] if names else platform.processor(),
        'cores': len(names),
        'threads': torch.get_num_threads(),
        'isa': torch.backends.cpu.get_cpu_capability(),
        'gemm_fp32_gflops': round(rate / 1e9, 1),
        'torch': torch.__version__,
        'python': platform.python_version(),
    }


def import_models() -> Callable[[], object]:
    """A fresh process that imports torch and the models."""
    command = [sys.executable, '-c', 'import mmseg_deeplab.models']
    return lambda: subprocess.run(command, check=True)


def forward(depth: int) -> Callable[[], object]:
    """One 512x512 image through DeepLabV3+, fp32, evaluation."""
    from mmseg_deeplab import deeplabv3plus

    model = deeplabv3plus(depth=depth, num_classes=7).eval()
    image = torch.randn(1, 3, 512, 512)

    def step() -> None:
        with torch.inference_mode():
            model(image)

    return step


def train_step() -> Callable[[], object]:
    """Forward, loss, backward and SGD on two 256x256 images, R-18, fp32."""
    from mmseg_deeplab import deeplabv3plus

    model = deeplabv3plus(depth=18, num_classes=7).train()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9)
    images, labels = torch.randn(2, 3, 256, 256), torch.randint(0, 7, (2, 256, 256))

    def step() -> None:
        optimizer.zero_grad()
        model.loss(images, labels).backward()
        optimizer.step()

    return step


def metric() -> Callable[[], object]:
    """Counting one 1024x1024 prediction against its label, 7 classes."""
    from mmseg_deeplab.evaluation import count_confusion

    random = np.random.default_rng(0)
    label = torch.from_numpy(random.integers(0, 7, (1024, 1024)))
    predicted = torch.from_numpy(random.integers(0, 7, (1024, 1024)))
    return lambda: count_confusion(predicted, label, 7, 255)


WORK = {
    'import_models': import_models,
    'forward_r18_512': lambda: forward(18),
    'forward_r50_512': lambda: forward(50),
    'train_step_r18_256_batch2': train_step,
    'metric_1024_7_classes': metric,
}


def measure(work: Callable[[], object], repeat: int) -> dict[str, float]:
    """Median, least and greatest seconds of ``repeat`` runs after one that is not counted."""
    work()
    seconds = []
    for _ in range(repeat):
        start = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - start)
    return {'median': statistics.median(seconds), 'min': min(seconds), 'max': max(seconds)}


def main() -> int:
    """Measure and print; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--only', choices=sorted(WORK))
    parser.add_argument('--repeat', type=int, default=5)
    parser.add_argument('--json', type=Path)
    arguments = parser.parse_args()
    report = {'machine': machine(), 'seconds': {}}
    print(', '.join(f'{key}: {value}' for key, value in report['machine'].items()))
    for name in [arguments.only] if arguments.only else WORK:
        result = measure(WORK[name](), arguments.repeat)
        report['seconds'][name] = result
        print(f'{name:28s} {result["median"]:.4f} s  [{result["min"]:.4f}..{result["max"]:.4f}]')
    if arguments.json:
        arguments.json.write_text(json.dumps(report, indent=2), encoding='utf-8')
    return 0


if __name__ == '__main__':
    sys.exit(main())
