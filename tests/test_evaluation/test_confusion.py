"""Counts and scores: by hand, by loops, and at the edges."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from mmseg_deeplab.evaluation import ConfusionMatrix, count_confusion, mean_score, scores
from mmseg_deeplab.utils.errors import DataError

nan = float('nan')


def test_three_by_three_by_hand():
    label = np.array([[0, 0, 1], [1, 2, 2], [2, 255, 0]], dtype=np.uint8)
    pred = np.array([[0, 1, 1], [1, 2, 0], [2, 1, 0]], dtype=np.uint8)
    counts = count_confusion(pred, label, 3)
    assert counts.dtype == np.int64
    assert counts.tolist() == [[2, 1, 0], [0, 2, 0], [1, 0, 2]]
    found = scores(counts)
    np.testing.assert_allclose(found['aAcc'], 6 / 8)
    np.testing.assert_allclose(found['IoU'], [2 / 4, 2 / 3, 2 / 3])
    np.testing.assert_allclose(found['Acc'], [2 / 3, 1, 2 / 3])
    np.testing.assert_allclose(found['Precision'], [2 / 3, 2 / 3, 1])
    np.testing.assert_allclose(found['Dice'], [4 / 6, 4 / 5, 4 / 5])
    np.testing.assert_allclose(found['Fscore'], found['Dice'])
    beta2 = scores(counts, beta=2)['Fscore']  # 5 p r / (4 p + r)
    np.testing.assert_allclose(beta2, [2 / 3, 10 / 11, (5 * 2 / 3) / (4 + 2 / 3)])


def loops(pred, label, num_classes, ignore_index):
    counts = np.zeros((num_classes, num_classes), dtype=np.int64)
    for predicted, true in zip(pred.flat, label.flat, strict=True):
        if true != ignore_index:
            counts[true, predicted] += 1
    return counts


@pytest.mark.parametrize('ignore_index', [255, 0, 3, -1, 65535])
@pytest.mark.parametrize('num_classes', [1, 5, 150])
@pytest.mark.parametrize('kind', ['numpy', 'torch'])
def test_against_loops(num_classes, ignore_index, kind):
    random = np.random.default_rng(1)
    pred = random.integers(0, num_classes, (13, 17))
    label = random.integers(0, num_classes, (13, 17))
    label[random.random((13, 17)) < 0.2] = ignore_index
    wanted = loops(pred, label, num_classes, ignore_index)
    if kind == 'torch':
        pred, label = torch.from_numpy(pred), torch.from_numpy(label).to(torch.int32)
    np.testing.assert_array_equal(count_confusion(pred, label, num_classes, ignore_index), wanted)


def test_small_types_and_float_predictions():
    label = torch.tensor([0, 1, 255], dtype=torch.uint8)
    for pred in (torch.tensor([0.0, 1.0, 1.0]), np.array([0, 1, 1], dtype=np.uint16)):
        assert count_confusion(pred, label, 2).tolist() == [[1, 0], [0, 1]]


def test_two_to_the_25_pixels_are_exact():
    """A float32 count stops at 2**24."""
    matrix = ConfusionMatrix(2)
    zeros = torch.zeros(1024, 1024, dtype=torch.uint8)
    for _ in range(32):
        matrix.add(zeros, zeros)
    matrix.add(torch.tensor([1]), torch.tensor([0]))
    assert matrix.total.tolist() == [[2**25, 1], [0, 0]]
    assert matrix.images == 33


def test_all_ignored():
    label = torch.full((4, 4), 255)
    counts = count_confusion(torch.ones_like(label), label, 3)
    assert counts.sum() == 0
    found = scores(counts)
    assert np.isnan(found['aAcc']) and np.isnan(found['IoU']).all()
    assert np.isnan(mean_score(found['IoU']))
    assert mean_score(found['IoU'], nan_to_num=0) == 0


def test_one_class():
    label = torch.tensor([0, 0, 255])
    found = scores(count_confusion(torch.zeros(3), label, 1))
    assert found['IoU'].tolist() == [1.0] and found['aAcc'] == 1.0


def test_which_classes_have_a_score():
    """0: labelled and found; 1: labelled only; 2: predicted only; 3: neither."""
    counts = count_confusion(np.array([0, 0, 2]), np.array([0, 1, 0]), 4)
    found = scores(counts)
    np.testing.assert_array_equal(found['IoU'], [1 / 3, 0, 0, nan])
    np.testing.assert_array_equal(found['Dice'], [2 / 4, 0, 0, nan])
    np.testing.assert_array_equal(found['Acc'], [1 / 2, 0, nan, nan])
    np.testing.assert_array_equal(found['Precision'], [1 / 2, nan, 0, nan])
    np.testing.assert_array_equal(found['Fscore'], [1 / 2, nan, nan, nan])
    assert mean_score(found['IoU']) == pytest.approx(1 / 9)
    assert mean_score(found['IoU'], nan_to_num=1) == pytest.approx(4 / 12)


def test_precision_and_recall_zero_give_no_fscore():
    found = scores(np.array([[0, 3], [3, 0]]))
    assert np.isnan(found['Fscore']).all() and (found['Dice'] == 0).all()


@pytest.mark.parametrize(
    'pred, label, message',
    [
        ([0, 0], [200, 3], r'labels must be 0 to 2 .*got 3 \(1 pixels\), 200 \(1 pixels\)'),
        ([0, 0], [0, -1], r'labels .*got -1 \(1 pixels\)'),
        ([0, 7], [0, 1], r'predictions .*got 7 \(1 pixels\).*number of classes'),
        ([0, -7], [0, 1], r'predictions .*got -7'),
        ([0] * 20, range(20), r'and 7 more'),
        ([0, 0], [5000, 5000], r'got 5000 \(2 pixels\)'),
    ],
)
def test_values_outside_the_classes_are_named(pred, label, message):
    with pytest.raises(DataError, match=message):
        count_confusion(np.array(pred), np.array(label), 3)


def test_prediction_at_ignored_pixels_is_free():
    assert count_confusion(np.array([9, 0]), np.array([255, 0]), 2).tolist() == [[1, 0], [0, 0]]
    assert count_confusion(np.array([-9, 0]), np.array([255, 0]), 2).tolist() == [[1, 0], [0, 0]]


def test_shapes_must_fit():
    with pytest.raises(ValueError, match='as many pixels, got 4 and 6'):
        count_confusion(np.zeros((2, 2)), np.zeros((2, 3)), 2)


def test_groups_and_merging():
    left, right = ConfusionMatrix(2), ConfusionMatrix(2)
    left.add(np.array([0, 1]), np.array([0, 0]), group='urban')
    right.add(np.array([1]), np.array([1]), group='urban')
    right.add(np.array([1]), np.array([0]), group='rural')
    merged = ConfusionMatrix(2).merge([left, right])
    assert merged.groups['urban'].tolist() == [[1, 1], [0, 1]]
    assert merged.groups['rural'].tolist() == [[0, 1], [0, 0]]
    assert merged.total.tolist() == [[1, 2], [0, 1]] and merged.images == 3
    assert left.total.tolist() == [[1, 1], [0, 0]]
    with pytest.raises(ValueError, match='shape'):
        left.add_counts(np.zeros((3, 3), dtype=np.int64))
