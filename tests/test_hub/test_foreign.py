"""Weight files of other systems: told apart, refused where wrong, never run."""

from __future__ import annotations

import pickle

import pytest
import torch

from mmseg_deeplab.engine.checkpoint import load_checkpoint
from mmseg_deeplab.hub import foreign
from mmseg_deeplab.utils.errors import CheckpointError

BACKBONE = {'backbone.stem.conv1.weight': torch.ones(2, 3, 1, 1)}
STATES = {
    'detectron2': BACKBONE,
    'deeplab_pytorch': {'base.layer1.conv1.conv.weight': torch.ones(2, 3, 1, 1)},
    'composer': {
        'module.backbone.conv1.weight': torch.ones(2, 3, 1, 1),
        'module.classifier.conv_seg.weight': torch.ones(2, 3, 1, 1),
    },
    None: {'backbone.conv1.weight': torch.ones(2, 3, 1, 1), 'decode_head.conv_seg.bias': None},
}


@pytest.mark.parametrize('name', STATES)
def test_names_tell_the_system(name):
    assert foreign.format_of_names(STATES[name]) == name


@pytest.mark.parametrize('name', foreign.FORMATS)
def test_a_module_keeps_the_contract(name):
    module = foreign.foreign_format(name)
    for function in ('read', 'recognises', 'to_ours', 'target'):
        assert callable(getattr(module, function))
    assert module.NAME and module.TOOL


@pytest.mark.parametrize('place', [(), ('state_dict',), ('model',), ('state', 'model')])
def test_the_state_dict_is_found_where_each_system_keeps_it(place):
    content = BACKBONE
    for key in reversed(place):
        content = {key: content, 'epoch': 3}
    assert list(foreign.state_dict_in(content)) == list(BACKBONE)
    assert foreign.state_dict_in({'epoch': 3}) is None is foreign.state_dict_in([1])


def test_pytorch_files_are_not_taken_for_others(tmp_path):
    state = {'decode_head.conv_seg.bias': torch.zeros(3)}
    for name in ('a.pkl', 'a.ckpt', 'old.pkl'):
        path = tmp_path / name
        torch.save(state, path, _use_new_zipfile_serialization=not name.startswith('old'))
        assert foreign.format_of_file(path) is None
        assert list(load_checkpoint(path)['state_dict']) == list(state)


def test_weights_of_another_family_are_refused(tmp_path):
    path = tmp_path / 'x.pth'
    torch.save(STATES['deeplab_pytorch'], path)
    with pytest.raises(
        CheckpointError,
        match=r'x\.pth: holds weights of deeplab-pytorch, wanted Detectron2; convert it with '
        r'tools/model_converters/deeplab_pytorch\.py$',
    ):
        foreign.read_weights(path, 'detectron2')
    torch.save({'fc.weight': torch.zeros(2)}, path)
    with pytest.raises(CheckpointError, match='holds no weights of MindCV'):
        foreign.read_weights(path, 'mindspore')
    assert foreign.read_weights(path) is None


@pytest.mark.parametrize(
    ('name', 'content'),
    [
        ('x.pkl', pickle.dumps({'model': {'a': 1}}, 2)[:-4]),
        ('x.pkl', b''),
        ('x.pkl', b'\x80\x02not a pickle'),
        ('x.ckpt', b'\n\x80'),
        ('x.ckpt', b'text'),
        ('x.caffemodel', b'\xa2\x06\xff\x01half'),
        ('x.caffemodel', b''),
    ],
)
def test_broken_files_are_told_in_one_line(tmp_path, name, content):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(CheckpointError, match=rf'{name}') as raised:
        load_checkpoint(path)
    assert '\n' not in str(raised.value)


class MakesAFile:
    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return (open, (str(self.path), 'w'))


def test_a_malicious_pickle_makes_nothing(tmp_path):
    made, path = tmp_path / 'made', tmp_path / 'model_final.pkl'
    path.write_bytes(pickle.dumps({'model': MakesAFile(made), '__author__': 'x'}, 2))
    with pytest.raises(CheckpointError, match=r'model_final\.pkl'):
        load_checkpoint(path)
    assert not made.exists()
