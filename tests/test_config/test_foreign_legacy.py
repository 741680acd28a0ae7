"""Configs of MMSegmentation 0.x become what today's configs of the same name say."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from mmengine.config import Config

from mmseg_deeplab.config import check_config, load_config
from mmseg_deeplab.config.legacy import is_legacy
from mmseg_deeplab.config.sections import SETTINGS
from mmseg_deeplab.datasets.transforms.build import build_transforms
from mmseg_deeplab.registry import DATASETS, PARAM_SCHEDULERS
from tests.tiny_dataset import write_png

from .legacy_files import CONFIGS, write_checkout

# 0.x name: today's name
TODAY = {
    'deeplabv3plus_r50-d8_512x512_80k_loveda': '4xb4-80k_loveda-512x512',
    'deeplabv3plus_r50-d8_512x512_80k_potsdam': '4xb4-80k_potsdam-512x512',
    'deeplabv3plus_r50-d8_4x4_512x512_80k_vaihingen': '4xb4-80k_vaihingen-512x512',
    'deeplabv3plus_r50-d8_4x4_896x896_80k_isaid': '4xb4-80k_isaid-896x896',
    'deeplabv3plus_r50-d8_769x769_80k_cityscapes': '4xb2-80k_cityscapes-769x769',
    'deeplabv3plus_r50-d8_512x512_160k_ade20k': '4xb4-160k_ade20k-512x512',
}
# Said once more in a converted file, or a variable that nothing is built from.
SAME_MEANING = {'reduce_zero_label', 'data_preprocessor'}
# What only this project's tests report: scores by domain and by protocol.
PROTOCOLS = {'group', 'seg_map_path_full_boundaries', 'label_set', 'left_out'}


@pytest.fixture(scope='module')
def checkout(tmp_path_factory):
    return write_checkout(tmp_path_factory.mktemp('old'))


def differences(old, new, path=''):
    """Dotted places at which two settings differ."""
    if isinstance(old, dict) and isinstance(new, dict):
        for key in {**old, **new}:
            place = f'{path}.{key}'
            if key not in old or key not in new:
                yield place
            else:
                yield from differences(old[key], new[key], place)
    elif isinstance(old, str) and isinstance(new, str):
        if old.rstrip('/') != new.rstrip('/'):
            yield path
    elif old != new:
        yield path


@pytest.mark.parametrize('name', CONFIGS)
def test_it_says_what_todays_config_says(checkout, name):
    converted = load_config(checkout / 'deeplabv3plus' / f'{name}.py')
    check_config(converted)
    ours = load_config(f'deeplabv3plus_r50-d8_{TODAY[name]}')
    settings = [{k: v for k, v in c.to_dict().items() if k in SETTINGS} for c in (converted, ours)]
    places = {place[1:] for place in differences(*settings)}
    left_out = SAME_MEANING | PROTOCOLS
    places = {place for place in places if place.rpartition('.')[2] not in left_out}
    # 0.x had one number of workers for all loaders
    allowed = {'tta_pipeline', 'val_dataloader.num_workers', 'test_dataloader.num_workers'}
    assert places <= allowed
    for stage in ('train', 'val', 'test'):
        loader, other = (c[f'{stage}_dataloader'].dataset for c in (converted, ours))
        built = DATASETS.build({**loader, 'lazy_init': True})
        assert built.reduce_zero_label == DATASETS.get(other.type).REDUCE_ZERO_LABEL


def test_views_of_loveda_are_todays(checkout, tmp_path):
    """0.x multiplied the test size, today's config the image's own: for LoveDA the same."""
    image = write_png(tmp_path / '0.png', np.zeros((1024, 1024, 3), np.uint8))
    label = write_png(tmp_path / '0_label.png', np.ones((1024, 1024), np.uint8))
    record = dict(img_path=str(image), seg_map_path=str(label), seg_fields=[], label_map=None,
                  reduce_zero_label=True, num_classes=7)  # fmt: skip
    shapes = []
    for name in (
        checkout / 'deeplabv3plus' / 'deeplabv3plus_r50-d8_512x512_80k_loveda.py',
        'deeplabv3plus_r50-d8_4xb4-80k_loveda-512x512',
    ):
        sample = dict(record, seg_fields=[])
        for transform in build_transforms(load_config(name).tta_pipeline):
            sample = transform(sample)
        views = zip(sample['inputs'], sample['data_samples'], strict=True)
        shapes.append([(tuple(image.shape), view.get('flip')) for image, view in views])
    assert shapes[0] == shapes[1] and len(shapes[0]) == 12
    assert {shape[1] for shape, _ in shapes[0]} == {512, 768, 1024, 1280, 1536, 1792}


def test_poly_differs_from_the_old_by_less_than_documented(checkout):
    """Old: (base - min)(1 - k / N)^p + min. Today's reaches min at k = N - 1."""
    name = 'deeplabv3plus_r50-d8_512x512_80k_loveda.py'
    options = {'runner.max_iters': 1000, 'lr_config.min_lr': 1e-4}  # in the old form
    config = load_config(checkout / 'deeplabv3plus' / name, options)
    (settings,) = config.param_scheduler
    assert settings.end == config.train_cfg.max_iters == 1000
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=0.01)
    scheduler = PARAM_SCHEDULERS.build(dict(settings), default_args={'optimizer': optimizer})
    rates = []
    for _ in range(1000):
        rates.append(optimizer.param_groups[0]['lr'])
        optimizer.step()
        scheduler.step()
    step = np.arange(1000)
    old = (0.01 - 1e-4) * (1 - step / 1000) ** 0.9 + 1e-4
    assert rates[0] == old[0] and rates[-1] == pytest.approx(1e-4, rel=1e-6)
    gap = np.abs(np.array(rates) - old)
    # largest at the last step, where the old rule had (1 / N)^0.9 of the way left
    assert gap.argmax() == 999 and gap[-1] == pytest.approx(0.0099 * 1000**-0.9, rel=1e-6)
    assert gap[:990].max() < 0.01 / 1000 * 1.5


def test_options_in_both_forms(checkout):
    path = checkout / 'deeplabv3plus' / 'deeplabv3plus_r50-d8_512x512_80k_loveda.py'
    options = {
        'data.samples_per_gpu': 3, 'optimizer.lr': 0.5, 'train_dataloader.num_workers': 7,
        'model.pretrained': None,
    }  # fmt: skip
    config = load_config(path, options)
    loader = config.train_dataloader
    assert (loader.batch_size, loader.num_workers, config.val_dataloader.batch_size) == (3, 7, 1)
    assert config.optim_wrapper.optimizer.lr == 0.5 and config.model.pretrained is None


def test_forms_are_told_apart():
    assert is_legacy(Config(dict(model={}, data=dict(samples_per_gpu=2))))
    assert is_legacy(Config(dict(lr_config=dict(policy='poly'))))
    today = dict(train_dataloader={}, optim_wrapper={})
    assert not is_legacy(Config(dict(today, optimizer=dict(type='SGD'), data='data/loveDA')))
    assert not is_legacy(Config(dict(model={}, workflow=[('train', 1)])))
    assert not is_legacy(Config(dict(today, evaluation=dict(interval=1))))
