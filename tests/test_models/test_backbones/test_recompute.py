"""``with_cp``: the same gradients with inner maps computed twice."""

from __future__ import annotations

import pytest
import torch

from mmseg_deeplab.registry import MODELS

NARROW = {'stem_channels': 4, 'base_channels': 4, 'num_stages': 2}
NARROW |= {'strides': (1, 2), 'dilations': (1, 1), 'out_indices': (0, 1)}


@pytest.mark.parametrize(
    ('cfg', 'weight'),
    [
        ({'type': 'ResNet', 'depth': 50, **NARROW}, 'layer1.0.conv2.weight'),
        ({'type': 'ResNeSt', 'depth': 50, **NARROW}, 'layer1.0.conv2.fc1.weight'),
        ({'type': 'MobileNetV2', 'widen_factor': 0.25}, 'layer1.0.conv.0.conv.weight'),
        ({'type': 'UNet', 'base_channels': 2}, 'encoder.1.1.convs.0.conv.weight'),
    ],
)
def test_recomputing_gives_the_same_gradients(cfg, weight):
    images, grads, passes = torch.randn(2, 3, 16, 16), [], []
    for with_cp in (False, True):
        torch.manual_seed(0)
        net = MODELS.build(cfg | {'with_cp': with_cp})
        if 'depth' in cfg:  # blocks that start as the identity have no inner gradient
            for name, parameter in net.named_parameters():
                if name.endswith('bn3.weight'):
                    torch.nn.init.ones_(parameter)
        own = net.get_submodule(weight.removesuffix('.weight'))
        own.register_forward_hook(lambda *_: passes.append(1))
        sum(maps.square().sum() for maps in net(images)).backward()
        grads.append(own.weight.grad)
    torch.testing.assert_close(*grads)
    assert grads[0].abs().sum() > 0 and len(passes) == 3  # once, then once and once more
