"""Numbers of small models and names of full ones, made once with MMSegmentation 1.2.2.

``golden.json`` is written by ``benchmarks/parity/make_golden.py``.
"""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

import pytest
import torch

from mmseg_deeplab.registry import MODELS

from .tiny import sample

REPO = Path(__file__).resolve().parents[2]
GOLDEN = json.loads(Path(__file__).with_name('golden.json').read_text(encoding='utf-8'))


def script(name):
    """A module of ``benchmarks/parity``, which is no package."""
    path = REPO / 'benchmarks' / 'parity' / f'{name}.py'
    spec = importlib.util.spec_from_file_location(f'parity_{name}', path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


recipe = script('recipe')


def digest(model):
    import hashlib

    lines = [f'{name} {tuple(value.shape)}' for name, value in model.state_dict().items()]
    return hashlib.sha256('\n'.join(lines).encode()).hexdigest()[:16]


@pytest.mark.parametrize('name', GOLDEN['models'])
def test_small_models_have_the_peers_numbers(name):
    golden = GOLDEN['models'][name]
    model = MODELS.build(golden['cfg']).double()
    assert digest(model) == golden['state dict']
    recipe.fill(model)
    images = recipe.uniform('images', 2, 3, *golden['size']) * 2
    labels = recipe.integers('labels', 4, 2, *golden['size'])
    labels[1, :9] = 255
    with torch.no_grad():
        logits = model.eval()(images, mode='tensor')
    assert logits.norm().item() == pytest.approx(golden['norm'], rel=1e-9)
    assert logits.flatten()[::37][:12].tolist() == pytest.approx(golden['logits'], rel=1e-8)
    backwards = 'gradient norm' in golden
    with torch.set_grad_enabled(backwards):
        losses = model.train()(images, [sample(each) for each in labels], mode='loss')
    found = {key: value.item() for key, value in losses.items() if 'loss' in key}
    assert found == pytest.approx(golden['losses'], rel=1e-9)
    if backwards:
        model.parse_losses(losses)[0].backward()
        norms = [p.grad.norm() for p in model.parameters() if p.grad is not None]
        assert torch.stack(norms).norm().item() == pytest.approx(golden['gradient norm'], rel=1e-7)


@pytest.mark.parametrize('name', GOLDEN['full size'])
def test_full_models_have_the_peers_names_and_shapes(name):
    golden = GOLDEN['full size'][name]
    with torch.device('meta'):
        model = MODELS.build(golden['cfg'])
    assert len(model.state_dict()) == golden['entries']
    assert sum(p.numel() for p in model.parameters()) == golden['parameters']
    assert digest(model) == golden['state dict']


def test_the_recipe_is_what_the_numbers_were_made_with():
    """SplitMix64 by hand, for the first number: 64 bits, of which 53 are kept."""
    import zlib

    mask = 2**64 - 1
    state = (zlib.crc32(b'x') + 1) * 0x9E3779B97F4A7C15 & mask
    state = (state ^ state >> 30) * 0xBF58476D1CE4E5B9 & mask
    state = (state ^ state >> 27) * 0x94D049BB133111EB & mask
    state ^= state >> 31
    assert recipe.uniform('x', 3)[0].item() == (state >> 11) / 2**52 - 1
