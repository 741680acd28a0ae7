"""Published files, their card, and what the inspector says of files old and new."""

from __future__ import annotations

import hashlib
import json
import os
import pickle
from collections import OrderedDict

import pytest
import torch

from mmseg_deeplab.apis import init_model, inspect_checkpoint, publish_model
from mmseg_deeplab.apis.inspection import describe
from mmseg_deeplab.cli import main
from mmseg_deeplab.utils.config_text import read_config_text
from mmseg_deeplab.utils.errors import CheckpointError, ConfigError

from .tiny import NAMES, PALETTE, save_checkpoint, tiny_config

CFG = """\
norm_cfg = dict(type='SyncBN', requires_grad=True)
model = dict(
    type='EncoderDecoder',
    backbone=dict(type='ResNetV1c', depth=18),
    decode_head=dict(type='DepthwiseSeparableASPPHead', dilations=(1, 12, 24, 36)))
evil = __import__('os').system('echo evil > evil')
"""
# as MMCV's runner and MMSegmentation 0.24 wrote it
OLD_META = {
    'env_info': 'sys.platform: linux\nGPU 0: V100',
    'seed': 0,
    'exp_name': 'deeplabv3plus_r18-d8_512x512_80k_potsdam.py',
    'mmseg_version': '0.20.2+9c7b5b2',
    'config': CFG,
    'CLASSES': NAMES,
    'PALETTE': PALETTE,
    'epoch': 400,
    'iter': 80000,
    'mmcv_version': '1.4.0',
    'time': 'Sun Dec 19 02:06:01 2021',
    'hook_msgs': {'last_ckpt': 'work_dirs/x/iter_72000.pth'},
}


@pytest.fixture(scope='module')
def old(tmp_path_factory):
    """A 0.x checkpoint: its meta, an ordered state dict with versions, PyTorch 1.5's format."""
    path = save_checkpoint(tmp_path_factory.mktemp('old') / 'old.pth', OLD_META)
    content = torch.load(path)
    assert isinstance(content['state_dict'], OrderedDict) and content['state_dict']._metadata
    content['optimizer'] = {'state': {0: {'momentum_buffer': torch.zeros(4)}}, 'param_groups': []}
    torch.save(content, path, _use_new_zipfile_serialization=False)
    return path


def same_weights(model, path):
    saved = torch.load(path)['state_dict']
    return all(torch.equal(value, saved[key]) for key, value in model.state_dict().items())


def test_an_old_file_loads_key_for_key(old):
    model = init_model(tiny_config(), old, 'cpu')
    assert same_weights(model, old)
    assert model.dataset_meta == {'classes': NAMES, 'palette': PALETTE}


@pytest.mark.parametrize('name', ['pth', 'safetensors'])
def test_published_files(tmp_path, old, name):
    path, card = publish_model(old, tmp_path / 'zoo' / 'r18.pth', formats=[name])
    digits = hashlib.sha256(path.read_bytes()).hexdigest()[:8]
    assert path == tmp_path / 'zoo' / f'r18_20211219_020601-{digits}.{name}'
    model = init_model(tiny_config(), path, 'cpu')
    assert same_weights(model, old)
    assert model.dataset_meta['classes'] == NAMES and model.dataset_meta['palette'] == PALETTE
    assert publish_model(old, tmp_path / 'zoo' / 'r18', formats=[name])[0] == path
    text = card.read_text(encoding='utf-8')
    assert f'`{path.name}`' in text and '| 1 | road | 250 250 250 |' in text
    assert 'EncoderDecoder of ResNetV1c-18 and DepthwiseSeparableASPPHead' in text
    assert 'None: the checkpoint holds no scores' in text


def test_a_published_file_is_plain(tmp_path, old):
    path, _ = publish_model(old, tmp_path)
    assert path.name.startswith('deeplabv3plus_r18-d8_512x512_80k_potsdam_2021')
    assert publish_model(old, f'{tmp_path}/new/')[0] == tmp_path / 'new' / path.name
    content = torch.load(path, weights_only=True)
    assert set(content) == {'meta', 'state_dict'}
    assert set(content['meta']) == set(OLD_META) - {'env_info', 'hook_msgs'}
    assert content['state_dict']._metadata['']['version'] == 1


def test_scores_on_the_card(tmp_path):
    scalars = {
        'val/mIoU': {'log_history': torch.tensor([40.0, 51.5]), 'count_history': torch.ones(2)},
        'val/data_time': {'log_history': torch.tensor([0.1]), 'count_history': torch.ones(1)},
        'train/loss': {'log_history': torch.tensor([0.1]), 'count_history': torch.ones(1)},
    }
    facts = {'ground_resolution': 0.05, 'bands': ['red', 'green', 'blue'], 'mean': [1.0, 2.0, 3.0]}
    meta = {'time': '20250102_030405', 'mmseg_deeplab': {'version': '1', 'input': facts}}
    path = save_checkpoint(tmp_path / 'iter_2.pth', meta)
    torch.save({**torch.load(path), 'message_hub': {'log_scalars': scalars}}, path)
    published, card = publish_model(path, tmp_path / 'a')
    assert torch.load(published, weights_only=True)['meta']['scores'] == {'mIoU': 51.5}
    assert inspect_checkpoint(published)['scores'] == {'mIoU': 51.5}
    assert publish_model(published, tmp_path / 'a')[0] == published
    card = card.read_text(encoding='utf-8')
    assert '| mIoU | 51.50 |' in card and 'time' not in card.split('## Scores')[1].split('##')[0]
    assert '| ground resolution | 0.05 |' in card and '| bands | red, green, blue |' in card
    measured = {'mIoU': 0.4321, 'images': 3, 'pixels': 9, 'per_class': [{'name': 'a', 'IoU': None}]}
    (tmp_path / 'metrics.json').write_text(json.dumps(measured))
    published, card = publish_model(
        path, tmp_path / 'a', scores=tmp_path / 'metrics.json', formats=['safetensors']
    )
    assert '| mIoU | 43.21 |' in card.read_text(encoding='utf-8')
    assert inspect_checkpoint(published)['scores'] == pytest.approx({'mIoU': 43.21})


def test_wrong_wishes(tmp_path, old):
    with pytest.raises(ConfigError, match=r'formats must be some of pth, safetensors, got'):
        publish_model(old, tmp_path, formats=['onnx'])
    (tmp_path / 'a.json').write_text('{}')
    with pytest.raises(ConfigError, match=r'a\.json: is no metrics.json'):
        publish_model(old, tmp_path, scores=tmp_path / 'a.json')
    with pytest.raises(ConfigError, match=r'b\.json: cannot be read as scores'):
        publish_model(old, tmp_path, scores=tmp_path / 'b.json')


def test_config_text_is_read_and_not_run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    found = read_config_text(CFG)
    assert set(found) == {'norm_cfg', 'model'}
    assert found['model']['decode_head']['dilations'] == (1, 12, 24, 36)
    assert read_config_text('a = (') == {} and read_config_text('a = dict(**b)') == {}
    assert read_config_text("a = [-1.5, {'b': None}]") == {'a': [-1.5, {'b': None}]}
    assert not (tmp_path / 'evil').exists()


@pytest.mark.parametrize('name', ['../../evil', '{out}/../evil', '..', '/', 5])
@pytest.mark.parametrize('key', ['experiment_name', 'exp_name'])
def test_a_published_file_stays_in_the_folder(tmp_path, old, key, name):
    out = tmp_path / 'a' / 'b'
    out.mkdir(parents=True)
    name = name.format(out=tmp_path) if isinstance(name, str) else name
    torch.save({**torch.load(old), 'meta': {key: name}}, tmp_path / 'in.pth')
    assert {path.parent for path in publish_model(tmp_path / 'in.pth', out)} == {out}
    assert {path.name for path in tmp_path.iterdir()} == {'a', 'in.pth'}


def test_inspector(old, capsys):
    found = inspect_checkpoint(old)
    assert found['loads'] and found['layout'] == 'MMCV (0.x)' and found['container'] == 'pickle'
    assert found['classes'] == list(NAMES) and found['versions'] == {
        'mmseg': '0.20.2+9c7b5b2', 'mmcv': '1.4.0'}  # fmt: skip
    assert found['weights']['bands'] == 3
    assert found['weights']['num_classes'] == {'decode_head.conv_seg': 3}
    trained = [p.numel() for p in init_model(tiny_config(), old, 'cpu').parameters()]
    assert found['weights']['parameters'] == sum(trained)
    assert found['keys']['backbone.stem.0.weight'] == {'shape': [4, 3, 3, 3], 'dtype': 'float32'}
    assert found['contents']['optimizer'] == 16
    assert main(['inspect', str(old), '--json']) == 0
    assert json.loads(capsys.readouterr().out) == json.loads(json.dumps(found))
    text = '\n'.join(describe(found, keys=True))
    assert 'iter 80000' in text and '3 in decode_head.conv_seg: field, road, water' in text
    assert 'backbone.stem.0.weight  4x3x3x3 float32' in text


class Malice:
    def __reduce__(self):
        return os.system, ('echo malice > malice_was_here',)


def test_inspector_of_a_malicious_file(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    torch.save({'state_dict': {'w': torch.zeros(1)}, 'meta': Malice()}, 'zip.pth')
    torch.save(
        {'state_dict': {}, 'meta': Malice()}, 'old.pth', _use_new_zipfile_serialization=False
    )
    (tmp_path / 'raw.pth').write_bytes(pickle.dumps([Malice()], protocol=4))
    name = f'{os.system.__module__}.system'
    for file in ('zip.pth', 'old.pth', 'raw.pth'):
        found = inspect_checkpoint(file)
        assert not found['loads'] and name in found['names'], file
        assert main(['inspect', file]) == 1
        assert name in capsys.readouterr().out
    assert not (tmp_path / 'malice_was_here').exists()
    with pytest.raises(CheckpointError, match='no such checkpoint'):
        inspect_checkpoint('none.pth')


@pytest.mark.parametrize(
    ('content', 'problem'), [(b'', '(it is empty)'), (b'hello this is text', '(it is a text file)')]
)
def test_inspector_of_what_is_no_checkpoint(tmp_path, capsys, content, problem):
    (tmp_path / 'a.pth').write_bytes(content)
    assert main(['inspect', str(tmp_path / 'a.pth')]) == 1
    said = capsys.readouterr().out
    assert problem in said and f'{len(content)} bytes, no format of weights' in said


def test_inspector_of_a_bare_state_dict(tmp_path):
    torch.save({'state_dict': {}, 'meta': {}}, tmp_path / 'a.pth')
    lines = describe(inspect_checkpoint(tmp_path / 'a.pth'))
    assert 'contents    state_dict, meta' in lines
    assert 'weights     0 entries, 0 parameters, no tensors' in lines
    assert not any(line != line.rstrip() or 'None' in line for line in lines)


def test_inspector_of_a_malicious_file_with_a_wrong_checksum(tmp_path):
    path = tmp_path / 'crc.pth'
    torch.save({'state_dict': {'w': torch.zeros(1)}, 'meta': Malice()}, path)
    path.write_bytes(path.read_bytes().replace(b'state_dict', b'state_dicu'))
    found = inspect_checkpoint(path)
    assert not found['loads'] and f'{os.system.__module__}.system' in found['names']
    path.write_bytes(path.read_bytes().replace(b'PK\1\2', b'PK\1\3'))  # no list of contents
    assert inspect_checkpoint(path)['names'] == []


@pytest.mark.parametrize(
    'meta',
    [
        {'cfg': "model = 'x'\nimg_norm_cfg = 3"},
        {'cfg': "model = dict(backbone='x', decode_head=['y'], data_preprocessor=[])"},
        {'mmseg_deeplab': 'x', 'dataset_meta': 'y', 'seed': torch.zeros(2)},
        {'mmseg_deeplab': {'input': 'x'}, 'dataset_meta': {'classes': 3, 'palette': [4]}},
    ],
)
def test_inspector_of_odd_values(tmp_path, meta, capsys):
    scalars = {'val/mIoU': 'x', 'val/a': {'log_history': ['?']}, 3: 4}
    weights = {'decode_head.conv_seg.weight': torch.tensor(1.0)}
    content = {'state_dict': weights, 'meta': meta, 'message_hub': {'log_scalars': scalars}}
    torch.save(content, tmp_path / 'odd.pth')
    assert main(['inspect', str(tmp_path / 'odd.pth'), '--json']) == 0
    found = json.loads(capsys.readouterr().out)
    assert found['model'] == {} and found['scores'] == {} and found['classes'] == []
