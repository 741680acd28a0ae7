"""Layers: names, bias rule, norms by name, resizing."""

from __future__ import annotations

import subprocess
import sys

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from mmseg_deeplab.models.utils import (
    ConvNormAct,
    DepthwiseSeparableConvNormAct,
    build_activation,
    build_norm,
    resize,
)
from mmseg_deeplab.registry import MODELS
from mmseg_deeplab.utils.errors import ConfigError


def test_conv_norm_act_is_its_three_parts():
    layer = ConvNormAct(3, 4, 3, padding=2, dilation=2, norm_cfg={'type': 'BN'}).eval()
    nn.init.uniform_(layer.bn.running_mean)
    maps = torch.randn(1, 3, 5, 7)
    convolved = F.conv2d(maps, layer.conv.weight, padding=2, dilation=2)
    wanted = F.relu(layer.bn(convolved))
    torch.testing.assert_close(layer(maps), wanted)
    assert layer.conv.bias is None


def test_without_norm_there_is_a_bias_and_without_activation_negatives():
    layer = ConvNormAct(3, 4, 1, act_cfg=None)
    assert list(layer.state_dict()) == ['conv.weight', 'conv.bias']
    assert layer.conv.bias.abs().sum() == 0 and layer(torch.randn(1, 3, 4, 4)).min() < 0


def test_separable_convolution_mixes_channels_only_in_its_second_half():
    layer = DepthwiseSeparableConvNormAct(4, 6, 3, padding=1, norm_cfg={'type': 'BN'})
    assert layer.depthwise_conv.conv.weight.shape == (4, 1, 3, 3)
    assert layer.pointwise_conv.conv.weight.shape == (6, 4, 1, 1)
    assert layer(torch.randn(2, 4, 5, 5)).shape == (2, 6, 5, 5)


@pytest.mark.parametrize(
    ('cfg', 'cls'),
    [
        ({'type': 'BN', 'eps': 1e-3, 'momentum': 0.01}, nn.BatchNorm2d),
        ({'type': 'BN2d'}, nn.BatchNorm2d),
        ({'type': 'SyncBN', 'requires_grad': True}, nn.SyncBatchNorm),
        ({'type': 'GN', 'num_groups': 2}, nn.GroupNorm),
        ({'type': 'IN', 'affine': True}, nn.InstanceNorm2d),
        ({'type': nn.BatchNorm2d}, nn.BatchNorm2d),
    ],
)
def test_norms_by_name(cfg, cls):
    norm = build_norm(cfg, 4)
    assert type(norm) is cls
    assert norm.eps == cfg.get('eps', 1e-5)


def test_layer_norm_is_over_channels():
    norm = build_norm({'type': 'LN'}, 4)
    maps = norm(torch.randn(2, 4, 3, 5) * 7 + 3)
    torch.testing.assert_close(maps.mean(dim=1), torch.zeros(2, 3, 5), atol=1e-6, rtol=0)


def test_a_registered_norm_is_found():
    @MODELS.register_module(name='HalfNorm', force=True)
    class HalfNorm(nn.Module):
        def __init__(self, num_features):
            super().__init__()
            self.scale = nn.Parameter(torch.full((num_features, 1, 1), 0.5))

        def forward(self, maps):
            return maps * self.scale

    layer = ConvNormAct(2, 3, 1, norm_cfg={'type': 'HalfNorm', 'requires_grad': False})
    assert 'norm_layer.scale' in layer.state_dict() and not layer.norm.scale.requires_grad


@pytest.mark.slow
def test_norms_need_no_mmcv():
    code = (
        'import sys; from mmseg_deeplab.models.utils import build_norm; '
        "build_norm({'type': 'SyncBN'}, 4); sys.exit('mmcv' in sys.modules)"
    )
    assert subprocess.run([sys.executable, '-c', code], timeout=120).returncode == 0


def test_wrong_layers_are_refused():
    with pytest.raises(ConfigError, match='norm_cfg=.*does not fit GroupNorm'):
        build_norm({'type': 'GN', 'num_groups': 3}, 4)
    with pytest.raises(ConfigError, match='act_cfg=.*does not fit ReLU'):
        build_activation({'type': 'ReLU', 'slope': 1})
    assert build_activation({'type': 'LeakyReLU', 'negative_slope': 0.2}).inplace


def test_resize_aligns_as_told():
    ramp = torch.tensor([[[[0.0, 1.0]]]])
    assert resize(ramp, (1, 4), mode='bilinear', align_corners=False).flatten().tolist() == [
        0,
        0.25,
        0.75,
        1,
    ]
    aligned = resize(ramp, (1, 4), mode='bilinear', align_corners=True).flatten()
    torch.testing.assert_close(aligned, torch.tensor([0, 1 / 3, 2 / 3, 1]))
    assert resize(ramp, (1, 2), mode='bilinear', align_corners=False) is ramp
