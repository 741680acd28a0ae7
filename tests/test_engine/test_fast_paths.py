"""Which fast ways a machine gets, and that they change nothing but the speed."""

from __future__ import annotations

import copy
import json

import pytest
import torch

from mmseg_deeplab import deeplabv3plus
from mmseg_deeplab.engine import fast_paths
from mmseg_deeplab.engine.fast_paths import (
    Measured,
    explain,
    go_on_as_before,
    is_fast,
    use_fast_paths,
)
from mmseg_deeplab.utils.conv import FastConv2d
from mmseg_deeplab.utils.errors import ConfigError


@pytest.fixture
def fast(monkeypatch, tmp_path):
    """The user's default, with a cache folder of its own."""
    monkeypatch.setenv('MMSEG_DEEPLAB_SPEED', 'fast')
    monkeypatch.setenv('MMSEG_DEEPLAB_CACHE', str(tmp_path))
    monkeypatch.setattr(fast_paths, '_known', {})
    return tmp_path / 'fast_paths.json'


@pytest.fixture
def measurements(monkeypatch):
    """What is measured next, and how often it was."""
    results = [Measured(20.0, 10.0, '2026-01-01')]
    made = []

    def measure():
        made.append(results[-1])
        return results[-1]

    monkeypatch.setattr(fast_paths, '_measure', measure)
    return results, made


def flags(model):
    layers = [layer for layer in model.modules() if isinstance(layer, torch.nn.Conv2d)]
    return {isinstance(layer, FastConv2d) for layer in layers}


@pytest.mark.parametrize(('winograd_ms', 'chosen'), [(10.0, True), (19.0, False), (30.0, False)])
def test_the_faster_way_is_chosen_and_kept(fast, measurements, winograd_ms, chosen):
    results, made = measurements
    results.append(Measured(20.0, winograd_ms, '2026-01-01'))
    for _ in range(2):
        fast_paths._known.clear()  # as a new process
        model = torch.nn.Sequential(torch.nn.Conv2d(1, 1, 3), torch.nn.ReLU())
        use_fast_paths(model, 'cpu')
        assert flags(model) == {chosen}
    assert len(made) == 1
    (kept,) = json.loads(fast.read_text()).values()
    assert kept == {'plain_ms': 20.0, 'winograd_ms': winograd_ms, 'day': '2026-01-01'}


@pytest.mark.parametrize('content', ['{', '[]', '{"other": 3}', '{"KEY": {"a": 1}}'])
def test_a_file_that_says_nothing_is_measured_again(fast, measurements, content):
    fast.write_text(content.replace('KEY', fast_paths._machine()))
    assert fast_paths.measured().winograd
    assert fast_paths._machine() in json.loads(fast.read_text())


def test_a_process_chooses_once(fast, measurements):
    fast.mkdir()  # so that nothing can be kept there
    for _ in range(3):
        fast_paths.measured()
    assert len(measurements[1]) == 1


def test_a_cache_that_cannot_be_written_costs_nothing_else(fast, measurements, monkeypatch):
    fast.mkdir()
    assert fast_paths.measured().winograd


def test_real_figures(monkeypatch):
    monkeypatch.setattr(fast_paths, '_SIDE', 16)
    monkeypatch.setattr(fast_paths, '_ROUNDS', 1)
    found = fast_paths._measure()
    assert min(found.plain_ms, found.winograd_ms) > 0
    assert found.winograd == (found.winograd_ms < 0.9 * found.plain_ms)
    with torch.inference_mode(), torch.autocast('cpu'):
        assert fast_paths._measure().plain_ms > 0


def test_plain_and_other_devices_choose_nothing(fast, measurements, monkeypatch):
    model = torch.nn.Sequential(torch.nn.Conv2d(1, 1, 3))
    use_fast_paths(model, 'cuda')
    monkeypatch.setenv('MMSEG_DEEPLAB_SPEED', 'plain')
    use_fast_paths(model, 'cpu')
    assert flags(model) == {False}
    assert not measurements[1]
    assert explain('cpu') == 'speed: the plain ways, because MMSEG_DEEPLAB_SPEED=plain'
    assert 'nothing to choose' in explain('cuda:0')
    monkeypatch.setenv('MMSEG_DEEPLAB_SPEED', 'quick')
    with pytest.raises(ConfigError, match='must be fast or plain'):
        use_fast_paths(model, 'cpu')


@pytest.mark.parametrize('was_fast', [True, False])
def test_a_resumed_training_computes_as_before(fast, measurements, was_fast, monkeypatch):
    model = torch.nn.Sequential(torch.nn.Conv2d(1, 1, 3))
    use_fast_paths(model, 'cpu')
    go_on_as_before(model, 'cpu', was_fast)
    assert is_fast(model) == was_fast
    go_on_as_before(model, 'cpu', None)
    assert is_fast(model) == was_fast
    monkeypatch.setenv('MMSEG_DEEPLAB_SPEED', 'plain')
    go_on_as_before(model, 'cpu', not was_fast)
    assert is_fast(model) == was_fast


def test_the_choice_is_explained(fast, measurements):
    said = explain('cpu')
    assert "Winograd's way" in said and '20 ms plain' in said and str(fast) in said


def logits_loss_and_gradient(model, images, labels):
    with torch.no_grad():
        logits = model.eval()(images)
    loss = model.train().loss(images, labels)
    loss.backward()
    found = logits, loss.detach(), model.backbone.layer4[1].conv2.weight.grad
    return [tensor.double() for tensor in found]


@pytest.mark.slow
def test_a_whole_model_is_as_exact_as_the_plain_way(fast, measurements):
    """Errors of both ways against float64, whose noise an untrained network magnifies."""
    plain = deeplabv3plus(depth=18, num_classes=7)
    for layer in plain.modules():
        if isinstance(layer, torch.nn.Dropout2d):
            layer.p = 0.0
        if isinstance(layer, torch.nn.BatchNorm2d):  # else the residual branches give zero
            torch.nn.init.ones_(layer.weight)
    exact_one, fast_one = copy.deepcopy(plain).double(), copy.deepcopy(plain)
    use_fast_paths(fast_one, 'cpu')
    assert flags(fast_one) == {True} and flags(plain) == {False}
    images, labels = torch.randn(2, 3, 256, 256), torch.randint(0, 7, (2, 256, 256))
    exact = logits_loss_and_gradient(exact_one, images.double(), labels)
    found = [logits_loss_and_gradient(model, images, labels) for model in (plain, fast_one)]
    for wanted, one, other in zip(exact, *found, strict=True):
        plain_error, fast_error = ((tensor - wanted).norm() for tensor in (one, other))
        assert fast_error < 10 * plain_error + 1e-6 * wanted.norm()
