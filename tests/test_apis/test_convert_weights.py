"""Weight files of other systems to checkpoints of ours and back, from a mirror or from a file."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest
import torch

from mmseg_deeplab.apis import convert_weights, download_weights, export_weights
from mmseg_deeplab.apis.building import model_without_memory
from mmseg_deeplab.cli import main
from mmseg_deeplab.config import load_config
from mmseg_deeplab.engine.checkpoint import load_checkpoint
from mmseg_deeplab.hub.foreign import deeplab_pytorch, detectron2
from mmseg_deeplab.utils.errors import CheckpointError, ConfigError

REPO = Path(__file__).resolve().parents[2]
CONFIG = 'deeplabv2_r101-d8-msc_voc12-321x321'
FILE = 'deeplabv2_resnet101_msc-vocaug-20000.pth'


@pytest.fixture(scope='module')
def weights():
    """Weights of DeepLab v2 under deeplab-pytorch's names; each entry is one number, repeated."""
    state = model_without_memory(load_config(CONFIG)).state_dict()
    theirs = deeplab_pytorch.from_ours(state)
    return {
        key: torch.tensor(index, dtype=value.dtype).expand(value.shape)
        for index, (key, value) in enumerate(theirs.items())
    }


def test_to_ours_and_back(weights, tmp_path):
    source, ours, back = (tmp_path / name for name in ('a.pth', 'b.pth', 'c.pth'))
    torch.save(weights, source)
    done = convert_weights(source, ours, wanted='deeplab_pytorch')
    assert (done.config, done.part, done.entries) == (CONFIG, 'model', 632)
    content = load_checkpoint(ours)
    meta = content['meta']
    assert meta['dataset_meta']['classes'][:2] == ('background', 'aeroplane')
    assert meta['converted_from']['system'] == 'deeplab-pytorch'
    assert len(meta['converted_from']['sha256']) == 64
    assert content['state_dict']['backbone.layer4.2.bn3.weight'].unique().numel() == 1
    export_weights(ours, back, system='deeplab_pytorch')
    again = torch.load(back)
    assert list(again) == list(weights)
    assert all(torch.equal(again[key], value) for key, value in weights.items())
    with pytest.raises(ConfigError, match=r'b\.pth exists'):
        convert_weights(source, ours)


def test_what_does_not_fit_is_told_and_nothing_written(weights, tmp_path, capsys):
    source, out = tmp_path / 'a.pth', tmp_path / 'b.pth'
    torch.save({k: v for k, v in weights.items() if 'layer3.block2.reduce.conv' not in k}, source)
    with pytest.raises(CheckpointError, match=r'backbone\.layer2\.1\.conv1\.weight'):
        convert_weights(source, out)
    torch.save({**weights, 'base.aspp.c9.weight': torch.zeros(1)}, source)
    with pytest.raises(CheckpointError, match=r'a\.pth: 1 names are unknown.*aspp\.c9'):
        convert_weights(source, out)
    assert main(['convert-weights', str(source), str(out), '--from', 'detectron2']) == 1
    assert 'wanted Detectron2; convert it with tools/model_con' in capsys.readouterr().err
    assert main(['convert-weights', '--to-composer', str(tmp_path / 'no.pth'), str(out)]) == 1
    assert not out.exists()


def of_another_family(name, **options):
    """The weights of a model of another system, without memory but for the file's sake."""
    state = model_without_memory(load_config(name, options)).state_dict()
    return {
        key: torch.zeros((), dtype=value.dtype).expand(value.shape) for key, value in state.items()
    }


@pytest.mark.parametrize(
    ('system', 'state', 'message'),
    [
        (
            'detectron2',
            lambda: of_another_family(
                'deeplabv3_r101_typical-127ep_ade20k-512x512', **{'model.backbone.depth': 50}
            ),
            'a.pth: .*another architecture: .*of Detectron2; compared with deeplab_v3_R_103',
        ),
        ('detectron2', lambda: {'backbone.stem.0.weight': torch.zeros(64, 3, 3, 3)}, 'missing'),
        (
            'composer',
            lambda: {'decode_head.conv_seg.weight': torch.zeros(150, 512, 1, 1)},
            'weights are missing',
        ),
        ('composer', lambda: {'backbone.conv1.weight': torch.zeros(1)}, 'no DeepLab of Mosaic'),
        ('mindspore', lambda: {'backbone.conv1.weight': torch.zeros(64, 3, 7, 7)}, 'MindCV'),
        (
            'deeplab_pytorch',
            lambda: {'backbone.conv1.weight': torch.zeros(64, 3, 7, 7)},
            'deeplab',
        ),
    ],
)
def test_a_model_that_the_other_system_lacks_is_not_written(tmp_path, system, state, message):
    source, out = tmp_path / 'a.pth', tmp_path / 'b.out'
    torch.save({'state_dict': state()}, source)
    with pytest.raises(CheckpointError, match=message):
        export_weights(source, out, system=system)
    assert not out.exists()


@pytest.fixture
def backbone():
    """An R-103 under Detectron2's names; each entry is one number, repeated."""
    config = load_config('deeplab_v3_plus_R_103_os16_mg124_poly_90k_bs16')
    own = model_without_memory(config).backbone.state_dict()
    return {
        key: torch.tensor(index, dtype=value.dtype).expand(value.shape)
        for index, (key, value) in enumerate(detectron2.from_ours(own).items())
    }


def test_names_of_a_backbone_go_back(backbone, tmp_path):
    assert 'stem.conv3.weight' in backbone
    back = detectron2.from_ours(detectron2.to_ours(backbone))
    assert list(back) == list(backbone)
    assert all(torch.equal(back[key], value) for key, value in backbone.items())
    # else Detectron2 finds none of the names, which lack the `backbone.` of its models
    detectron2.write(tmp_path / 'a.pkl', {'stem.conv1.norm.bias': torch.zeros(2)})
    assert detectron2.read(tmp_path / 'a.pkl').meta['matching_heuristics'] is True


@pytest.mark.slow
def test_a_file_of_a_backbone_goes_back_bit_by_bit(backbone, tmp_path):
    source, ours, back = (tmp_path / name for name in ('R-103.pkl', 'ours.pth', 'back.pkl'))
    detectron2.write(source, backbone)
    assert convert_weights(source, ours).part == 'backbone'
    export_weights(ours, back, system='detectron2')
    assert back.read_bytes() == source.read_bytes()


def test_download_fetches_converts_and_caches(weights, tmp_path, monkeypatch, capsys):
    mirror = tmp_path / 'mirror' / 'kazuto1011/deeplab-pytorch/releases/download/v1.0'
    mirror.mkdir(parents=True)
    torch.save(weights, mirror / FILE)
    monkeypatch.setenv('MMSEG_DEEPLAB_MIRROR', str(tmp_path / 'mirror'))
    monkeypatch.setenv('MMSEG_DEEPLAB_OFFLINE', '1')
    monkeypatch.setenv('MMSEG_DEEPLAB_CACHE', str(tmp_path / 'cache'))
    dest = tmp_path / 'dest'
    assert main(['download', 'deeplab-pytorch-voc12', '--dest', str(dest)]) == 0
    printed = capsys.readouterr().out.strip()
    converted = dest / FILE.replace('.pth', '-converted.pth')
    assert printed == str(converted) and (dest / FILE).is_file()
    assert 'backbone.conv1.weight' in load_checkpoint(converted)['state_dict']
    changed = converted.stat().st_mtime_ns
    assert download_weights(CONFIG, dest=dest) == converted
    assert converted.stat().st_mtime_ns == changed
    assert main(['download', CONFIG, '--original', '--dest', str(dest)]) == 0
    assert capsys.readouterr().out.strip() == str(dest / FILE)


def test_one_file_of_an_archive(tmp_path, monkeypatch):
    folder = tmp_path / 'projects/released/deeplab_aspp_resnet101'
    folder.mkdir(parents=True)
    with zipfile.ZipFile(folder / 'prototxt_and_model.zip', 'w') as archive:
        archive.writestr('models/init.caffemodel', b'')
    monkeypatch.setenv('MMSEG_DEEPLAB_MIRROR', str(tmp_path))
    monkeypatch.setenv('MMSEG_DEEPLAB_OFFLINE', '1')
    monkeypatch.setenv('MMSEG_DEEPLAB_CACHE', str(tmp_path / 'cache'))
    with pytest.raises(CheckpointError, match=r'init\.caffemodel: truncated, or no \.caffemodel'):
        download_weights('caffe-deeplabv1-coco')
    with pytest.raises(CheckpointError, match=r'must hold train2_iter_20000\.caffemodel, got mod'):
        download_weights('caffe-deeplabv2-voc12')


def test_torch_hub_takes_a_file_with_its_original_names(weights):
    with torch.device('meta'):
        model = torch.hub.load(
            str(REPO), 'deeplabv2_resnet101', source='local', n_classes=21, trust_repo=True
        )
    assert model.training and model.load_state_dict(weights, assign=True).missing_keys == []
    first = model.state_dict()['backbone.conv1.weight']
    assert torch.equal(first, weights['base.layer1.conv1.conv.weight'])
    with pytest.raises(ConfigError, match='voc12 has 21 classes, got n_classes=182'):
        torch.hub.load(str(REPO), 'deeplabv2_resnet101', source='local', pretrained='voc12')
