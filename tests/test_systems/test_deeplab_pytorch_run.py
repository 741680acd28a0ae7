"""deeplab-pytorch's commands from end to end."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch

from benchmarks.systems.deeplab_pytorch_end_to_end import make_10k, make_164k, make_voc, run_system
from mmseg_deeplab.cli import main
from mmseg_deeplab.hub.foreign import caffe
from mmseg_deeplab.hub.foreign import deeplab_pytorch as names
from mmseg_deeplab.utils.protobuf import bytes_field, varint_field
from tests.golden import recipe

FACTOR = np.float32(999.98236)
COLUMNS = {'Pixel Accuracy', 'Mean Accuracy', 'Mean IoU', 'Frequency Weighted IoU', 'Class IoU'}


def check(tmp_path, scores, capsys):
    """Both tables are there, their files are strict JSON, and logits have the head's stride."""
    assert all(table.keys() == COLUMNS for table in scores.values())
    assert 'Mean IoU with CRF' in capsys.readouterr().out
    for path in tmp_path.rglob('scores*.json'):
        json.loads(path.read_text(), parse_constant=pytest.fail)
    for path in tmp_path.rglob('*.npy'):
        assert np.load(path).dtype == np.float32 and np.load(path).ndim == 3


def test_voc(tmp_path, capsys):
    scores = run_system(
        'voc12', make_voc, tmp_path, (1, 2), ('audit=False', 'visualizer.vis_backends=None')
    )
    assert len(list(tmp_path.rglob('*.npy'))) == 2
    check(tmp_path, scores, capsys)
    missing = next(tmp_path.rglob('*.npy'))
    missing.unlink()
    assert main(['deeplab-pytorch', 'crf', '-c', str(tmp_path / 'voc12.yaml')]) == 1
    assert f'{missing}: no logits of this image' in capsys.readouterr().err


@pytest.mark.slow
@pytest.mark.parametrize(
    ('make', 'more'),
    [(make_164k, ()), (make_10k, ('test_dataloader.dataset.pipeline.2.scale=[65,65]',))],
)
def test_coco_stuff(tmp_path, make, more, capsys):
    check(tmp_path, run_system('stuff', make, tmp_path, (1, 2), more), capsys)


@pytest.mark.slow
@pytest.mark.parametrize(('dataset', 'keys'), [('voc12', 'v2_msc'), ('coco', 'v1')])
def test_whole_files_of_caffe(tmp_path, golden, dataset, keys, capsys):
    from mmseg_deeplab.cli.deeplab_pytorch import CAFFE_FILES

    golden = golden / 'deeplab_pytorch'
    theirs = recipe.weights(recipe.read_keys(golden / f'keys_{keys}.txt'))
    source, name = CAFFE_FILES[dataset]
    path = tmp_path / source
    path.parent.mkdir(parents=True)
    listed = [line.split('\t')[0] for line in (golden / 'caffe_names.txt').read_text().splitlines()]
    content = b''.join(layers_of(layer, theirs) for layer in listed)
    path.write_bytes(content)
    command = ['deeplab-pytorch', 'convert', '-d', dataset, '--models', str(tmp_path)]
    assert main(command) == 0, capsys.readouterr().err
    state = torch.load(path.with_name(name), weights_only=True)['state_dict']
    wanted = names.to_ours({key: torch.as_tensor(value) for key, value in theirs.items()})
    assert state.keys() == wanted.keys()
    for key, value in state.items():
        # the sums are rounded to float32 once, and the quotient again
        exact = 'running' not in key
        assert torch.allclose(value, wanted[key], rtol=0 if exact else 3e-7, atol=0), key
    wrong = path.with_name('wrong.caffemodel')
    wrong.write_bytes(content.replace(settings(2), settings(3), 1))
    assert main(['convert-weights', str(wrong), str(tmp_path / 'a.pth')]) == 1
    assert 'has dilation=3' in capsys.readouterr().err


def layers_of(layer, theirs):
    """A layer of a .caffemodel with the recipe's numbers, and a batch norm's Scale layer."""
    prefix = names.PREFIX if f'{names.PREFIX}aspp.c0.weight' in theirs else ''
    name = prefix + caffe.layer_name(layer)
    kinds = ('running_mean', 'running_var') if name.endswith('bn') else ('weight', 'bias')
    blobs = [theirs[f'{name}.{kind}'] for kind in kinds if f'{name}.{kind}' in theirs]
    if not blobs:
        return b''
    if name.endswith('bn'):
        sums = [blob * FACTOR for blob in blobs]
        norm = as_layer(layer, 'BatchNorm', [*sums, np.array([FACTOR])])
        scale = [theirs[f'{name}.weight'], theirs[f'{name}.bias']]
        return norm + as_layer(f'scale{layer.removeprefix("bn")}', 'Scale', scale)
    dilation = {'aspp.c0': 6, 'aspp.c1': 12, 'aspp.c2': 18, 'aspp.c3': 24}.get(
        name.removeprefix(prefix), 1
    )
    kernel = blobs[0].shape[2]
    if kernel == 3 and '.layer4.' in f'.{name}':
        dilation = 2
    if kernel == 3 and '.layer5.' in f'.{name}':
        dilation = 4
    strided = '.layer3.block1.' in f'.{name}' and ('reduce' in name or 'shortcut' in name)
    stride = 2 if strided or name.endswith('layer1.conv1.conv') else 1
    padding = {1: 0, 3: dilation, 7: 3}[kernel]
    stated = [(3, padding), (4, kernel), (6, stride)]
    content = b''.join(varint_field(number, value) for number, value in stated)
    return as_layer(layer, 'Convolution', blobs, content + settings(dilation))


def settings(dilation):
    """The field of a convolution's dilation."""
    return varint_field(18, dilation)


def as_layer(name, kind, blobs, stated=b''):
    """The bytes of a layer."""
    content = bytes_field(1, name.encode()) + bytes_field(2, kind.encode())
    for blob in blobs:
        shape = b''.join(varint_field(1, size) for size in blob.shape)
        content += bytes_field(
            7, bytes_field(7, shape) + bytes_field(5, blob.astype('<f4').tobytes())
        )
    return bytes_field(100, content + (bytes_field(106, stated) if stated else b''))
