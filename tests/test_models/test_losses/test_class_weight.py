"""Class weights from files of every kind, without running code from them."""

from __future__ import annotations

import json
import pickle

import numpy as np
import pytest
import torch

from mmseg_deeplab.models.losses import CrossEntropyLoss
from mmseg_deeplab.models.losses.class_weight import class_weight_tensor
from mmseg_deeplab.utils.errors import ConfigError

WEIGHTS = [0.5, 1.0, 2.5]


@pytest.mark.parametrize(
    ('name', 'write'),
    [
        ('w.npy', lambda path: np.save(path, np.array(WEIGHTS))),
        ('w.json', lambda path: path.write_text(json.dumps(WEIGHTS))),
        ('w.yaml', lambda path: path.write_text('- 0.5\n- 1\n- 2.5\n')),
        ('w.yml', lambda path: path.write_text('[0.5, 1, 2.5]')),
        ('w.pkl', lambda path: path.write_bytes(pickle.dumps(WEIGHTS))),
        ('w.pickle', lambda path: path.write_bytes(pickle.dumps(np.array(WEIGHTS)))),
        ('v.pkl', lambda path: path.write_bytes(pickle.dumps([np.float64(w) for w in WEIGHTS]))),
    ],
)
def test_every_kind_of_file(tmp_path, name, write):
    write(tmp_path / name)
    assert CrossEntropyLoss(class_weight=str(tmp_path / name)).class_weight.tolist() == WEIGHTS


def test_lists_arrays_and_nothing():
    assert class_weight_tensor(None) is None
    assert class_weight_tensor((1, 2)).tolist() == [1.0, 2.0]
    assert class_weight_tensor(np.ones(2)).dtype == torch.float32


class Evil:
    def __reduce__(self):
        return (print, ('code was run',))


def test_a_pickle_cannot_run_code(tmp_path, capsys):
    path = tmp_path / 'w.pkl'
    path.write_bytes(pickle.dumps(Evil()))
    with pytest.raises(ConfigError, match=r"w.pkl' cannot be read: it holds builtins.print"):
        class_weight_tensor(str(path))
    np.save(tmp_path / 'w.npy', np.array([Evil()], dtype=object))
    with pytest.raises(ConfigError, match='w.npy'):
        class_weight_tensor(str(tmp_path / 'w.npy'))
    assert 'code was run' not in capsys.readouterr().out


@pytest.mark.parametrize(
    ('name', 'text', 'message'),
    [
        ('w.txt', '1', 'must end in one of .npy'),
        ('w.json', '{', 'cannot be read'),
        ('w.yaml', ': [', 'cannot be read'),
        ('w.pkl', 'x', 'cannot be read'),
        ('w.json', '{"a": 1}', 'one number per class'),
        ('w.json', '[[1, 2]]', 'one finite number per class'),
        ('w.json', '[1, -2]', 'zero or above'),
        ('w.json', '[1, NaN]', 'one finite number'),
    ],
)
def test_what_is_no_list_of_weights_is_refused(tmp_path, name, text, message):
    (tmp_path / name).write_text(text)
    with pytest.raises(ConfigError, match=message):
        class_weight_tensor(str(tmp_path / name))


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(ConfigError, match=r"gone.npy' is not there"):
        class_weight_tensor(str(tmp_path / 'gone.npy'))
