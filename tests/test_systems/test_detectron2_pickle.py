"""The reader of pickled arrays: what it takes, and that nothing can be called through it."""

from __future__ import annotations

import collections
import os
import pickle
import subprocess
import sys

import numpy as np
import pytest
import torch
from mmengine.config import Config

from mmseg_deeplab.apis import training
from mmseg_deeplab.hub import foreign
from mmseg_deeplab.hub.foreign import detectron2
from mmseg_deeplab.hub.foreign.array_pickle import read_arrays
from mmseg_deeplab.utils.errors import CheckpointError


class Calls:
    """Pickles as a call of a function."""

    def __init__(self, function, *arguments):
        self.call = function, arguments

    def __reduce__(self):
        return self.call


def dump(path, content, protocol=2):
    path.write_bytes(pickle.dumps(content, protocol=protocol))
    return path


@pytest.mark.parametrize('protocol', range(pickle.HIGHEST_PROTOCOL + 1))
def test_arrays_and_plain_values_of_every_protocol(tmp_path, protocol):
    content = collections.OrderedDict(
        rows=np.arange(12, dtype=np.float32).reshape(3, 4),
        columns=np.asfortranarray(np.arange(6.0).reshape(2, 3)),
        empty=np.zeros((0, 3)), single=np.array(7), scalar=np.float16(0.5), truth=np.ones(3) > 0,
        swapped=np.arange(3, dtype='>i2'), plain=[1, (2, 3.5), None, b'x', b'', True, -5, 2**70],
    )  # fmt: skip
    found = read_arrays(dump(tmp_path / 'a.pkl', content, protocol))
    assert list(found) == list(content) and found['plain'] == content['plain']
    for name in list(content)[:-1]:
        assert np.array_equal(found[name], content[name])
    assert found['swapped'].dtype == np.int16
    assert found['columns'].flags.c_contiguous


@pytest.mark.parametrize('protocol', range(pickle.HIGHEST_PROTOCOL + 1))
@pytest.mark.parametrize(
    'call',
    [
        (os.system, 'touch {}'), (eval, "open('{}', 'w')"), (open, '{}', 'w'),
        (subprocess.call, ['touch', '{}']), (np.save, '{}', 1), (np.load, '{}'),
    ],
)  # fmt: skip
def test_a_file_that_would_be_run_makes_nothing(tmp_path, call, protocol):
    made = tmp_path / 'made'
    function, *arguments = call
    arguments = [a.format(made) if isinstance(a, str) else a for a in arguments]
    file = dump(tmp_path / 'a.pkl', {'model': {'w': Calls(function, *arguments)}}, protocol)
    with pytest.raises(CheckpointError, match='refused, because it holds .* as a pickle would'):
        read_arrays(file)
    assert not made.exists()


def test_what_is_no_array_is_refused(tmp_path):
    itself = []
    itself.append(itself)
    for content, why in (
        ({'a': np.array([{}], dtype=object)}, "an array of 'O8', not of plain numbers"),
        ({'a': np.array(['text'])}, "an array of 'U4'"),
        ({'a': np.zeros(2, [('x', 'f4')])}, "an array of 'V4'"),
        ({'a': {1, 2}}, 'builtins.set|EMPTY_SET'),
        (itself, 'a container that holds itself'),
        ({'a': np.dtype('f4')}, 'as a value'),
    ):
        with pytest.raises(CheckpointError, match=why):
            read_arrays(dump(tmp_path / 'a.pkl', content, 4))


def test_false_sizes_and_names(tmp_path):
    file = dump(tmp_path / 'a.pkl', np.zeros(4, np.float32))
    content = file.read_bytes()
    shape = content.index(b'K\x04\x85')  # (4,)
    file.write_bytes(content[: shape + 1] + b'\xff' + content[shape + 2 :])
    with pytest.raises(CheckpointError, match=r'an array of shape \(255,\) and 16 bytes'):
        read_arrays(file)
    # a memo place of two thousand million, at which C's unpickler would take the memory
    file.write_bytes(b'\x80\x02]r\xff\xff\xff\x7f.')
    assert read_arrays(file) == []
    # lists in lists that name each other a thousand million times
    lists = b''.join(b']q\x01(' + b'h\x00' * 10 + b'eq\x00' for _ in range(9))
    file.write_bytes(b'\x80\x02]q\x00' + lists + b'.')
    assert len(read_arrays(file)) == 10


def test_every_cut_is_told(small_golden, tmp_path):
    content = (small_golden / 'detectron2' / 'zoo_suffix.pkl').read_bytes()
    cut = tmp_path / 'cut.pkl'
    for length in range(0, len(content), 37):
        cut.write_bytes(content[:length])
        with pytest.raises(CheckpointError, match='truncated, or no pickle of arrays'):
            read_arrays(cut)
    with pytest.raises(CheckpointError, match='cannot be read'):
        read_arrays(tmp_path / 'absent.pkl')


def test_written_and_read(tmp_path):
    state = {'backbone.stem.conv1.weight': torch.arange(6.0).reshape(2, 3, 1, 1),
             'backbone.stem.conv1.norm.num_batches_tracked': torch.tensor(3)}  # fmt: skip
    detectron2.write(tmp_path / 'a.pkl', state)
    found, meta = detectron2.read(tmp_path / 'a.pkl')
    assert meta == {'__author__': 'mmseg_deeplab'}
    assert all(np.array_equal(found[name], value.numpy()) for name, value in state.items())


def test_any_pickle_reader_takes_what_is_written(tmp_path):
    detectron2.write(tmp_path / 'a.pkl', {'x': torch.ones(2)})
    code = f"import pickle; print(pickle.load(open({str(tmp_path / 'a.pkl')!r}, 'rb'))['model'])"
    done = subprocess.run([sys.executable, '-c', code], capture_output=True, text=True, check=True)
    assert 'array([1., 1.]' in done.stdout


@pytest.mark.parametrize(
    ('content', 'why'),
    [([1], 'must hold a dict'), ({'model': {'a': 'text'}}, "must hold arrays alone, .* 'a'")],
)
def test_what_holds_no_weights(tmp_path, content, why):
    with pytest.raises(CheckpointError, match=why):
        detectron2.read(dump(tmp_path / 'a.pkl', content))


def test_unknown_names_are_told():
    state = {'backbone.stem.conv1.weight': torch.zeros(1), 'roi_heads.box.weight': torch.zeros(1)}
    with pytest.raises(CheckpointError, match=r'1 names are unknown to .* roi_heads\.box\.weight'):
        detectron2.to_ours(state)
    with pytest.raises(CheckpointError, match='auxiliary_head'):
        detectron2.from_ours({'auxiliary_head.conv_seg.weight': torch.zeros(1)})


def test_old_files_get_counters_and_lose_what_has_no_place():
    state = {
        'backbone.stem.conv1.norm.running_mean': torch.ones(2), 'pixel_mean': torch.zeros(3),
        'backbone.res4.22.conv2.weight': torch.zeros(1),
        'sem_seg_head.predictor.bias': torch.ones(2),
        'sem_seg_head.predictor.weight': torch.ones(2, 4, 1, 1),
    }  # fmt: skip
    ours = detectron2.to_ours(state)
    assert ours['backbone.bn1.num_batches_tracked'] == 0
    assert set(ours) == {
        'backbone.bn1.running_mean', 'backbone.bn1.num_batches_tracked',
        'backbone.layer3.22.conv2.weight', 'decode_head.conv_seg.bias',
        'decode_head.conv_seg.weight',
    }  # fmt: skip
    assert detectron2.target(state).options['model.decode_head.num_classes'] == 2


@pytest.mark.parametrize('content', [{'model': 5}, {'blobs': 7}, {'model': {'a': 1}}, [1]])
def test_what_holds_no_arrays_is_told(tmp_path, content):
    with pytest.raises(CheckpointError, match=r'a\.pkl: must hold (a dict|arrays)'):
        detectron2.read(dump(tmp_path / 'a.pkl', content))


def test_a_text_is_told(tmp_path):
    (tmp_path / 'a.pkl').write_text('hello, this is no pickle\n')
    with pytest.raises(CheckpointError, match=r'no pickle of arrays \(a text\)'):
        read_arrays(tmp_path / 'a.pkl')


def test_a_backbone_is_known_by_its_keys_not_its_name(tmp_path):
    names = ('stem.conv1.weight', 'stem.conv2.weight', 'stem.conv3.weight')
    backbone = {name: np.zeros((1, 1, 3, 3), np.float32) for name in names}
    assert foreign.holds_backbone(dump(tmp_path / 'my_own.pkl', {'model': backbone}))
    whole = {f'backbone.{name}': value for name, value in backbone.items()}
    whole['sem_seg_head.predictor.weight'] = np.zeros((2, 1, 1, 1), np.float32)
    assert not foreign.holds_backbone(dump(tmp_path / 'R-103.pkl', {'model': whole}))
    config = Config(dict(load_from=str(tmp_path / 'my_own.pkl'), model=dict(pretrained=None)))
    training._start_from_backbone(config)
    assert config.load_from is None and config.model.pretrained == str(tmp_path / 'my_own.pkl')
