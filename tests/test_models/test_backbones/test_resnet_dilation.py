"""A dilated network is the strided one, looked at more densely."""

from __future__ import annotations

import pytest
import torch

from mmseg_deeplab.models.backbones import ResNetV1c

WIDTHS = {'stem_channels': 4, 'base_channels': 4}


def relative_error(depth, *, contract, style='pytorch'):
    """Largest difference of the last maps at shared pixels, by the largest value."""
    strided = ResNetV1c(depth, style=style, zero_init_residual=False, **WIDTHS)
    dense = ResNetV1c(
        depth,
        style=style,
        strides=(1, 2, 1, 1),
        dilations=(1, 1, 2, 4),
        contract_dilation=contract,
        zero_init_residual=False,
        **WIDTHS,
    )
    dense.load_state_dict(strided.state_dict())
    images = torch.randn(1, 3, 64, 64, dtype=torch.float64)
    with torch.no_grad():
        wanted = strided.double().eval()(images)[3]
        found = dense.double().eval()(images)[3][:, :, ::4, ::4]
    assert found.shape == wanted.shape == (1, wanted.shape[1], 2, 2)
    return ((found - wanted).abs().max() / wanted.abs().max()).item()


@pytest.mark.parametrize(('style', 'contract'), [('pytorch', True), ('caffe', False)])
def test_dilated_bottlenecks_equal_strided_ones(style, contract):
    """Caffe's stride comes before the 3x3 convolution, so there the full dilation is right."""
    assert relative_error(50, contract=contract, style=style) < 1e-12
    assert relative_error(50, contract=not contract, style=style) > 0.1


def test_basic_blocks_differ_for_parity_with_published_weights():
    assert relative_error(18, contract=True) > 0.1
