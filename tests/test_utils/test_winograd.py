"""Winograd's way to convolve against PyTorch's."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F

from mmseg_deeplab.utils import winograd, winograd_tiles
from mmseg_deeplab.utils.winograd import tiles_of, winograd_conv2d

CASES = [  # images, channels in, channels out, height, width, dilation
    (2, 3, 5, 9, 7, 1),
    (1, 4, 2, 13, 22, 3),
    (2, 5, 3, 1, 1, 2),  # all taps but one meet the padding
    (1, 3, 4, 8, 16, 4),
    (3, 1, 1, 5, 30, 12),
]


def both(case, tile, dtype=torch.float64):
    images, inside, outside, height, width, dilation = case
    maps = torch.randn(images, inside, height, width, dtype=dtype, requires_grad=True)
    weight = torch.randn(outside, inside, 3, 3, dtype=dtype, requires_grad=True)
    wanted = F.conv2d(maps, weight, padding=dilation, dilation=dilation)
    return maps, weight, wanted, winograd_conv2d(maps, weight, dilation=dilation, tile=tile)


@pytest.mark.parametrize('tile', winograd.TILES)
@pytest.mark.parametrize('case', CASES)
def test_result_and_gradients_are_those_of_the_plain_convolution(case, tile):
    maps, weight, wanted, found = both(case, tile)
    torch.testing.assert_close(found, wanted, rtol=1e-12, atol=1e-12)
    gradient = torch.randn_like(wanted)
    for one, other in zip(
        torch.autograd.grad(found, (maps, weight), gradient),
        torch.autograd.grad(wanted, (maps, weight), gradient),
        strict=True,
    ):
        torch.testing.assert_close(one, other, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize('scratch', [1, 2_000, 20_000, 50_000])
def test_computed_in_parts_it_is_the_same(scratch, monkeypatch):
    """One tile row and one channel at a time; some of them; all channels and some images."""
    monkeypatch.setattr(winograd_tiles, 'SCRATCH_BYTES', scratch)
    maps, weight, wanted, found = both((5, 3, 4, 27, 10, 2), tile=2)
    torch.testing.assert_close(found, wanted, rtol=1e-12, atol=1e-12)
    gradient = torch.randn_like(wanted)
    sources = (maps, weight)
    both_ways = (torch.autograd.grad(result, sources, gradient) for result in (found, wanted))
    for one, other in zip(*both_ways, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize(('tile', 'bound'), [(2, 1e-6), (4, 5e-6)])
def test_rounding_in_float32(tile, bound):
    torch.manual_seed(0)
    maps, weight = torch.randn(1, 256, 32, 32), torch.randn(64, 256, 3, 3)
    exact = F.conv2d(maps.double(), weight.double(), padding=1)
    error = winograd_conv2d(maps, weight, tile=tile).double() - exact
    assert error.norm() < bound * exact.norm()


def test_memory_format_is_kept():
    maps, weight = torch.randn(2, 8, 12, 12), torch.randn(4, 8, 3, 3)
    assert winograd_conv2d(maps, weight).is_contiguous()
    last = maps.contiguous(memory_format=torch.channels_last)
    found = winograd_conv2d(last, weight)
    assert found.is_contiguous(memory_format=torch.channels_last)
    torch.testing.assert_close(found, winograd_conv2d(maps, weight))


def test_a_result_in_channels_last_can_be_changed_in_place():
    maps = torch.randn(1, 8, 16, 16).contiguous(memory_format=torch.channels_last)
    weight = torch.randn(4, 8, 3, 3, requires_grad=True)
    winograd_conv2d(maps, weight, tile=4).relu_().sum().backward()
    assert weight.grad is not None


def test_differentiated_twice():
    maps = torch.randn(1, 2, 6, 6, dtype=torch.float64, requires_grad=True)
    weight = torch.randn(3, 2, 3, 3, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradgradcheck(winograd_conv2d, (maps, weight))


def test_autocast_around_the_backward_pass_changes_nothing():
    grads = []
    for enabled in (False, True):
        torch.manual_seed(0)
        weight = torch.randn(4, 8, 3, 3, requires_grad=True)
        result = winograd_conv2d(torch.randn(1, 8, 16, 16), weight)
        with torch.autocast('cpu', enabled=enabled):
            result.sum().backward()
        grads.append(weight.grad)
    assert torch.equal(*grads)


def test_only_the_gradient_that_is_asked_for():
    maps = torch.randn(1, 3, 8, 8)
    weight = torch.randn(2, 3, 3, 3, requires_grad=True)
    winograd_conv2d(maps, weight).sum().backward()
    assert weight.grad is not None and maps.grad is None


def test_tiles_by_hand():
    assert tiles_of(8, 8, dilation=1, tile=4) == (4, 1.0)
    assert tiles_of(9, 8, dilation=1, tile=4) == (6, 72 / 96)
    assert tiles_of(8, 8, dilation=4, tile=4) == (16, 64 / 256)  # 4 x 4 grids of 2 x 2


def test_what_it_cannot_do_is_refused():
    with pytest.raises(ValueError, match='tile must be one of'):
        winograd_conv2d(torch.zeros(1, 2, 4, 4), torch.zeros(2, 2, 3, 3), tile=3)
    with pytest.raises(ValueError, match=r'weight must be \(O, 2, 3, 3\)'):
        winograd_conv2d(torch.zeros(1, 2, 4, 4), torch.zeros(2, 2, 1, 1))
    with pytest.raises(ValueError, match=r'maps must have pixels, got shape \(0, 2, 4, 4\)'):
        winograd_conv2d(torch.zeros(0, 2, 4, 4), torch.zeros(2, 2, 3, 3))
