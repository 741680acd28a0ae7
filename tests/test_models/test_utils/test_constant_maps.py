"""Channels that are the same everywhere need no convolution: against the plain convolution."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn
from torch.nn.utils import parametrizations

from mmseg_deeplab.models.utils.constant_maps import convolve_with_constant

SIZES = [(1, 1), (1, 5), (2, 2), (2, 7), (3, 3), (4, 9), (13, 1), (17, 11)]


def plainly(conv: nn.Module, constant: Tensor, maps: list[Tensor]) -> Tensor:
    everywhere = constant.expand(-1, -1, *maps[0].shape[2:])
    return conv(torch.cat([everywhere, *maps], dim=1))


def inputs(size: tuple[int, int]) -> tuple[Tensor, list[Tensor]]:
    torch.manual_seed(0)
    constant = torch.randn(2, 2, 1, 1, dtype=torch.float64, requires_grad=True)
    maps = [torch.randn(2, width, *size, dtype=torch.float64) for width in (3, 1)]
    return constant, [maps[0].requires_grad_(), maps[1]]


@pytest.mark.parametrize('size', SIZES)
@pytest.mark.parametrize('side', [1, 3])
@pytest.mark.parametrize('bias', [False, True])
def test_values_and_gradients_are_those_of_the_plain_convolution(size, side, bias):
    constant, maps = inputs(size)
    conv = nn.Conv2d(6, 4, side, padding=side // 2, bias=bias).double()
    found, wanted = (
        function(conv, constant, maps) for function in (convolve_with_constant, plainly)
    )
    torch.testing.assert_close(found, wanted, rtol=0, atol=1e-14)
    weights = torch.randn_like(found)
    sources = [constant, maps[0], *conv.parameters()]
    found, wanted = (torch.autograd.grad((y * weights).sum(), sources) for y in (found, wanted))
    for mine, theirs in zip(found, wanted, strict=True):
        torch.testing.assert_close(mine, theirs, rtol=0, atol=1e-12)


@pytest.mark.parametrize(
    'changes',
    [
        {'kernel_size': 5, 'padding': 2},
        {'kernel_size': 3, 'padding': 2, 'dilation': 2},
        {'kernel_size': 3, 'padding': 1, 'stride': 2},
        {'kernel_size': 3, 'padding': 1, 'groups': 2},
        {'kernel_size': 3, 'padding': 1, 'padding_mode': 'reflect'},
        {'kernel_size': 3, 'padding': 0},
    ],
)
def test_other_convolutions_are_computed_as_they_stand(changes):
    constant, maps = inputs((8, 7))
    conv = nn.Conv2d(6, 4, **changes).double()
    assert torch.equal(convolve_with_constant(conv, constant, maps), plainly(conv, constant, maps))


def test_a_hook_on_the_convolution_sees_its_whole_input():
    constant, maps = inputs((4, 4))
    conv, seen = nn.Conv2d(6, 4, 3, padding=1).double(), []
    conv.register_forward_hook(lambda module, given, result: seen.append(given[0].shape))
    convolve_with_constant(conv, constant, maps)
    assert seen == [(2, 6, 4, 4)]


def test_a_parametrised_convolution_keeps_its_own_weight():
    constant, maps = inputs((4, 4))
    conv = parametrizations.weight_norm(nn.Conv2d(6, 4, 3, padding=1).double())
    assert torch.equal(convolve_with_constant(conv, constant, maps), plainly(conv, constant, maps))
