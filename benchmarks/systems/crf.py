"""The dense CRF: against the reference outputs, fast form against exact form, time and memory.

python -m benchmarks.systems.crf [--classes K] [--size PIXELS] [--threads N] [--no-exact]

Images are those of the VOC sample in $MMSEG_DEEPLAB_DATA; their labels, blurred to a network's
stride of 8 with noise, stand for a network's coarse probabilities. Wall and processor time are
both printed: on a busy machine only the second says something.
"""

from __future__ import annotations

import argparse
import os
import resource
import time
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import torch

from mmseg_deeplab.inference import DenseCRF

Row = tuple[str, str, float, float]

_SHARED = Path(__file__).parents[3] / 'shared'
FOLDER = Path(os.environ.get('MMSEG_DEEPLAB_GOLDEN', _SHARED / 'golden')) / 'deeplab_pytorch'
PHOTOS = Path(os.environ.get('MMSEG_DEEPLAB_DATA', _SHARED / 'data')) / 'voc_sample'
STRIDE = 8


def rows() -> list[Row]:
    """Both golden files: name, what is compared, worst difference, bound."""
    exact, library = np.load(FOLDER / 'crf.npz'), np.load(FOLDER / 'crf_library.npz')
    found: list[Row] = []
    for name in ('synthetic', 'photo'):
        image, given = exact[f'{name}_image'], exact[f'{name}_prob']
        for field, changed in (
            ('q', {}), ('q1', {'iter_max': 1}), ('q_gaussian_only', {'bi_w': 0}),
            ('q_bilateral_only', {'pos_w': 0}),
        ):  # fmt: skip
            ours = DenseCRF(exact=True, **changed)(image, given)
            worst = float(np.abs(ours - exact[f'{name}_{field}']).max())
            found.append(('crf.npz', f'{name}, exact form, {field}', worst, 1e-6))
        fast = DenseCRF()(image, given)
        for file, other in (('crf.npz', exact), ('crf_library.npz', library)):
            differ = float((fast.argmax(axis=0) != other[f'{name}_label']).mean())
            found.append((file, f'{name}, fast form, share of other labels', differ, 0.005))
            mean = float(np.abs(fast - other[f'{name}_q']).mean())
            found.append((file, f'{name}, fast form, mean difference of q', mean, 0.005))
    return found


def photos() -> list[tuple[str, np.ndarray, np.ndarray]]:
    """Name, RGB image and label of each photo of the sample."""
    found = []
    for path in sorted((PHOTOS / 'JPEGImages').glob('*.jpg')):
        from PIL import Image

        label = np.array(Image.open(PHOTOS / 'SegmentationClass' / f'{path.stem}.png'))
        found.append((path.stem, np.array(Image.open(path).convert('RGB')), label))
    return found


def coarse(label: np.ndarray, classes: int, stride: int = STRIDE) -> np.ndarray:
    """Probabilities as a network gives them: right in the large, blurred and noisy at edges.

    Args:
        label: (H, W) class ids; 255 counts as 0.
        classes: K.
        stride: Pixels between the network's own outputs.

    Returns:
        (K, H, W) float32.
    """
    random = np.random.default_rng(0)
    height, width = label.shape
    small = (-(-width // stride), -(-height // stride))
    logits = np.empty((classes, height, width), np.float32)
    for index in range(classes):
        mask = (np.where(label == 255, 0, label) == index).astype(np.float32)
        mask = cv2.GaussianBlur(mask, (0, 0), 0.75 * stride)
        own = 6 * cv2.resize(mask, small, interpolation=cv2.INTER_AREA)
        own += random.standard_normal(own.shape).astype(np.float32)
        own = cv2.GaussianBlur(own, (0, 0), 0.6)
        logits[index] = cv2.resize(own, (width, height), interpolation=cv2.INTER_LINEAR)
    return torch.from_numpy(logits).softmax(dim=0).numpy()


def timed(work: Callable[[], np.ndarray]) -> tuple[np.ndarray, float, float]:
    """The result, wall and processor seconds."""
    wall, cpu = time.perf_counter(), time.process_time()
    result = work()
    return result, time.perf_counter() - wall, time.process_time() - cpu


def agreement(side: int, classes: int) -> None:
    """Print how many labels the two forms have in common, whole photos and crops of a side."""
    print(f'labels in common, {side}x{side}, {classes} classes')
    for name, image, label in photos():
        whole = cv2.resize(image, (side, side), interpolation=cv2.INTER_AREA)
        small = cv2.resize(label, (side, side), interpolation=cv2.INTER_NEAREST)
        objects = np.argwhere((label > 0) & (label < 255))
        top, left = np.clip(np.percentile(objects, 20, axis=0).astype(int) - side // 2, 0,
                            np.array(label.shape) - side)  # fmt: skip
        cut = slice(top, top + side), slice(left, left + side)
        for what, part, ids in (('reduced', whole, small), ('crop', image[cut], label[cut])):
            part = np.ascontiguousarray(part)
            given = coarse(ids, classes, 4 if what == 'reduced' else STRIDE)
            exact, _, cpu = timed(lambda part=part, given=given: DenseCRF(exact=True)(part, given))
            fast, _, quick = timed(lambda part=part, given=given: DenseCRF()(part, given))
            before, after, ours = given.argmax(0), exact.argmax(0), fast.argmax(0)
            print(
                f'  {name} {what:8} {(after == ours).mean():.4f}   changed by the CRF '
                f'{(after != before).mean():.4f}   processor {cpu:.1f} s exact, {quick:.2f} s fast',
                flush=True,
            )


def speed(size: int, classes: int) -> None:
    """Print time and peak memory of the fast form on photos brought to a square."""
    print(f'fast form, {size}x{size}, {classes} classes, {torch.get_num_threads()} threads')
    for name, image, label in photos():
        part = cv2.resize(image, (size, size), interpolation=cv2.INTER_AREA)
        ids = cv2.resize(label, (size, size), interpolation=cv2.INTER_NEAREST)
        given = coarse(ids, classes)
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        runs = [timed(lambda part=part, given=given: DenseCRF()(part, given))[1:] for _ in range(2)]
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        wall, cpu = (min(values) for values in zip(*runs, strict=True))
        print(
            f'  {name} {wall:.2f} s wall, {cpu:.2f} s processor, '
            f'memory {before / 1024:.0f} -> {peak / 1024:.0f} MiB at most',
            flush=True,
        )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--classes', type=int, default=21, metavar='K')
    parser.add_argument('--size', type=int, default=500, metavar='PIXELS')
    parser.add_argument('--threads', type=int, default=2, metavar='N')
    parser.add_argument('--no-exact', action='store_true', help='leave the exact form out')
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    speed(arguments.size, arguments.classes)
    if not arguments.no_exact:
        agreement(96, arguments.classes)
        for file, what, worst, bound in rows():
            print(f'{file:16} {what:48} {worst:9.2e} of {bound:7.0e}')


if __name__ == '__main__':
    main()
