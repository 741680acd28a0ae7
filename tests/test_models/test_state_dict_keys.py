"""State-dict names, shapes and counts are a contract with every published checkpoint."""

from __future__ import annotations

import pytest
import torch

from mmseg_deeplab import deeplabv3, deeplabv3plus
from mmseg_deeplab.registry import MODELS

from .tiny import zoo_cfg

NORM = ('weight', 'bias', 'running_mean', 'running_var', 'num_batches_tracked')


def build(cfg):
    with torch.device('meta'):
        return MODELS.build(cfg)


def count(model):
    return len(model.state_dict()), sum(p.numel() for p in model.parameters())


@pytest.mark.parametrize(
    ('depth', 'classes', 'keys', 'backbone', 'tracked', 'parameters'),
    [
        (18, 7, 226, 132, 37, 12_466_634),
        (18, 6, 226, 132, 37, 12_466_440),
        (18, 16, 226, 132, 37, 12_468_380),
        (50, 7, 424, 330, 70, 43_580_638),
        (50, 6, 424, 330, 70, 43_579_868),
        (50, 16, 424, 330, 70, 43_587_568),
        (50, 19, 424, 330, 70, 43_589_878),
        (101, 7, 730, 636, 121, 62_572_766),
        (101, 6, 730, 636, 121, 62_571_996),
    ],
)
def test_v3plus_counts(depth, classes, keys, backbone, tracked, parameters):
    model = build(zoo_cfg(depth, classes))
    names = list(model.state_dict())
    assert count(model) == (keys, parameters)
    assert sum(name.startswith('backbone.') for name in names) == backbone
    assert sum(name.startswith('decode_head.') for name in names) == 86
    assert sum(name.startswith('auxiliary_head.') for name in names) == 8
    assert sum(name.endswith('num_batches_tracked') for name in names) == tracked


def test_d16_multi_grid_counts():
    model = build(zoo_cfg(101, 19, d16=True, multi_grid=(1, 2, 4)))
    assert count(model) == (730, 62_582_006)


@pytest.mark.parametrize(
    ('depth', 'keys', 'backbone', 'tracked', 'parameters'),
    [(18, 214, 120, 35, 12_449_730), (50, 412, 318, 68, 43_570_646)],
)
def test_plain_stem_counts(depth, keys, backbone, tracked, parameters):
    model = build(zoo_cfg(depth, 19, stem='ResNet'))
    names = list(model.state_dict())
    assert count(model) == (keys, parameters)
    assert sum(name.startswith('backbone.') for name in names) == backbone
    assert sum(name.endswith('num_batches_tracked') for name in names) == tracked
    assert model.state_dict()['backbone.conv1.weight'].shape == (64, 3, 7, 7)
    assert model.state_dict()['backbone.bn1.running_var'].shape == (64,)


@pytest.mark.parametrize(
    ('depth', 'classes', 'keys', 'backbone', 'parameters'),
    [
        (18, 19, 178, 132, 13_986_374),
        (50, 150, 376, 330, 68_213_900),
        (50, 19, 376, 330, 68_113_030),
        (101, 19, 682, 636, 87_105_158),
    ],
)
def test_v3_counts(depth, classes, keys, backbone, parameters):
    model = build(zoo_cfg(depth, classes, v3plus=False))
    names = list(model.state_dict())
    assert count(model) == (keys, parameters)
    assert sum(name.startswith('backbone.') for name in names) == backbone
    assert sum(name.startswith('decode_head.') for name in names) == 38
    assert sum(name.startswith('auxiliary_head.') for name in names) == 8


@pytest.mark.parametrize(
    ('depth', 'keys', 'parameters'),
    [
        (18, 132, 11_195_744),
        (34, 228, 21_303_904),
        (50, 330, 23_527_264),
        (101, 636, 42_519_392),
        (152, 942, 58_163_040),
    ],
)
def test_backbone_counts(depth, keys, parameters):
    assert count(build({'type': 'ResNetV1c', 'depth': depth})) == (keys, parameters)


def norm(name, channels):
    """The five entries of a batch norm."""
    return [(f'{name}.{entry}', (channels,)) for entry in NORM[:4]] + [(f'{name}.{NORM[4]}', ())]


def conv_norm(name, *shape):
    return [(f'{name}.conv.weight', shape), *norm(f'{name}.bn', shape[0])]


def separable(name, before, after):
    depthwise = conv_norm(f'{name}.depthwise_conv', before, 1, 3, 3)
    return depthwise + conv_norm(f'{name}.pointwise_conv', after, before, 1, 1)


def backbone_entries(depth):
    """Section 3.1: deep stem, then blocks with their shortcut last."""
    basic = depth == 18
    blocks = {18: (2, 2, 2, 2), 50: (3, 4, 6, 3), 101: (3, 4, 23, 3)}[depth]
    entries = []
    for index, shape in ((0, (32, 3, 3, 3)), (3, (32, 32, 3, 3)), (6, (64, 32, 3, 3))):
        entries.append((f'backbone.stem.{index}.weight', shape))
        entries += norm(f'backbone.stem.{index + 1}', shape[0])
    before = 64
    for layer, planes in enumerate((64, 128, 256, 512)):
        out = planes if basic else 4 * planes
        for block in range(blocks[layer]):
            name = f'backbone.layer{layer + 1}.{block}'
            kernels = [(planes, before, 3), (planes, planes, 3)]
            if not basic:
                kernels = [(planes, before, 1), (planes, planes, 3), (out, planes, 1)]
            for number, (width, source, side) in enumerate(kernels, 1):
                entries.append((f'{name}.conv{number}.weight', (width, source, side, side)))
                entries += norm(f'{name}.bn{number}', width)
            if block == 0 and before != out:
                entries.append((f'{name}.downsample.0.weight', (out, before, 1, 1)))
                entries += norm(f'{name}.downsample.1', out)
            before = out
    return entries


def head_entries(small, classes, v3plus):
    """Sections 3.2 to 3.4."""
    deep, wide, low, projected = (512, 128, 64, 12) if small else (2048, 512, 256, 48)
    head = 'decode_head'
    entries = [(f'{head}.conv_seg.weight', (classes, wide, 1, 1))]
    entries += [(f'{head}.conv_seg.bias', (classes,))]
    entries += conv_norm(f'{head}.image_pool.1', wide, deep, 1, 1)
    entries += conv_norm(f'{head}.aspp_modules.0', wide, deep, 1, 1)
    for branch in (1, 2, 3):
        name = f'{head}.aspp_modules.{branch}'
        entries += separable(name, deep, wide) if v3plus else conv_norm(name, wide, deep, 3, 3)
    entries += conv_norm(f'{head}.bottleneck', wide, 5 * wide, 3, 3)
    if v3plus:
        entries += conv_norm(f'{head}.c1_bottleneck', projected, low, 1, 1)
        entries += separable(f'{head}.sep_bottleneck.0', wide + projected, wide)
        entries += separable(f'{head}.sep_bottleneck.1', wide, wide)
    third, narrow = (256, 64) if small else (1024, 256)
    entries += [('auxiliary_head.conv_seg.weight', (classes, narrow, 1, 1))]
    entries += [('auxiliary_head.conv_seg.bias', (classes,))]
    return entries + conv_norm('auxiliary_head.convs.0', narrow, third, 3, 3)


@pytest.mark.parametrize('v3plus', [True, False])
@pytest.mark.parametrize('depth', [18, 50, 101])
def test_every_name_and_shape_in_order(depth, v3plus):
    model = build(zoo_cfg(depth, 7, v3plus=v3plus))
    found = [(name, tuple(value.shape)) for name, value in model.state_dict().items()]
    assert found == backbone_entries(depth) + head_entries(depth == 18, 7, v3plus)
    assert model.state_dict()['backbone.stem.1.num_batches_tracked'].dtype == torch.int64


@pytest.mark.parametrize('v3plus', [True, False])
@pytest.mark.parametrize('depth', [18, 50])
def test_one_liners_have_the_same_keys(depth, v3plus):
    build_one = deeplabv3plus if v3plus else deeplabv3
    with torch.device('meta'):
        plain = build_one(depth, num_classes=7).state_dict()
    configured = build(zoo_cfg(depth, 7, v3plus=v3plus)).state_dict()
    assert {k: v.shape for k, v in plain.items()} == {k: v.shape for k, v in configured.items()}


def test_several_auxiliary_heads_are_numbered():
    cfg = zoo_cfg(18, 7)
    cfg['auxiliary_head'] = [cfg['auxiliary_head'], cfg['auxiliary_head']]
    names = list(build(cfg).state_dict())
    assert 'auxiliary_head.0.convs.0.conv.weight' in names
    assert 'auxiliary_head.1.conv_seg.bias' in names
