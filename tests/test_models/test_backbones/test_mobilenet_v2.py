"""MobileNetV2: widths, strides and dilations, freezing, options."""

from __future__ import annotations

import pytest
import torch

from mmseg_deeplab.models.backbones import MobileNetV2
from mmseg_deeplab.models.backbones.mobilenet_v2 import InvertedResidual, make_divisible
from mmseg_deeplab.utils.errors import ConfigError

D8 = {'strides': (1, 2, 2, 1, 1, 1, 1), 'dilations': (1, 1, 1, 2, 2, 4, 4)}
NARROW = {'widen_factor': 0.25}


def test_widths_are_the_papers():
    with torch.device('meta'):
        net = MobileNetV2(out_indices=range(7))
    assert net.out_channels == (16, 24, 32, 64, 96, 160, 320)
    assert net.conv1.conv.weight.shape == (32, 3, 3, 3)
    assert net.layer2[0].conv[0].conv.weight.shape == (96, 16, 1, 1)  # six times wider


@pytest.mark.parametrize(
    ('value', 'wanted'), [(32 * 1.4, 48), (24 * 1.4, 32), (16 * 0.25, 8), (24 * 0.35, 8), (20, 24)]
)
def test_channels_are_multiples_of_eight_and_not_far_below(value, wanted):
    assert make_divisible(value, 8) == wanted


def test_maps_are_as_announced():
    net = MobileNetV2(**NARROW, **D8).eval()
    maps = net(torch.randn(1, 3, 41, 64))
    assert net.out_strides == (4, 8, 8, 8)
    assert tuple(m.shape[1] for m in maps) == net.out_channels == (8, 8, 24, 80)
    assert [tuple(m.shape[2:]) for m in maps] == [(11, 16), (6, 8), (6, 8), (6, 8)]
    assert isinstance(MobileNetV2(**NARROW, out_indices=(6,))(torch.randn(2, 3, 32, 32)), tuple)


def test_only_the_first_block_of_a_layer_is_dilated():
    net = MobileNetV2(**NARROW, **D8)
    found = [[block.conv[-2].conv.dilation[0] for block in layer] for layer in net._stages()]
    assert found == [[1], [1, 1], [1, 1, 1], [2, 1, 1, 1], [2, 1, 1], [4, 1, 1], [4]]


def test_the_input_is_added_where_shapes_allow():
    block = InvertedResidual(4, 4, 1, 2).eval()
    maps = torch.randn(1, 4, 5, 7)
    torch.testing.assert_close(block(maps), maps + block.conv(maps))
    assert block.conv(maps).min() < 0  # no activation at the end
    wider = InvertedResidual(4, 6, 1, 2).eval()
    torch.testing.assert_close(wider(maps), wider.conv(maps))
    with pytest.raises(ConfigError, match='stride of an inverted residual must be 1 or 2, got 3'):
        InvertedResidual(4, 4, 3, 2)


def test_frozen_layers_and_norms_stay():
    net = MobileNetV2(**NARROW, frozen_stages=2, norm_eval=True).train()
    trained = {name.split('.')[0] for name, p in net.named_parameters() if p.requires_grad}
    assert trained == {'layer3', 'layer4', 'layer5', 'layer6', 'layer7'}
    before = net.layer4[0].conv[0].bn.running_mean.clone()
    net(torch.randn(2, 3, 32, 32))
    assert torch.equal(net.layer4[0].conv[0].bn.running_mean, before)
    assert not net.layer2.training and net.layer3.training


def test_five_bands():
    assert MobileNetV2(**NARROW, in_channels=5)(torch.randn(2, 5, 33, 32))[0].shape[2:] == (9, 8)


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        (
            {'strides': (1, 2)},
            r'strides must have one entry for each of the 7 layers, got \(1, 2\)',
        ),
        ({'dilations': (1,) * 8}, 'dilations must have one entry for each of the 7'),
        ({'out_indices': (1, 7)}, 'out_indices must be layers from 0 to 6'),
        ({'frozen_stages': 8}, 'frozen_stages must be -1 to 7, got 8'),
        ({'pretrained': 'a', 'init_cfg': {'type': 'Pretrained'}}, 'must not both'),
    ],
)
def test_wrong_options_are_refused(options, message):
    with pytest.raises(ConfigError, match=message):
        MobileNetV2(**options)
