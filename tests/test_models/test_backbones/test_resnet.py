"""ResNets: dilations, shapes, freezing, start weights, options."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from mmseg_deeplab.models.backbones import ResNet, ResNetV1c, ResNetV1d
from mmseg_deeplab.utils.errors import ConfigError

from ..tiny import D8, D16

TINY = {'stem_channels': 4, 'base_channels': 4}


def dilations_of(net, conv):
    stages = (net.layer1, net.layer2, net.layer3, net.layer4)
    return [[getattr(block, conv).dilation[0] for block in stage] for stage in stages]


@pytest.mark.parametrize(
    ('options', 'wanted'),
    [
        (D8, [[1] * 3, [1] * 4, [1, 2, 2, 2, 2, 2], [2, 4, 4]]),
        (D16, [[1] * 3, [1] * 4, [1] * 6, [1, 2, 2]]),
        (D16 | {'multi_grid': (1, 2, 4)}, [[1] * 3, [1] * 4, [1] * 6, [1, 2, 4]]),
    ],
)
def test_dilations_of_bottlenecks(options, wanted):
    net = ResNetV1c(50, contract_dilation=True, **TINY, **options)
    assert dilations_of(net, 'conv2') == wanted


def test_dilations_of_basic_blocks():
    net = ResNetV1c(18, contract_dilation=True, **TINY, **D8)
    assert dilations_of(net, 'conv1') == [[1, 1], [1, 1], [1, 2], [2, 4]]
    assert dilations_of(net, 'conv2') == [[1, 1]] * 4


@pytest.mark.parametrize(
    ('depth', 'options', 'strides'),
    [(18, D8, (4, 8, 8, 8)), (50, D16, (4, 8, 16, 16)), (34, {}, (4, 8, 16, 32))],
)
def test_maps_are_as_announced(depth, options, strides):
    net = ResNetV1c(depth, **TINY, **options).eval()
    maps = net(torch.randn(1, 3, 41, 64))
    assert net.out_strides == strides
    assert tuple(m.shape[1] for m in maps) == net.out_channels
    for found, stride in zip(maps, strides, strict=True):
        assert found.shape[2:] == (-(-41 // stride), 64 // stride)


def test_zoo_widths():
    with torch.device('meta'):
        assert ResNetV1c(18).out_channels == (64, 128, 256, 512)
        assert ResNetV1c(101, out_indices=(0, 3)).out_channels == (256, 2048)


def test_fewer_stages_and_chosen_outputs():
    net = ResNet(18, num_stages=2, strides=(1, 2), dilations=(1, 1), out_indices=(1,), **TINY)
    maps = net(torch.randn(2, 3, 32, 32))
    assert [tuple(m.shape) for m in maps] == [(2, 8, 4, 4)]


def test_caffe_style_strides_on_the_first_convolution():
    for style, first, second in (('pytorch', 1, 2), ('caffe', 2, 1)):
        block = ResNet(50, style=style, **TINY).layer2[0]
        assert (block.conv1.stride[0], block.conv2.stride[0]) == (first, second)


def test_v1d_shortcut_averages_before_a_1x1_convolution():
    shortcut = ResNetV1d(50, **TINY).layer2[0].downsample
    assert isinstance(shortcut[0], nn.AvgPool2d) and shortcut[1].stride == (1, 1)
    maps = torch.arange(9.0).view(1, 1, 3, 3)
    # odd size: the last row and column are means of the pixels that are there
    assert shortcut[0](maps).flatten().tolist() == [2.0, 3.5, 6.5, 8.0]


@pytest.mark.parametrize('bands', [1, 5])
def test_any_number_of_bands(bands):
    net = ResNetV1c(18, bands, **TINY)
    assert net(torch.randn(2, bands, 33, 33))[3].shape == (2, 32, 2, 2)


def test_start_weights():
    net = ResNetV1c(50, **TINY)
    assert all(block.bn3.weight.abs().sum() == 0 for block in net.layer2)
    assert (net.layer2[0].bn1.weight == 1).all()
    deviation = net.layer4[1].conv2.weight.std().item()  # 32 planes, 3x3: fan out 288
    assert deviation == pytest.approx((2 / 288) ** 0.5, rel=0.05)
    plain = ResNetV1c(18, zero_init_residual=False, **TINY)
    assert (plain.layer1[0].bn2.weight == 1).all()


def test_modes_return_the_network_itself():
    net = ResNet(18, **TINY)
    assert net.eval() is net and net.train() is net


def test_frozen_stages_do_not_train():
    net = ResNetV1c(18, frozen_stages=1, **TINY).train()
    assert not net.stem.training and not net.layer1.training and net.layer2.training
    grads = {name: p.requires_grad for name, p in net.named_parameters()}
    assert not any(g for name, g in grads.items() if name.startswith(('stem', 'layer1')))
    assert all(g for name, g in grads.items() if name.startswith(('layer2', 'layer3', 'layer4')))
    only_stem = ResNet(18, frozen_stages=0, **TINY).train()
    assert not only_stem.bn1.training and only_stem.layer1.training


def test_norm_eval_keeps_statistics():
    net = ResNet(18, norm_eval=True, **TINY).train()
    before = net.bn1.running_mean.clone()
    net(torch.randn(2, 3, 32, 32))
    assert torch.equal(net.bn1.running_mean, before) and net.conv1.training


def test_group_norm_is_named_gn():
    net = ResNet(18, norm_cfg={'type': 'GN', 'num_groups': 2}, **TINY)
    assert {'gn1.weight', 'layer1.0.gn2.bias'} <= set(net.state_dict())
    assert net(torch.randn(1, 3, 16, 16))[0].shape == (1, 4, 4, 4)


def test_the_given_config_is_left_alone():
    norm_cfg = {'type': 'BN', 'requires_grad': False}
    net = ResNet(18, norm_cfg=norm_cfg, **TINY)
    assert norm_cfg == {'type': 'BN', 'requires_grad': False}
    assert not net.bn1.weight.requires_grad


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        ({'depth': 20}, r'depth must be one of \[18, 34, 50, 101, 152\], got 20'),
        ({'depth': 18, 'strides': (1, 2)}, 'strides must have one entry for each of the 4'),
        ({'depth': 18, 'dilations': (1,)}, 'dilations must have one entry'),
        ({'depth': 18, 'out_indices': (4,)}, 'out_indices must be stages from 0 to 3'),
        ({'depth': 18, 'num_stages': 5}, 'num_stages must be 1 to 4'),
        ({'depth': 18, 'style': 'tf'}, "style must be 'pytorch' or 'caffe', got 'tf'"),
        ({'depth': 18, 'frozen_stages': 5}, 'frozen_stages must be -1 to 4'),
        ({'depth': 50, 'multi_grid': (1, 2)}, 'multi_grid must name a dilation for each of the 3'),
        ({'depth': 18, 'pretrained': 'a', 'init_cfg': {'type': 'Pretrained'}}, 'must not both'),
        ({'depth': 18, 'norm_cfg': {'type': 'BN', 'groups': 2}}, 'norm_cfg=.* does not fit'),
        ({'depth': 18, 'norm_cfg': {'type': 'SynBN'}}, 'SyncBN|BatchNorm'),
    ],
)
def test_wrong_options_are_refused(options, message):
    with pytest.raises(ConfigError, match=message):
        ResNet(**options)
