"""Every shipped config is read, checked and built."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from mmengine.config import Config

from mmseg_deeplab.config import check_config, load_config
from mmseg_deeplab.config.cross_check import class_names
from mmseg_deeplab.registry import MODELS
from mmseg_deeplab.utils.paths import config_root

ROOT = config_root()
CONFIGS = sorted(p for p in ROOT.rglob('*.py') if '_base_' not in p.parts)
AERIAL = {
    'loveda-512x512': (18, 50, 101),
    'potsdam-512x512': (18, 50, 101),
    'vaihingen-512x512': (18, 50, 101),
    'isaid-896x896': (18, 50),
}
SCHEDULES = sorted((ROOT / '_base_' / 'schedules').glob('schedule_*.py'))


def plain_norms(value):
    """A model's config with BN for SyncBN, as on a CPU, and no weights to fetch."""
    if isinstance(value, dict):
        changed = {key: plain_norms(inner) for key, inner in value.items()}
        if changed.get('type') == 'SyncBN':
            changed['type'] = 'BN'
        return changed
    return [plain_norms(inner) for inner in value] if isinstance(value, list) else value


def test_the_list_is_not_empty():
    names = {path.stem for path in CONFIGS}
    wanted = {
        f'deeplabv3plus_r{depth}-d8_4xb4-80k_{data}'
        for data, depths in AERIAL.items()
        for depth in depths
    }
    assert len(wanted) == 11 and wanted <= names
    assert 'deeplabv3plus_r18-d8_dubai-256x256' in names


@pytest.mark.parametrize('path', CONFIGS, ids=lambda p: p.stem)
def test_config(path: Path):
    config = load_config(path)
    check_config(config)
    # one crop size, one class count
    size = tuple(config.model.data_preprocessor.size)
    steps = [s for s in config.train_dataloader.dataset.pipeline if s.type == 'RandomCrop']
    assert [tuple(step.crop_size) for step in steps] == [size] == [tuple(config.crop_size)]
    names = class_names(config.train_dataloader.dataset)
    assert len(names) == config.num_classes == config.model.decode_head.num_classes
    assert config.model.auxiliary_head.num_classes == len(names)
    # one length
    assert config.param_scheduler[-1].end == config.train_cfg.max_iters
    # test-time augmentation: six ratios, with and without flip
    scales, flips = config.tta_pipeline[1].transforms[:2]
    assert (len(scales), len(flips)) == (6, 2)


@pytest.mark.parametrize('path', CONFIGS, ids=lambda p: p.stem)
def test_model_is_built(path: Path):
    model = Config(dict(model=plain_norms(load_config(path).model.to_dict()))).model
    model.pretrained = None
    with torch.device('meta'):
        built = MODELS.build(model)
    assert built.num_classes == load_config(path).num_classes


@pytest.mark.parametrize('path', CONFIGS, ids=lambda p: p.stem)
def test_child_is_short_and_says_what_it_is(path: Path):
    lines = path.read_text(encoding='utf-8').splitlines()
    assert len(lines) <= 15
    header = '\n'.join(line for line in lines if line.startswith('#'))
    assert 'arXiv:1802.02611' in header and path.stem in header
    assert 'mIoU' in header or 'docs/results.md' in header


def test_zoo_settings_by_depth():
    """The table of section 2.5 of the model's specification."""
    rows = {
        18: (512, 128, 64, 12, 256, 64),
        50: (2048, 512, 256, 48, 1024, 256),
        101: (2048, 512, 256, 48, 1024, 256),
    }
    for data, depths in AERIAL.items():
        for depth in depths:
            model = load_config(f'deeplabv3plus_r{depth}-d8_4xb4-80k_{data}').model
            head, aux = model.decode_head, model.auxiliary_head
            assert rows[depth] == (
                head.in_channels, head.channels, head.c1_in_channels, head.c1_channels,
                aux.in_channels, aux.channels,
            )  # fmt: skip
            assert model.backbone.depth == depth
            assert model.pretrained == f'open-mmlab://resnet{depth}_v1c'
            assert (head.loss_decode.loss_weight, aux.loss_decode.loss_weight) == (1.0, 0.4)


def test_schedules_differ_in_length_only():
    def without_length(path: Path) -> tuple[dict, int]:
        config = Config.fromfile(path)
        length = config.max_iters
        text = repr(config.to_dict()).replace(str(length), 'N').replace(str(length // 10), 'n')
        return text, length

    texts, lengths = zip(*map(without_length, SCHEDULES), strict=True)
    assert sorted(lengths) == [20000, 40000, 80000, 160000]
    assert len(set(texts)) == 1


@pytest.mark.parametrize('name', ['deeplabv3_r50-d8', 'deeplabv3plus_r50-d8'])
def test_base_models(name: str):
    model = Config.fromfile(ROOT / '_base_' / 'models' / f'{name}.py').model
    model = Config(dict(model=plain_norms(model.to_dict()))).model
    model.update(pretrained=None)
    with torch.device('meta'):
        keys = len(MODELS.build(model).state_dict())
    assert keys == {'deeplabv3_r50-d8': 376, 'deeplabv3plus_r50-d8': 424}[name]
