"""UNet: maps, joining, upsampling, sizes."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from mmseg_deeplab.models.backbones import UNet
from mmseg_deeplab.models.backbones.unet_blocks import DeconvModule, InterpConv, Upsample
from mmseg_deeplab.utils.errors import ConfigError, DataError

TINY = {'base_channels': 2}


def test_maps_are_as_announced_coarsest_first():
    net = UNet(**TINY).eval()
    maps = net(torch.randn(1, 3, 48, 32))
    assert net.out_strides == (16, 8, 4, 2, 1) and net.out_channels == (32, 16, 8, 4, 2)
    for found, stride, channels in zip(maps, net.out_strides, net.out_channels, strict=True):
        assert found.shape == (1, channels, 48 // stride, 32 // stride)


def test_forward_is_the_figure():
    lists = {'strides': (1, 1), 'enc_num_convs': (2, 1), 'dec_num_convs': (1,)}
    lists |= {'downsamples': (True,), 'enc_dilations': (1, 1), 'dec_dilations': (1,)}
    net = UNet(num_stages=2, **lists, **TINY).eval()
    images = torch.randn(1, 3, 8, 6)
    fine = net.encoder[0][0].convs(images)
    coarse = net.encoder[1][1].convs(nn.functional.max_pool2d(fine, 2))
    large = nn.functional.interpolate(coarse, scale_factor=2, mode='bilinear')
    large = net.decoder[0].upsample.interp_upsample[1](large)
    joined = net.decoder[0].conv_block.convs(torch.cat([fine, large], dim=1))
    found = net(images)
    torch.testing.assert_close(found[0], coarse)
    torch.testing.assert_close(found[1], joined)


def test_a_strided_stage_does_not_pool_and_a_flat_one_does_not_double():
    net = UNet(strides=(1, 2, 1, 1, 1), downsamples=(True, False, True, True), **TINY)
    kinds = [[type(layer).__name__ for layer in stage] for stage in net.encoder]
    assert kinds[:4] == [
        ['BasicConvBlock'],
        ['BasicConvBlock'],
        ['BasicConvBlock'],
        ['MaxPool2d', 'BasicConvBlock'],
    ]
    assert net.out_strides == (8, 4, 2, 2, 1)
    assert net(torch.randn(2, 3, 16, 16))[-1].shape == (2, 2, 16, 16)


def test_only_later_convolutions_of_a_stage_are_dilated():
    net = UNet(enc_dilations=(1, 1, 1, 1, 3), **TINY)
    assert [conv.conv.dilation[0] for conv in net.encoder[4][1].convs] == [1, 3]


def test_upsampling_layers():
    maps = torch.randn(1, 4, 3, 5)
    assert InterpConv(4, 6)(maps).shape == (1, 6, 6, 10)
    first = InterpConv(4, 6, conv_first=True).interp_upsample
    assert [type(layer).__name__ for layer in first] == ['ConvNormAct', 'Upsample']
    assert DeconvModule(4, 6)(maps).shape == (1, 6, 6, 10)
    assert DeconvModule(4, 6, kernel_size=3, scale_factor=3)(maps).shape == (1, 6, 9, 15)
    assert Upsample(scale_factor=1.5)(maps).shape == (1, 4, 4, 7)
    with pytest.raises(ConfigError, match='kernel_size of DeconvModule must be scale_factor'):
        DeconvModule(4, 6, kernel_size=3)


def test_sizes_that_cannot_be_halved_are_refused_with_a_way_out():
    with pytest.raises(DataError, match=r'multiples of 16, got 33 x 32; pad .*size_divisor=16'):
        UNet(**TINY)(torch.randn(1, 3, 33, 32))


def test_norms_in_evaluation_mode():
    net = UNet(norm_eval=True, **TINY).train()
    assert net.training and not net.encoder[0][0].convs[0].bn.training


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        ({'strides': (1, 1)}, r'strides must have 5 entries for this number of stages'),
        ({'downsamples': (True,) * 5}, 'downsamples must have 4 entries'),
        ({'dec_dilations': (1,)}, 'dec_dilations must have 4 entries'),
        ({'dcn': {'type': 'DCN'}}, 'dcn and plugins must be None'),
        ({'upsample_cfg': {'type': 'Interp'}}, 'InterpConv'),
        (
            {'upsample_cfg': {'type': 'InterpConv', 'upsample_cfg': {'scale': 2}}},
            r"upsample_cfg=.* does not fit Upsample: .*'scale'",
        ),
    ],
)
def test_wrong_options_are_refused(options, message):
    with pytest.raises(ConfigError, match=message):
        UNet(**TINY, **options)
