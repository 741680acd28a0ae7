"""The counts of bytes are those of the plain table, whatever the type, the size and the layout."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from mmseg_deeplab.evaluation import byte_counts, confusion, count_confusion
from mmseg_deeplab.evaluation.byte_counts import as_bytes, count_pairs

TYPES = ('bool', 'uint8', 'int8', 'uint16', 'int16', 'int32', 'int64', 'uint64')


@pytest.mark.parametrize('dtype', TYPES)
def test_bytes_keep_every_value_or_say_no(dtype):
    highest = {'bool': 1, 'int8': 127}.get(dtype, 255)
    values = np.array([[0, highest, 1], [1, 0, highest]], dtype=dtype)
    assert as_bytes(values).tolist() == [0, highest, 1, 1, 0, highest]
    assert as_bytes(values.T).tolist() == [0, 1, highest, 0, 1, highest]
    if dtype.startswith('int'):
        assert as_bytes(np.array([0, -1], dtype=dtype)) is None
        assert as_bytes(torch.tensor([3, -128], dtype=getattr(torch, dtype))) is None
    if np.iinfo(values.dtype if dtype != 'bool' else 'u1').max > 255:
        assert as_bytes(np.array([0, 256], dtype=dtype)) is None


def test_what_is_no_byte():
    assert as_bytes(np.array([1.0])) is None
    assert as_bytes(torch.zeros(2, device='meta')) is None
    assert as_bytes(np.array([1, 2], dtype='>i4')) is None
    assert as_bytes(np.zeros((0, 3), dtype=np.int64)).tolist() == []


@pytest.mark.parametrize('size', [(1, 1), (13, 17), (1, 1000)])
def test_counts_of_parts_are_those_of_the_whole(monkeypatch, size):
    random = np.random.default_rng(0)
    first, second = random.integers(0, 256, (2, *size))
    wanted = np.zeros((256, 256), dtype=np.int64)
    np.add.at(wanted, (first.ravel(), second.ravel()), 1)
    monkeypatch.setattr(byte_counts, '_EXACT', 50)  # several parts, the last one shorter
    monkeypatch.setattr(byte_counts, '_CACHED', 7)
    np.testing.assert_array_equal(count_pairs(as_bytes(first), as_bytes(second)), wanted)


@pytest.mark.parametrize('num_classes, ignore_index', [(1, 255), (7, 255), (7, 0), (150, 200)])
@pytest.mark.parametrize('types', [('int64', 'uint8'), ('uint8', 'uint8'), ('int64', 'int32')])
def test_the_same_as_the_plain_table(monkeypatch, num_classes, ignore_index, types):
    random = np.random.default_rng(2)
    pred = random.integers(0, num_classes, (31, 9)).astype(types[0])
    label = random.integers(0, num_classes, (31, 9)).astype(types[1])
    label[random.random(label.shape) < 0.3] = ignore_index
    by_bytes = count_confusion(torch.from_numpy(pred), torch.from_numpy(label), num_classes,
                               ignore_index)  # fmt: skip
    monkeypatch.setattr(confusion, '_table_of_bytes', lambda pred, label: None)
    np.testing.assert_array_equal(by_bytes, count_confusion(pred, label, num_classes, ignore_index))
    assert by_bytes.sum() == (label != ignore_index).sum()
