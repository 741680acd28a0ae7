"""SyncBN becomes BN without a change of weights or of numbers."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from mmseg_deeplab.utils.sync_bn import replace_sync_bn


def test_replaced_in_place_with_the_same_tensors():
    net = nn.Sequential(
        nn.Conv2d(3, 4, 1),
        nn.Sequential(nn.SyncBatchNorm(4, eps=1e-3, momentum=0.2), nn.ReLU()),
        nn.SyncBatchNorm(4, affine=False),
        nn.BatchNorm2d(4),
    )
    net[1][0].weight.requires_grad = False
    net[2].eval()
    before = dict(net.named_parameters())
    state = {name: value.clone() for name, value in net.state_dict().items()}
    images = torch.randn(2, 3, 5, 5)
    net.eval()
    wanted = net(images)
    net.train()
    net[2].eval()
    assert replace_sync_bn(net) == 2
    assert not any(isinstance(m, nn.SyncBatchNorm) for m in net.modules())
    assert type(net[1][0]) is nn.BatchNorm2d and net[1][0].eps == 1e-3
    assert net[1][0].momentum == 0.2 and net[1][0].training and not net[2].training
    assert all(parameter is before[name] for name, parameter in net.named_parameters())
    assert not net[1][0].weight.requires_grad
    assert list(net.state_dict()) == list(state)
    torch.testing.assert_close(net.eval()(images), wanted)


def test_statistics_move_as_before():
    sync = nn.Sequential(nn.SyncBatchNorm(3))
    plain = nn.Sequential(nn.BatchNorm2d(3))
    replace_sync_bn(sync)
    images = torch.randn(4, 3, 6, 6)
    torch.testing.assert_close(sync(images), plain(images))
    torch.testing.assert_close(sync.state_dict(), plain.state_dict())


def test_nothing_to_do_and_nothing_possible():
    assert replace_sync_bn(nn.Sequential(nn.BatchNorm2d(2))) == 0
    with pytest.raises(ValueError, match='must hold SyncBatchNorm layers'):
        replace_sync_bn(nn.SyncBatchNorm(2))
