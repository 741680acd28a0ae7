"""ResNeSt: split attention against a loop over groups and branches, pooling, options."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F

from mmseg_deeplab.models.backbones import ResNeSt
from mmseg_deeplab.models.backbones.resnest_blocks import SplitAttentionConv2d
from mmseg_deeplab.utils.errors import ConfigError

from ..tiny import D8

TINY = {'stem_channels': 8, 'base_channels': 8}
BN = {'type': 'BN'}


@pytest.mark.parametrize(('groups', 'radix'), [(1, 2), (2, 3), (2, 1)])
def test_branches_are_weighed_by_the_whole_map(groups, radix):
    """Each group's scores are radix times its channels, one branch after the other."""
    channels = 4
    layer = SplitAttentionConv2d(12, channels, 3, 1, 1, 1, groups, radix, norm_cfg=BN).eval()
    maps = torch.randn(2, 12, 7, 5)
    branches = F.relu(layer.bn0(layer.conv(maps))).split(channels, dim=1)
    pooled = sum(branches).mean(dim=(2, 3), keepdim=True)
    scores = layer.fc2(F.relu(layer.bn1(layer.fc1(pooled))))
    wanted = torch.zeros(2, channels, 7, 5)
    per_group = channels // groups
    for channel in range(channels):
        group, place = divmod(channel, per_group)
        rows = [group * radix * per_group + r * per_group + place for r in range(radix)]
        own = scores[:, rows]
        weights = own.softmax(dim=1) if radix > 1 else own.sigmoid()
        for r in range(radix):
            wanted[:, channel] += weights[:, r] * branches[r][:, channel]
    torch.testing.assert_close(layer(maps), wanted)


def test_attention_is_never_narrower_than_32():
    assert SplitAttentionConv2d(8, 8, 3, norm_cfg=BN).fc1.weight.shape == (32, 8, 1, 1)
    wide = SplitAttentionConv2d(128, 128, 3, radix=2, reduction_factor=4, norm_cfg=BN)
    assert wide.fc1.weight.shape == (64, 128, 1, 1) and wide.fc1.bias is not None


def test_blocks_stride_by_pooling_or_by_convolution():
    pooled = ResNeSt(depth=50, **TINY).layer2[0]
    assert pooled.conv2.conv.stride == (1, 1) and pooled.avd_layer.stride == 2
    strided = ResNeSt(depth=50, avg_down_stride=False, **TINY).layer2[0]
    assert strided.conv2.conv.stride == (2, 2) and not hasattr(strided.avd_layer, 'stride')


def test_maps_are_as_announced():
    net = ResNeSt(depth=50, contract_dilation=True, **D8, **TINY).eval()
    maps = net(torch.randn(1, 3, 41, 64))
    assert net.out_strides == (4, 8, 8, 8) and net.out_channels == (32, 64, 128, 256)
    assert [tuple(m.shape[2:]) for m in maps] == [(11, 16), (6, 8), (6, 8), (6, 8)]
    assert [block.conv2.conv.dilation[0] for block in net.layer4] == [2, 4, 4]


def test_start_is_no_identity_unless_asked_for():
    assert (ResNeSt(depth=50, **TINY).layer1[0].bn3.weight == 1).all()
    assert (ResNeSt(depth=50, zero_init_residual=True, **TINY).layer1[0].bn3.weight == 0).all()


def test_unknown_depth_is_a_key_error_too():
    with pytest.raises(ConfigError, match=r'depth must be one of \[50, 101, 152, 200\], got 18'):
        ResNeSt(depth=18)
    with pytest.raises(KeyError):
        ResNeSt(depth=18)
