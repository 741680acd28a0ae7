"""The first convolution for another number of bands, by hand."""

from __future__ import annotations

import pytest
import torch

from mmseg_deeplab.utils.first_conv import adapt_kernel, adapted

KERNEL = torch.tensor([[1.0, 2.0, 6.0], [-3.0, 0.0, 3.0]])[:, :, None, None]


@pytest.mark.parametrize(
    ('how', 'bands', 'expected'),
    [
        ('mean', 2, [[4.5, 4.5], [0, 0]]),
        ('mean', 1, [[9.0], [0]]),
        ('copy', 6, [[0.5, 1, 3, 0.5, 1, 3], [-1.5, 0, 1.5, -1.5, 0, 1.5]]),
        ('copy', 1, [[3.0], [-9]]),
    ],
)
def test_kernels(how, bands, expected):
    found = adapt_kernel(KERNEL, bands, how)
    torch.testing.assert_close(found[:, :, 0, 0], torch.tensor(expected, dtype=torch.float32))


@pytest.mark.parametrize('how', ['mean', 'copy'])
def test_equal_bands_give_what_they_gave(how):
    """A grey picture of 6 bands has the answer of one of 3."""
    kernel = torch.randn(4, 3, 3, 3)
    grey = torch.randn(1, 1, 5, 5)
    before = torch.conv2d(grey.expand(-1, 3, -1, -1), kernel)
    after = torch.conv2d(grey.expand(-1, 6, -1, -1), adapt_kernel(kernel, 6, how))
    torch.testing.assert_close(after, before, rtol=1e-4, atol=1e-5)


def test_half_precision_stays():
    assert adapt_kernel(KERNEL.half(), 5, 'mean').dtype == torch.float16


def test_only_a_difference_of_bands_is_adapted():
    own = {'stem.0.weight': torch.zeros(2, 5, 1, 1), 'layer.weight': torch.zeros(2, 3, 1, 1)}
    assert adapted({'stem.0.weight': KERNEL}, own, None) is None
    name, kernel = adapted({'stem.0.weight': KERNEL}, own, 'mean')
    assert name == 'stem.0.weight' and kernel.shape == (2, 5, 1, 1)
    assert adapted({'stem.0.weight': KERNEL[:1]}, own, 'mean') is None  # another width too
    assert adapted({'layer.weight': KERNEL[:, :1]}, own, 'mean') is None  # not the first
