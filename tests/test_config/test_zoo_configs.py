"""Every shipped config is read and checked, and holds what its name says."""

from __future__ import annotations

import pytest
import torch
from mmengine.config import Config

from mmseg_deeplab.config import check_config
from mmseg_deeplab.config.cross_check import class_names
from mmseg_deeplab.registry import MODELS

from .zoo import CONFIGS, DATASETS, OF_SYSTEMS, ZOO, config_of, training_sets

FAMILIES = {'deeplabv3': 45, 'deeplabv3plus': 47, 'mobilenet_v2': 4, 'resnest': 4, 'unet': 8}
DOMAINS = {f'deeplabv3plus_{b}-d8_4xb4-80k_loveda-{d}-512x512' for b in ('r18', 'r50')
           for d in ('r2u', 'u2r')}  # fmt: skip


def step(pipeline, kind):
    """The one step of a type."""
    (found,) = [step for step in pipeline if step.type == kind]
    return found


def test_the_list_is_whole():
    counts = dict.fromkeys(FAMILIES, 0)
    for name in set(ZOO) - DOMAINS:
        counts[CONFIGS[name].parent.name] += 1
    assert counts == FAMILIES
    assert set(ZOO) >= DOMAINS
    assert len(CONFIGS) == len(ZOO) + len(OF_SYSTEMS) + 3  # the examples


@pytest.mark.parametrize('name', [name for name in CONFIGS if name not in OF_SYSTEMS])
def test_config_is_right_and_agrees_with_itself(name):
    config = config_of(name)
    check_config(config)
    size = tuple(config.model.data_preprocessor.size)
    for dataset in training_sets(config):
        assert tuple(step(dataset.pipeline, 'RandomCrop').crop_size) == size
        assert len(class_names(dataset)) == config.model.decode_head.num_classes
    assert config.model.auxiliary_head.num_classes == config.model.decode_head.num_classes
    assert (config.num_classes, tuple(config.crop_size)) == (
        config.model.decode_head.num_classes,
        size,
    )
    assert config.param_scheduler[-1].end == config.train_cfg.max_iters
    window = config.model.test_cfg
    if window.mode == 'slide':
        assert tuple(window.crop_size) == size and window.stride[0] < size[0]
    scales, flips = config.tta_pipeline[1].transforms[:2]
    assert (len(scales), len(flips)) == (6, 2)


@pytest.mark.parametrize('name', ZOO)
def test_config_holds_what_its_name_says(name):
    words, config = ZOO[name], config_of(name)
    iterations = int(words['iters']) * 1000
    assert config.train_cfg.max_iters == iterations
    assert config.train_cfg.val_interval == iterations // 10
    assert config.default_hooks.checkpoint.interval == iterations // 10
    assert config.train_dataloader.batch_size == int(words['batch'])
    assert tuple(config.model.data_preprocessor.size) == (
        int(words['height']), int(words['width']),
    )  # fmt: skip
    assert {d.type for d in training_sets(config)} == {DATASETS[words['data']]}
    assert config.test_dataloader.dataset.type == DATASETS[words['data']]
    amp = words['extra'] == 'amp-'
    assert config.optim_wrapper.type == ('AmpOptimWrapper' if amp else 'OptimWrapper')
    losses = config.model.decode_head.loss_decode
    assert isinstance(losses, list) == ('dice' in (words['extra'] or ''))
    plus = 'deeplabv3plus' in words['model']
    assert config.model.decode_head.type == ('DepthwiseSeparableASPPHead' if plus else 'ASPPHead')
    backbone = backbone_of(words['model'])
    assert {key: config.model.backbone.get(key) for key in backbone} == backbone
    assert ('sampler' in config.model.decode_head) == ('mg124' in words['model'])


@pytest.mark.parametrize('name', ZOO)
def test_optimiser_and_windows(name):
    config = config_of(name)
    wanted = (0.01, 0.0005)
    if 'context' in name:
        wanted = (0.004, 0.0001)
    elif name in DOMAINS:
        wanted = (0.001, 0.0005)
    elif 'mapillay' in name:
        wanted = (0.0001, 0.0001)
    optimizer = config.optim_wrapper.optimizer
    assert (optimizer.lr, optimizer.weight_decay) == wanted
    assert config.optimizer == optimizer  # the file's variable says the same as its setting
    model, odd = config.model, '769x769' in name
    assert model.decode_head.align_corners is model.auxiliary_head.align_corners is odd
    slides = odd or 'context' in name or name.startswith('unet')
    assert model.test_cfg.mode == ('slide' if slides else 'whole')


def backbone_of(model):
    """The settings of the backbone that the words of a name ask for."""
    if model.startswith('mobilenet'):
        return dict(type='MobileNetV2')
    if model.startswith('unet'):
        return dict(type='UNet')
    if model.startswith('resnest'):
        return dict(type='ResNeSt', depth=101)
    depth, _, rest = model.split('_')[1].partition('-')
    strides, grid = ((1, 2, 1, 1), None) if rest == 'd8' else ((1, 2, 2, 1), (1, 2, 4))
    kind = 'ResNet' if depth.endswith('b') else 'ResNetV1c'
    return dict(type=kind, depth=int(depth.strip('rb')), strides=strides, multi_grid=grid)


def one_of_each_backbone():
    """The first config of each backbone."""
    found = {}
    for name, words in ZOO.items():
        found.setdefault(repr(backbone_of(words['model'])), name)
    return sorted(found.values())


def build(name):
    model = Config(dict(model=config_of(name).model.to_dict())).model
    model.pretrained = None
    with torch.device('meta'):
        return MODELS.build(model)


@pytest.mark.parametrize('name', one_of_each_backbone())
def test_each_backbone_is_built(name):
    assert build(name).num_classes == config_of(name).num_classes


@pytest.mark.slow
def test_every_model_is_built():
    for name in CONFIGS:
        assert build(name).align_corners == config_of(name).model.decode_head.get(
            'align_corners', False
        )


def test_keys_of_the_two_heads():
    names = [f'{m}_r50-d8_4xb2-40k_cityscapes-512x1024' for m in ('deeplabv3', 'deeplabv3plus')]
    assert [len(build(name).state_dict()) for name in names] == [376, 424]
