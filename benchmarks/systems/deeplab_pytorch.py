"""deeplab-pytorch: every reference output of the original beside what this project gives."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch

from benchmarks.systems.deeplab_pytorch_models import Row, key_rows, model_rows
from benchmarks.systems.deeplab_pytorch_training import group_rows, rate_rows, training_rows
from mmseg_deeplab.evaluation import ConfusionMatrix, labelled_scores
from mmseg_deeplab.hub.foreign import caffe
from mmseg_deeplab.utils.misc import resize_labels
from tests.golden import recipe


def label_rows(folder: Path) -> Iterator[Row]:
    """Labels in the logits' sizes."""
    golden = np.load(folder / 'label_resize.npz')
    square = torch.as_tensor(recipe.label((2, 97, 97), 21, 255))
    for side in (7, 10, 13):
        differ = (resize_labels(square, (side, side)).numpy() != golden[f'square_{side}']).sum()
        yield 'label_resize.npz', f'square_{side}', float(differ), 0.0
    # the original swaps the sides here; the labels themselves are the same
    wide = torch.as_tensor(recipe.label((1, 97, 129), 21, 255))
    differ = (resize_labels(wide, (17, 13)).numpy() != golden['not_square_13x17']).sum()
    yield 'label_resize.npz', 'not_square_13x17', float(differ), 0.0


def caffe_rows(folder: Path) -> Iterator[Row]:
    """Weights out of Caffe's files."""
    expected = dict(np.load(folder / 'caffe_expected.npz'))
    source = caffe.read(folder / 'caffe_small.caffemodel')
    ours = caffe.to_deeplab_pytorch(source.state)
    differ = len(ours.keys() ^ expected.keys())
    for key in ours.keys() & expected.keys():
        wanted = torch.as_tensor(expected[key]).to(ours[key].dtype)
        differ += not torch.equal(ours[key], wanted)
    what = f'{len(expected)} entries, bit for bit'
    yield 'caffe_small.caffemodel', what, float(differ), 0.0
    yield 'caffe_expected.npz', what, float(differ), 0.0


def name_rows(folder: Path) -> Iterator[Row]:
    """Names of Caffe's layers."""
    differ = 0
    lines = (folder / 'caffe_names.txt').read_text().splitlines()
    for line in lines:
        name, voc, coco = line.split('\t')
        differ += (f'base.{caffe.layer_name(name)}', caffe.layer_name(name)) != (voc, coco)
    yield 'caffe_names.txt', f'{len(lines)} names', float(differ), 0.0


def metric_rows(folder: Path) -> Iterator[Row]:
    """The four scores and the IoU of each class."""
    cases = json.loads((folder / 'metrics.json').read_text())
    for name, case in cases.items():
        matrix = ConfusionMatrix(case['n_class'])
        for label, pred in zip(case['label_trues'], case['label_preds'], strict=True):
            matrix.add(np.array(pred), np.array(label))
        wanted = list(case['scores'].values())
        wanted = [*wanted[:4], *wanted[4].values()]
        found = labelled_scores(matrix.total)
        accuracy = [found.pixel_accuracy, found.mean_accuracy]
        ours = [*accuracy, found.frequency_weighted_iou, found.mean_iou, *found.iou]
        differ = np.abs(np.subtract(ours, wanted)).max(initial=0, where=~np.isnan(wanted))
        same_gaps = np.array_equal(np.isnan(ours), np.isnan(wanted))
        yield 'metrics.json', name, float(differ) if same_gaps else float('inf'), 1e-12


def small_rows(folder: Path) -> list[Row]:
    """What takes no network: schedule, labels, Caffe's names, metrics.

    Args:
        folder: Of the golden files.
    """
    return [*rate_rows(folder), *label_rows(folder), *name_rows(folder), *metric_rows(folder)]


def rows(folder: Path) -> list[Row]:
    """Every golden file but the CRF's: name, what is compared, worst difference, bound.

    Args:
        folder: Of all reference outputs; deeplab-pytorch's are in ``deeplab_pytorch``.
    """
    folder = Path(folder) / 'deeplab_pytorch'
    torch.set_num_threads(1)
    return [
        *small_rows(folder),
        *caffe_rows(folder),
        *key_rows(folder),
        *group_rows(folder),
        *model_rows(folder),
        *training_rows(folder, tame=False, updates=1),
        *training_rows(folder, tame=True, updates=3),
    ]
