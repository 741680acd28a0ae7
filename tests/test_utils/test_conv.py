"""The convolution layer with two ways to compute."""

from __future__ import annotations

import copy
import pickle

import pytest
import torch
from torch import nn

from mmseg_deeplab.utils import conv as module
from mmseg_deeplab.utils.conv import FastConv2d, convolve, hasten


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
    made = nn.Conv2d(4, 6, **({'kernel_size': 3, 'padding': 1} | options))
    hasten(made)
    return made


@pytest.mark.parametrize('bias', [True, False])
@pytest.mark.parametrize(('side', 'dilation', 'tile'), [(16, 1, 4), (16, 2, 4), (6, 1, 2)])
def test_both_ways_give_the_same(calls, side, dilation, tile, bias):
    fast = layer(padding=dilation, dilation=dilation, bias=bias)
    plain = copy.deepcopy(fast)
    hasten(plain, fast=False)
    maps = torch.randn(2, 4, side, side)
    torch.testing.assert_close(fast(maps), plain(maps), rtol=1e-4, atol=1e-5)
    assert calls == [tile]
    assert type(plain) is nn.Conv2d and type(fast) is FastConv2d


@pytest.mark.parametrize(
    'options',
    [
        {'kernel_size': 1, 'padding': 0},
        {'kernel_size': 5, 'padding': 2},
        {'stride': 2},
        {'padding': 0},
        {'padding': 'same'},
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


def test_other_inputs_and_exports_go_the_plain_way(calls):
    fast, maps = layer(), torch.randn(2, 4, 16, 16)
    with torch.autocast('cpu', dtype=torch.bfloat16):
        fast(maps)
    fast(torch.randn(1, 4, 3, 3))
    assert fast(input=torch.randn(4, 16, 16)).shape == (6, 16, 16)  # one image without a batch
    assert fast(torch.randn(0, 4, 16, 16)).shape == (0, 6, 16, 16)
    torch.jit.trace(fast, maps, check_trace=False)
    copy.deepcopy(fast).double()(maps.double())
    assert not calls


def test_a_compiled_layer_goes_the_plain_way(calls):
    fast, maps = layer(), torch.randn(2, 4, 16, 16)
    torch.compile(fast, backend='eager')(maps)
    assert not calls


def test_layers_of_other_classes_are_left_alone_and_the_rest_keeps_what_it_has():
    class Own(nn.Conv2d):
        pass

    model, seen = nn.Sequential(nn.Conv2d(1, 1, 3), Own(1, 1, 1), nn.ReLU()), []
    model[0].register_forward_hook(lambda *given: seen.append(given))
    before = {name: value.clone() for name, value in model.state_dict().items()}
    hasten(model)
    assert [type(one) for one in model] == [FastConv2d, Own, nn.ReLU]
    model(torch.randn(1, 1, 4, 4))
    assert len(seen) == 1
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    assert type(pickle.loads(pickle.dumps(layer()))) is FastConv2d  # noqa: S301


def test_some_channels(calls):
    fast, maps = layer(bias=True), torch.randn(2, 4, 16, 16)
    maps[:, :1] = 0
    found = convolve(fast, maps[:, 1:], fast.weight[:, 1:])
    torch.testing.assert_close(found, fast(maps), rtol=1e-4, atol=1e-5)
    assert calls == [4, 4]


def test_it_needs_enough_channels_and_tiles():
    narrow, wide = nn.Conv2d(64, 64, 3, padding=1), nn.Conv2d(256, 256, 3, padding=1)
    tiles = [
        module._tile(one, torch.zeros(1, one.in_channels, side, side), one.weight)
        for one, side in ((narrow, 64), (wide, 64), (wide, 32), (wide, 8))
    ]
    assert tiles == [0, 4, 2, 0]
