"""The convolution layer with two ways to compute."""

from __future__ import annotations

import copy

import pytest
import torch
from torch import nn

from mmseg_deeplab.models.utils import conv as module
from mmseg_deeplab.models.utils.conv import Conv2d


@pytest.fixture
def calls(monkeypatch):
    """The tiles of the calls that go Winograd's way, and small layers that are enough for it."""
    seen, compute = [], module.winograd_conv2d

    def watched(maps, weight, *, dilation, tile):
        seen.append(tile)
        return compute(maps, weight, dilation=dilation, tile=tile)

    monkeypatch.setattr(module, 'winograd_conv2d', watched)
    monkeypatch.setattr(module, '_LEAST_PRODUCTS', 1)
    monkeypatch.setattr(module, '_LEAST_TILES', 4)
    return seen


def layer(**options):
    made = Conv2d(4, 6, **({'kernel_size': 3, 'padding': 1} | options))
    made.winograd = True
    return made


@pytest.mark.parametrize('bias', [True, False])
@pytest.mark.parametrize(('side', 'dilation', 'tile'), [(16, 1, 4), (16, 2, 4), (6, 1, 2)])
def test_both_ways_give_the_same(calls, side, dilation, tile, bias):
    fast = layer(padding=dilation, dilation=dilation, bias=bias)
    plain = copy.deepcopy(fast)
    plain.winograd = False
    maps = torch.randn(2, 4, side, side)
    torch.testing.assert_close(fast(maps), plain(maps), rtol=1e-4, atol=1e-5)
    assert calls == [tile]


@pytest.mark.parametrize(
    'options',
    [
        {'kernel_size': 1, 'padding': 0},
        {'kernel_size': 5, 'padding': 2},
        {'stride': 2},
        {'padding': 0},
        {'padding': (1, 2), 'dilation': (1, 2)},
        {'groups': 2},
        {'padding_mode': 'reflect'},
    ],
)
def test_other_convolutions_go_the_plain_way(calls, options):
    made = layer(**options)
    wanted = nn.Conv2d(4, 6, **({'kernel_size': 3, 'padding': 1} | options))
    wanted.load_state_dict(made.state_dict())
    maps = torch.randn(2, 4, 16, 16)
    assert torch.equal(made(maps), wanted(maps))
    assert not calls


def test_other_numbers_small_maps_and_exports_go_the_plain_way(calls):
    fast, maps = layer(), torch.randn(2, 4, 16, 16)
    with torch.autocast('cpu', dtype=torch.bfloat16):
        fast(maps)
    fast(torch.randn(1, 4, 3, 3))
    torch.jit.trace(fast, maps, check_trace=False)
    copy.deepcopy(fast).double()(maps.double())
    assert not calls


def test_a_compiled_layer_goes_the_plain_way(calls):
    fast, maps = layer(), torch.randn(2, 4, 16, 16)
    torch.compile(fast, backend='eager')(maps)
    assert not calls


def test_it_is_off_at_first_and_needs_enough_channels():
    assert Conv2d(256, 256, 3, padding=1).winograd is False
    narrow = Conv2d(64, 64, 3, padding=1)
    narrow.winograd = True
    assert narrow._tile(torch.zeros(1, 64, 64, 64), narrow.weight) == 0
    wide = Conv2d(256, 256, 3, padding=1)
    assert wide._tile(torch.zeros(1, 256, 64, 64), wide.weight) == 4
    assert wide._tile(torch.zeros(1, 256, 32, 32), wide.weight) == 2
    assert wide._tile(torch.zeros(1, 256, 8, 8), wide.weight) == 0
