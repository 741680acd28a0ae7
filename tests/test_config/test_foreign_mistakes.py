"""Mistakes in configs of MMSegmentation 0.x and in options are named, not passed over."""

from __future__ import annotations

import pytest
from mmengine.config import Config

from mmseg_deeplab.config import load_config
from mmseg_deeplab.config.options import apply_options
from mmseg_deeplab.utils.errors import ConfigError

OLD = dict(
    model=dict(type='EncoderDecoder', test_cfg=dict(mode='whole')),
    data=dict(samples_per_gpu=2),
    optimizer=dict(type='SGD', lr=0.1),
    optimizer_config=dict(),
    lr_config=dict(policy='poly', by_epoch=False),
    runner=dict(type='IterBasedRunner', max_iters=100),
)


@pytest.mark.parametrize(
    ('wrong', 'right'),
    [('optimzer', 'optimizer'), ('evaluaton', 'evaluation'), ('lr_confg', 'lr_config')],
)
def test_misspelt_sections_are_refused(wrong, right):
    with pytest.raises(ConfigError, match=f'{wrong}: unknown key; did you mean {right}'):
        load_config({**OLD, wrong: dict(type='SGD')})
    with pytest.raises(ConfigError, match=f'{wrong}: unknown key; did you mean {right}'):
        load_config(OLD, {f'{wrong}.type': 'SGD'})


def test_variables_are_none():
    """Also one with a like name, as long as it is used."""
    custom_hook = dict(type='EMAHook')
    norm_cfg = dict(type='SyncBN')
    old = dict(OLD, norm_cfg=norm_cfg, custom_hook=custom_hook, custom_hooks=[custom_hook])
    assert load_config(old, {'anything': 1}).custom_hook == custom_hook


@pytest.mark.parametrize('place', ['data', 'data.val_dataloader'])
def test_unknown_keys_of_data_are_refused(place):
    message = rf'{place}\.samples_per_gpu_x: unknown key; did you mean samples_per_gpu'
    with pytest.raises(ConfigError, match=message):
        load_config(OLD, {f'{place}.samples_per_gpu_x': 3})


def test_two_test_cfgs_must_agree():
    assert load_config(dict(OLD, test_cfg=dict(mode='whole'))).model.test_cfg.mode == 'whole'
    with pytest.raises(ConfigError, match="'slide'.*remove the test_cfg beside the model"):
        load_config(dict(OLD, test_cfg=dict(mode='slide', crop_size=(8, 8), stride=(4, 4))))


def test_a_file_with_bases_may_import(tmp_path):
    """The base as well; MMEngine takes both for files of the lazy style."""
    (tmp_path / 'base.py').write_text(f'import os\nbase = os.sep\nmodel = {OLD["model"]}\n')
    path = tmp_path / 'child.py'
    path.write_text("import os\n_base_ = ['./base.py']\nroot = os.path.join('a', 'b')\n")
    config = load_config(path)
    assert config.model.type == 'EncoderDecoder' and 'os' not in config
    assert config.root.endswith('b')
    assert load_config(tmp_path / 'base.py').base == config.base


@pytest.mark.parametrize(
    ('key', 'value', 'why'),
    [
        ('a.b.c', 1, 'a.b is 5, in which there are no keys'),
        ('steps.7.p', 1, "steps is a list of 1, which has no place '7'"),
        ('steps.x', 'y', 'steps is a list of 1'),
    ],
)
def test_the_option_that_does_not_fit_is_named(key, value, why):
    config = Config(dict(a=dict(b=5), steps=[dict(p=1)]))
    with pytest.raises(ConfigError, match='does not fit') as caught:
        apply_options(config, {'a.n': 2, key: value, 'm': 3})
    assert str(caught.value).startswith(f'--cfg-options {key}={value!r} does not fit: {why}')
