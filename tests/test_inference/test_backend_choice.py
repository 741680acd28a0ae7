"""What may be asked for, what is missing, and what tells one network from another."""

from __future__ import annotations

import pytest
import torch

from mmseg_deeplab.inference.backends import (
    EngineChoice,
    OnnxRuntimePredictor,
    OpenVINOPredictor,
    export_onnx,
    fingerprint,
)
from mmseg_deeplab.inference.backends import choice as choice_module
from mmseg_deeplab.utils.errors import ConfigError

from .test_backends import Small


def test_fingerprint_tells_networks_apart():
    def build(change=None, **settings):
        torch.manual_seed(1)
        network = Small(**settings)
        if change is not None:
            change(network)
        return fingerprint(network)

    def one_weight(network):
        with torch.no_grad():
            network.logits.bias[0] += 1e-6

    def one_statistic(network):
        network.norm.running_mean[0] += 1

    def setting(network):
        network.conv.dilation = (2, 2)

    def epsilon(network):
        network.norm.eps = 1e-3

    def own(network):
        network.ratio = 0.5

    changes = (one_weight, one_statistic, setting, epsilon, own)
    keys = {build(), build(classes=1), *map(build, changes), fingerprint(Small(), ('int8',))}
    assert len(keys) == 3 + len(changes)
    assert build(lambda network: setattr(network, 'init_cfg', {'type': 'Xavier'})) == build()
    assert build() == build()  # and so in another process: see the cache's tests


def test_choice_is_checked():
    assert EngineChoice().is_plain and EngineChoice('openvino').is_exported
    assert not EngineChoice('torch', 'bf16').is_exported
    with pytest.raises(ConfigError, match="backend must be one of .*got 'tensorrt'"):
        EngineChoice('tensorrt')
    with pytest.raises(ConfigError, match='int8 is there with backend openvino'):
        EngineChoice('torch', 'int8')
    with pytest.raises(ConfigError, match='bf16 is there with backend torch or openvino'):
        EngineChoice('onnxruntime', 'bf16')
    with pytest.raises(ConfigError, match="must be one of .*got 'fp8'"):
        EngineChoice('openvino', 'fp8')
    assert EngineChoice('openvino').device(None) == 'cpu'
    assert EngineChoice('torch').device('cuda:1') == 'cuda:1'
    with pytest.raises(ConfigError, match="computes on the CPU, got device 'cuda'"):
        EngineChoice('openvino').device('cuda')


@pytest.mark.parametrize(
    ('package', 'extra', 'use'),
    [
        ('openvino', 'fast', lambda: OpenVINOPredictor(b'')),
        ('onnxruntime', 'fast', lambda: OnnxRuntimePredictor(b'')),
        ('onnx', 'fast', lambda: export_onnx(Small())),
    ],
)
def test_missing_package_gives_the_line_to_type(package, extra, use, monkeypatch):
    def absent(name):
        raise ImportError(f'No module named {name!r}')

    monkeypatch.setattr(choice_module, 'import_module', absent)
    line = rf'{package} cannot be imported.*pip install "\.\[{extra}\]".*or: pip install {package}'
    with pytest.raises(ConfigError, match=line):
        use()
