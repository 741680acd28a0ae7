"""What MMSegmentation's ResNet takes besides: other convolutions, plugins."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from mmseg_deeplab.models.backbones import ResNet, ResNetV1c
from mmseg_deeplab.registry import MODELS
from mmseg_deeplab.utils.errors import ConfigError

TINY = {'stem_channels': 4, 'base_channels': 4}


@pytest.fixture(autouse=True)
def own_layers():
    @MODELS.register_module(name='ZeroPaddedConv', force=True)
    class ZeroPaddedConv(nn.Conv2d):
        pass

    @MODELS.register_module(name='Doubling', force=True)
    class Doubling(nn.Module):
        _abbr_ = 'twice'

        def __init__(self, in_channels):
            super().__init__()
            self.in_channels = in_channels

        def forward(self, maps):
            return maps * 2


def test_every_convolution_is_of_the_kind_asked_for():
    net = ResNetV1c(18, conv_cfg={'type': 'ZeroPaddedConv'}, **TINY)
    kinds = {type(m).__name__ for m in net.modules() if isinstance(m, nn.Conv2d)}
    assert kinds == {'ZeroPaddedConv'}


def test_dcn_replaces_the_3x3_convolutions_of_chosen_stages():
    options = {'stage_with_dcn': (False, False, True, True), **TINY}
    net = ResNet(50, dcn={'type': 'ZeroPaddedConv'}, **options)
    kinds = [type(getattr(net, f'layer{i}')[1].conv2).__name__ for i in (1, 2, 3, 4)]
    assert kinds == ['Conv2d', 'Conv2d', 'ZeroPaddedConv', 'ZeroPaddedConv']
    net = ResNet(50, dcn={'type': 'ZeroPaddedConv', 'fallback_on_stride': True}, **options)
    assert type(net.layer3[0].conv2).__name__ == 'Conv2d'


def test_plugins_are_applied_where_they_are_put():
    plugin = {'cfg': {'type': 'Doubling'}, 'position': 'after_conv2'}
    stages = {'stages': (False, False, True, False)}
    plain, doubled = (
        ResNet(50, plugins=plugins, zero_init_residual=False, **TINY).eval()
        for plugins in (None, [plugin | stages])
    )
    doubled.load_state_dict(plain.state_dict())
    maps = torch.randn(1, 32, 6, 6)
    block, other = plain.layer3[0], doubled.layer3[0]
    assert other.twice.in_channels == 16 and not hasattr(doubled.layer2[0], 'twice')
    inner = torch.relu(block.bn1(block.conv1(maps)))
    inner = 2 * torch.relu(block.bn2(block.conv2(inner)))
    wanted = torch.relu(block.bn3(block.conv3(inner)) + block.downsample(maps))
    torch.testing.assert_close(other(maps), wanted)
    assert plugin == {'cfg': {'type': 'Doubling'}, 'position': 'after_conv2'}


def test_two_plugins_follow_each_other():
    cfgs = [{'type': 'Doubling', 'postfix': k} for k in (1, 2)]
    plugins = [{'cfg': cfg, 'position': 'after_conv3'} for cfg in cfgs]
    block = ResNet(50, plugins=plugins, zero_init_residual=False, **TINY).eval().layer1[1]
    maps = torch.rand(1, 16, 5, 5)
    with_both = block(maps)
    block._plugin_names = [[], [], []]
    branch = block._branch(maps)
    torch.testing.assert_close(with_both, torch.relu(4 * branch + maps))


@pytest.mark.parametrize(
    ('depth', 'options', 'message'),
    [
        (18, {'dcn': {'type': 'DCN'}, 'stage_with_dcn': (True,) * 4}, 'must be for bottlenecks'),
        (18, {'plugins': [{'cfg': {}, 'position': 'after_conv1'}]}, 'must be for bottlenecks'),
        (50, {'dcn': {'type': 'DCNv2'}, 'stage_with_dcn': (True,) * 4}, 'compiled operation'),
        (50, {'dcn': {'type': 'DCNv2'}, 'stage_with_dcn': (True,)}, 'stage_with_dcn must have'),
        (50, {'plugins': [{'cfg': {}, 'position': 'before'}]}, 'a plugin must be dict'),
        (
            50,
            {'plugins': [{'cfg': {'type': 'Doubling'}, 'position': 'after_conv1'}] * 2},
            "two plugins of a block are named 'twice'",
        ),
        (
            50,
            {'plugins': [{'cfg': {}, 'position': 'after_conv1', 'stages': (True,)}]},
            'stages of a plugin must have',
        ),
        (50, {'conv_cfg': {'type': 'Conv3'}}, 'not a registered model'),
    ],
)
def test_wrong_options_are_refused(depth, options, message):
    with pytest.raises(ConfigError, match=message):
        ResNet(depth, **options, **TINY)


def test_an_unknown_depth_is_a_key_error_with_a_plain_message():
    with pytest.raises(KeyError) as caught:
        ResNet(20)
    assert str(caught.value) == 'depth must be one of [18, 34, 50, 101, 152], got 20'
