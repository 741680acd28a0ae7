"""Names of other programs' backbones, each written out as that program has them."""

from __future__ import annotations

import pytest
import torch

from mmseg_deeplab.models.backbones import MobileNetV2, ResNet, ResNetV1c, ResNetV1d
from mmseg_deeplab.models.utils import load_pretrained
from mmseg_deeplab.models.utils.key_maps import renamings

TINY = {'stem_channels': 4, 'base_channels': 4}

# theirs: ours; one of each kind of layer
TIMM_DEEP_STEM = {
    'conv1.0.weight': 'stem.0.weight',
    'conv1.1.running_var': 'stem.1.running_var',
    'conv1.3.weight': 'stem.3.weight',
    'conv1.4.bias': 'stem.4.bias',
    'conv1.6.weight': 'stem.6.weight',
    'bn1.weight': 'stem.7.weight',
    'layer1.0.conv1.weight': 'layer1.0.conv1.weight',
    'layer1.0.bn1.weight': 'layer1.0.bn1.weight',
    'layer1.0.downsample.1.weight': 'layer1.0.downsample.1.weight',
}
TRANSFORMERS = {
    'resnet.embedder.embedder.convolution.weight': 'conv1.weight',
    'resnet.embedder.embedder.normalization.running_mean': 'bn1.running_mean',
    'resnet.encoder.stages.0.layers.0.shortcut.convolution.weight': 'layer1.0.downsample.0.weight',
    'resnet.encoder.stages.0.layers.0.shortcut.normalization.bias': 'layer1.0.downsample.1.bias',
    'resnet.encoder.stages.3.layers.2.layer.2.convolution.weight': 'layer4.2.conv3.weight',
    'resnet.encoder.stages.3.layers.2.layer.0.normalization.weight': 'layer4.2.bn1.weight',
    'classifier.1.weight': None,
}
TIMM_MOBILENET = {
    'conv_stem.weight': 'conv1.conv.weight',
    'bn1.running_mean': 'conv1.bn.running_mean',
    'blocks.0.0.conv_dw.weight': 'layer1.0.conv.0.conv.weight',
    'blocks.0.0.bn1.weight': 'layer1.0.conv.0.bn.weight',
    'blocks.0.0.conv_pw.weight': 'layer1.0.conv.1.conv.weight',
    'blocks.0.0.bn2.bias': 'layer1.0.conv.1.bn.bias',
    'blocks.3.2.conv_pw.weight': 'layer4.2.conv.0.conv.weight',
    'blocks.3.2.bn1.weight': 'layer4.2.conv.0.bn.weight',
    'blocks.3.2.conv_dw.weight': 'layer4.2.conv.1.conv.weight',
    'blocks.3.2.bn2.weight': 'layer4.2.conv.1.bn.weight',
    'blocks.6.0.conv_pwl.weight': 'layer7.0.conv.2.conv.weight',
    'blocks.6.0.bn3.running_var': 'layer7.0.conv.2.bn.running_var',
    'conv_head.weight': None,
    'classifier.bias': None,
}


@pytest.mark.parametrize('table', [TIMM_DEEP_STEM, TRANSFORMERS, TIMM_MOBILENET])
def test_each_program_has_its_names(table):
    same, rename = renamings(table)
    assert {name: rename(name) for name in table} == table
    assert all(same(name) == name for name in table)


def test_names_of_torchvision_and_of_ours_stay():
    for net in (ResNet(18, **TINY), ResNetV1c(18, **TINY)):
        assert len(renamings(net.state_dict())) == 1


def filled(net):
    for index, value in enumerate(net.state_dict().values()):
        value.fill_(index)
    return net


def theirs(name):
    """A deep-stem name of ours as timm has it."""
    return name.replace('stem.7.', 'bn1.').replace('stem.', 'conv1.')


@pytest.mark.parametrize('cls', [ResNetV1c, ResNetV1d])
@pytest.mark.parametrize('depth', [18, 50])
def test_a_whole_backbone_of_timm(tmp_path, cls, depth):
    source = filled(cls(depth, **TINY))
    weights = {theirs(name): value for name, value in source.state_dict().items()}
    torch.save({**weights, 'fc.weight': torch.zeros(10, 4)}, tmp_path / 'a.pth')
    net = cls(depth, **TINY)
    load_pretrained(net, str(tmp_path / 'a.pth'))
    for name, value in source.state_dict().items():
        assert torch.equal(net.state_dict()[name], value), name


def timm_mobilenet(name):
    """A MobileNetV2 name of ours as timm has it."""
    if name.startswith('conv1.'):
        return name.replace('conv1.conv', 'conv_stem').replace('conv1.bn', 'bn1')
    layer, block, _, step, kind, rest = name.split('.')
    kinds = (('conv_dw', 'bn1'), ('conv_pw', 'bn2'))
    if layer != 'layer1':
        kinds = (('conv_pw', 'bn1'), ('conv_dw', 'bn2'), ('conv_pwl', 'bn3'))
    part = kinds[int(step)][kind == 'bn']
    return f'blocks.{int(layer.removeprefix("layer")) - 1}.{block}.{part}.{rest}'


@pytest.mark.parametrize('prefix', ['', 'backbone.'])
def test_mobilenets_of_timm_and_of_mmclassification(tmp_path, prefix):
    source = filled(MobileNetV2())
    rename = str if prefix else timm_mobilenet
    weights = {prefix + rename(name): value for name, value in source.state_dict().items()}
    torch.save({**weights, f'{prefix}conv_head.weight': torch.zeros(1)}, tmp_path / 'a.pth')
    net = MobileNetV2()
    load_pretrained(net, str(tmp_path / 'a.pth'))
    for name, value in source.state_dict().items():
        assert torch.equal(net.state_dict()[name], value), name


def test_a_plain_stem_leaves_a_deep_one_alone(tmp_path):
    """torchvision's bn1 is not the last norm of a deep stem."""
    plain = filled(ResNet(18, **TINY))
    torch.save(plain.state_dict(), tmp_path / 'a.pth')
    net = ResNetV1c(18, **TINY)
    load_pretrained(net, str(tmp_path / 'a.pth'))
    assert torch.equal(net.stem[7].weight, torch.ones(4))
    assert torch.equal(net.layer1[0].conv1.weight, plain.layer1[0].conv1.weight)
