"""MindCV: every reference output of the original beside what this project gives."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import torch
from mmengine.config import ConfigDict
from torch import nn

from benchmarks.systems import mindcv_evaluation, mindcv_recipe
from benchmarks.systems.mindcv_recipe import Row, worst
from mmseg_deeplab.config import load_config
from mmseg_deeplab.datasets.packed import packed_pairs, read_packed
from mmseg_deeplab.hub.foreign import mindspore
from mmseg_deeplab.models.backbones.stem_pool import make_stem_pool
from mmseg_deeplab.models.utils.resize import nearest_aligned, resize
from mmseg_deeplab.registry import MODELS
from mmseg_deeplab.utils.mindspore_file import read_entries, to_bytes
from tests.golden import recipe

NETWORKS = ('deeplabv3_r50', 'deeplabv3plus_r50', 'deeplabv3_r101', 'deeplabv3plus_r101')
BACKBONES = ('resnet50_imagenet', 'resnet101_imagenet')


def rows(folder: Path, networks: bool = True) -> list[Row]:
    """File, what of it, worst difference, bound.

    Args:
        folder: Of all reference outputs; MindCV's are in ``mindcv``.
        networks: Also run the whole networks, in a minute.
    """
    folder = Path(folder) / 'mindcv'
    start = {
        name: recipe.weight(name, shape)
        for name, shape in recipe.read_keys(folder / 'keys_small_train.txt').items()
        if mindspore.is_weight(name)
    }
    found = [*format_rows(folder), *key_rows(folder), *operator_rows(folder)]
    found += mindcv_recipe.schedule_rows(folder) + mindcv_recipe.loss_rows(folder)
    found += mindcv_recipe.training_rows(folder, start)
    found += mindcv_evaluation.sample_rows(folder)
    found += mindcv_evaluation.evaluation_rows(folder)
    found += mindcv_evaluation.metric_rows(folder)
    return found + list(network_rows(folder)) if networks else found


def format_rows(folder: Path) -> list[Row]:
    """``tiny*.ckpt`` and ``small_train.ckpt`` read, and written again byte for byte; MindRecord."""
    found = []
    for name in ('tiny', 'tiny_crc', 'small_train'):
        path = folder / f'{name}.ckpt'
        entries = read_entries(path)
        arrays = 'small_train.npz' if name == 'small_train' else 'tiny.npz'
        with np.load(folder / arrays) as golden:
            wanted = {key.removeprefix('ckpt/'): golden[key] for key in golden.files
                      if arrays == 'tiny.npz' or key.startswith('ckpt/')}  # fmt: skip
        error = float('inf') if list(entries) != list(wanted) else 0.0
        for key, value in wanted.items():
            got = entries[key]
            if isinstance(got, str):
                error = max(error, 0.0 if got == str(value) else float('inf'))
            else:
                error = max(error, worst(got.double(), value))
        found.append((path.name, f'{len(wanted)} entries', error, 0))
        same = to_bytes(entries, checksum=name == 'tiny_crc') == path.read_bytes()
        found.append((path.name, 'written again, bytes', 0.0 if same else float('inf'), 0))
    with np.load(folder / 'mindrecord.npz') as golden:
        pairs = packed_pairs(str(folder / 'sample.mindrecord'))
        wrong = abs(3 - len(pairs)) + sum(
            read_packed(image) != golden[f'data_{number}'].tobytes()
            or read_packed(label) != golden[f'label_{number}'].tobytes()
            for number, (image, label) in enumerate(pairs)
        )
    found.append(('sample.mindrecord', 'wrong records of 3', float(wrong), 0))
    return found


def build(name: str, output_stride: int = 16) -> nn.Module:
    """The shipped model of a ``keys_*.txt``, without weights.

    Args:
        name: One of :data:`NETWORKS`.
        output_stride: 8 or 16.
    """
    kind, _, depth = name.partition('_r')
    model = ConfigDict(load_config(f'{kind}_s16_dilated_resnet{depth}').model)
    model.pretrained = None
    model.backbone.output_stride = output_stride
    with torch.device('meta'):
        return MODELS.build(model)


def key_rows(folder: Path, names: Sequence[str] = (*NETWORKS, *BACKBONES)) -> list[Row]:
    """``keys_*.txt``: every entry has its place, with its shape, there and back."""
    found = []
    for name in names:
        path = folder / f'keys_{name}.txt'
        with torch.device('meta'):
            theirs = {key: torch.empty(shape) for key, shape in recipe.read_keys(path).items()}
            ours = mindspore.to_ours(theirs)
            back = mindspore.from_ours(ours)
        kind, _, depth = name.partition('_')[0].partition('resnet')
        model = build(f'deeplabv3_r{depth}').backbone if depth else build(name)
        wanted = {key: value.shape for key, value in model.state_dict().items()}
        wrong = len({key: value.shape for key, value in ours.items()}.items() ^ wanted.items())
        kept = [key for key in theirs if not key.startswith('classifier.')]
        wrong += kept != list(back)
        found.append((path.name, f'misplaced of {len(theirs)} entries', float(wrong), 0))
    return found


def operator_rows(folder: Path) -> list[Row]:
    """``ops.npz``: pooling of the stem, nearest and bilinear resizing with aligned corners."""
    found = []
    with np.load(folder / 'ops.npz') as golden:
        for key in golden.files:
            kind, _, sizes = key.partition('_')
            if kind == 'nearest':
                old, new = map(int, sizes.split('_to_'))
                line = torch.arange(old).float().view(1, 1, 1, old)
                got = nearest_aligned(line, (1, new))[0, 0, 0]
            elif kind == 'maxpool':
                size = map(int, sizes.removeprefix('same_').split('x'))
                got = make_stem_pool('same')(torch.from_numpy(recipe.image((1, 2, *size))))
            else:
                size = [int(side) for side in sizes.partition('_to_')[2].split('x')]
                maps = torch.from_numpy(recipe.image((1, 2, 4, 5)))
                got = resize(maps, size, mode='bilinear', align_corners=True)
            found.append(('ops.npz', key, worst(got, golden[key]), 1e-6))
    return found


def network_rows(folder: Path) -> Iterator[Row]:
    """Logits of whole networks; the difference is that to the reference's deviation."""
    for name in NETWORKS:
        keys = recipe.read_keys(folder / f'keys_{name}.txt')
        theirs = {key: torch.from_numpy(value) for key, value in recipe.weights(keys).items()}
        ours = mindspore.to_ours(theirs)
        for stride in (16, 8):
            path = folder / f'{name}_os{stride}.npz'
            if not path.exists():
                continue
            model = build(name, stride).eval()
            model.load_state_dict(ours, assign=True)
            with np.load(path) as golden, torch.no_grad():
                for key in golden.files:
                    size = map(int, key.removeprefix('out_').split('x'))
                    image = torch.from_numpy(recipe.image((1, 3, *size)))
                    got = model.encode_decode(image).numpy()
                    error = worst(got, golden[key]) / float(golden[key].std())
                    yield path.name, key, error, 1e-4
                    labels = np.mean(got.argmax(1) != golden[key].argmax(1))
                    yield path.name, f'{key}, other labels', float(labels), 0
