"""Weights from files: prefixes, classifiers, safety, messages."""

from __future__ import annotations

import pickle

import pytest
import torch
from mmengine.logging import HistoryBuffer

from mmseg_deeplab.models.backbones import ResNet, ResNetV1c
from mmseg_deeplab.registry import MODELS
from mmseg_deeplab.utils.errors import CheckpointError, ConfigError
from mmseg_deeplab.utils.safetensors_file import to_bytes

from ..tiny import tiny_segmentor, tiny_segmentor_cfg

TINY = {'stem_channels': 4, 'base_channels': 4}


def initialised(path, cls=ResNetV1c, first_conv=None, **options):
    init_cfg = {'type': 'Pretrained', 'checkpoint': str(path), 'first_conv': first_conv}
    net = cls(18, init_cfg=init_cfg, **{**TINY, **options})
    net.init_weights()
    return net


@pytest.fixture
def source():
    net = ResNetV1c(18, **TINY)
    torch.nn.init.uniform_(net.layer4[1].bn2.weight, 1, 2)  # zero-initialised otherwise
    return net


@pytest.mark.parametrize('prefix', ['', 'backbone.', 'module.backbone.'])
def test_prefixes_are_cut_and_classifiers_left_out(tmp_path, source, prefix):
    weights = {prefix + name: value for name, value in source.state_dict().items()}
    weights['fc.weight'] = torch.zeros(10, 32)
    torch.save({'state_dict': weights, 'meta': {'epoch': 3}}, tmp_path / 'a.pth')
    net = initialised(tmp_path / 'a.pth')
    for name, value in source.state_dict().items():
        assert torch.equal(net.state_dict()[name], value), name


def test_an_explicit_prefix(tmp_path, source):
    weights = {f'teacher.net.{k}': v for k, v in source.state_dict().items()}
    torch.save(weights, tmp_path / 'a.pth')
    cfg = {'type': 'Pretrained', 'checkpoint': str(tmp_path / 'a.pth'), 'prefix': 'teacher.net'}
    net = ResNetV1c(18, init_cfg=cfg, **TINY)
    net.init_weights()
    assert torch.equal(net.stem[0].weight, source.stem[0].weight)


def test_segmentor_hands_pretrained_to_its_backbone(tmp_path, source):
    torch.save(source.state_dict(), tmp_path / 'a.pth')
    backbone = tiny_segmentor_cfg()['backbone']
    model = tiny_segmentor(pretrained=str(tmp_path / 'a.pth'), backbone=backbone)
    model.init_weights()
    assert torch.equal(model.backbone.stem[0].weight, source.stem[0].weight)
    assert 'pretrained' not in backbone
    with pytest.raises(ConfigError, match='not in both'):
        tiny_segmentor(pretrained='a.pth', backbone=backbone | {'pretrained': 'b.pth'})


def test_whole_segmentor_from_a_file(tmp_path):
    source = tiny_segmentor()
    torch.save(source.state_dict(), tmp_path / 'a.pth')
    path = str(tmp_path / 'a.pth')
    model = tiny_segmentor(init_cfg={'type': 'Pretrained', 'checkpoint': path})
    model.init_weights()
    for name, value in source.state_dict().items():
        assert torch.equal(model.state_dict()[name], value), name


def test_other_initialisers_apply():
    net = ResNet(18, init_cfg={'type': 'Constant', 'layer': 'Conv2d', 'val': 0.25}, **TINY)
    net.init_weights()
    assert (net.conv1.weight == 0.25).all()
    with pytest.raises(ConfigError, match="init_cfg must be a dict with a 'type'"):
        ResNet(18, init_cfg={'checkpoint': 'a'}, **TINY).init_weights()


def test_more_bands_than_the_file(tmp_path, source):
    torch.save(source.state_dict(), tmp_path / 'a.pth')
    kernel, others = source.stem[0].weight, source.stem[3].weight
    mean = initialised(tmp_path / 'a.pth', first_conv='mean', in_channels=5)
    copy = initialised(tmp_path / 'a.pth', first_conv='copy', in_channels=5)
    for band in range(5):
        expected = kernel.mean(dim=1) * 3 / 5
        torch.testing.assert_close(mean.stem[0].weight[:, band], expected)
        torch.testing.assert_close(copy.stem[0].weight[:, band], kernel[:, band % 3] * 3 / 5)
    assert torch.equal(mean.stem[3].weight, others)
    with pytest.raises(ConfigError, match="first_conv must be 'mean', 'copy' or None, got 'sum'"):
        initialised(tmp_path / 'a.pth', first_conv='sum', in_channels=5)


def test_a_safetensors_file(tmp_path, source):
    path = tmp_path / 'model.safetensors'
    path.write_bytes(to_bytes(source.state_dict(), {'format': 'pt'}))
    assert torch.equal(initialised(path).stem[0].weight, source.stem[0].weight)


def test_missing_entries_are_told_once(tmp_path, source, monkeypatch):
    said = []
    monkeypatch.setattr('mmseg_deeplab.models.utils.pretrained.warn_once', said.append)
    weights = {k: v for k, v in source.state_dict().items() if not k.startswith('stem')}
    torch.save(weights, tmp_path / 'a.pth')
    initialised(tmp_path / 'a.pth')
    assert 'lacks 15 of 132 entries' in said[0] and 'stem.0.weight' in said[0]


def test_a_training_checkpoint_of_mmengine_serves(tmp_path, source):
    history = HistoryBuffer()
    history.update(0.5)
    weights = {f'backbone.{name}': value for name, value in source.state_dict().items()}
    content = {'state_dict': weights, 'message_hub': {'log_scalars': {'loss': history}}}
    torch.save(content, tmp_path / 'iter_1.pth')
    assert torch.equal(initialised(tmp_path / 'iter_1.pth').stem[0].weight, source.stem[0].weight)


class Evil:
    def __reduce__(self):
        return (print, ('code was run',))


def test_refusals_name_the_file_and_what_to_do(tmp_path, source, capsys, monkeypatch):
    monkeypatch.setenv('MMSEG_DEEPLAB_OFFLINE', '1')
    monkeypatch.setenv('MMSEG_DEEPLAB_CACHE', str(tmp_path / 'cache'))
    path = tmp_path / 'a.pth'
    with pytest.raises(CheckpointError, match='a.pth.* not there; check the path'):
        initialised(path)
    with pytest.raises(CheckpointError, match=r'(?s)open-mmlab://resnet18_v1c.*put it .*None'):
        initialised('open-mmlab://resnet18_v1c')
    torch.save({'x': torch.zeros(1)}, path)
    with pytest.raises(CheckpointError, match='must hold weights of ResNetV1c, got none'):
        initialised(path)
    torch.save(source.state_dict(), path)
    with pytest.raises(
        CheckpointError,
        match=r"for 3 bands, .* for 5; set first_conv='mean'.*in place of pretrained",
    ):
        initialised(path, in_channels=5)
    with pytest.raises(CheckpointError, match=r'stem.0.weight must have shape \(4, 3, 3, 3\)'):
        initialised(path, stem_channels=8)
    path.write_bytes(path.read_bytes()[:1000])
    with pytest.raises(CheckpointError, match='a.pth'):
        initialised(path)
    path.write_bytes(pickle.dumps({'state_dict': Evil()}, protocol=2))
    with pytest.raises(CheckpointError, match='loading it would run code'):
        initialised(path)
    assert 'code was run' not in capsys.readouterr().out


def test_every_model_class_is_registered():
    names = 'EncoderDecoder SegTTAModel SegDataPreProcessor ResNet ResNetV1c ResNetV1d ASPPHead'
    names += ' DepthwiseSeparableASPPHead FCNHead CrossEntropyLoss DiceLoss FocalLoss LovaszLoss'
    for name in f'{names} OHEMPixelSampler'.split():
        assert MODELS.get(f'mmseg.{name}').__name__ == name
