"""Every config is found under its name of 1.x and of 0.x; near misses are named."""

from __future__ import annotations

import pytest

from mmseg_deeplab.config import find_config
from mmseg_deeplab.hub import find_model
from mmseg_deeplab.utils.config_names import name_of_today
from mmseg_deeplab.utils.errors import ConfigError

from .zoo import CONFIGS, ZOO, published

OLD = {
    'deeplabv3plus_r18-d8_4x4_512x512_80k_vaihingen':
        'deeplabv3plus_r18-d8_4xb4-80k_vaihingen-512x512',
    'deeplabv3_r50-d8_512x512_4x4_320k_coco-stuff164k':
        'deeplabv3_r50-d8_4xb4-320k_coco-stuff164k-512x512',
    'deeplabv3plus_r101-d8_fp16_512x1024_80k_cityscapes':
        'deeplabv3plus_r101-d8_4xb2-amp-80k_cityscapes-512x1024',
    'deeplabv3_r101-d8_480x480_80k_pascal_context_59':
        'deeplabv3_r101-d8_4xb4-80k_pascal-context-59-480x480',
    'deeplabv3_m-v2-d8_512x1024_80k_cityscapes':
        'mobilenet-v2-d8_deeplabv3_4xb2-80k_cityscapes-512x1024',
    'deeplabv3plus_s101-d8_512x512_160k_ade20k':
        'resnest_s101-d8_deeplabv3plus_4xb4-160k_ade20k-512x512',
    'deeplabv3_unet_s5-d16_ce-1.0-dice-3.0_64x64_40k_drive':
        'unet-s5-d16_deeplabv3_4xb4-ce-1.0-dice-3.0-40k_drive-64x64',
    'deeplabv3plus_r50-d8_512x512_80k_loveda_u2r':
        'deeplabv3plus_r50-d8_4xb4-80k_loveda-u2r-512x512',
    'deeplabv3plus_r50-d8_4xb2-300k_mapillary_v1_65-1280x1280':
        'deeplabv3plus_r50-d8_4xb2-300k_mapillay_v1_65-1280x1280',
    'ddeeplabv3plus_r101-d16-mg124_4xb2-40k_cityscapes-512x1024':
        'deeplabv3plus_r101-d16-mg124_4xb2-40k_cityscapes-512x1024',
}  # fmt: skip


@pytest.mark.parametrize('old', OLD)
def test_a_name_of_0x(old):
    wanted = CONFIGS[OLD[old]]
    assert find_config(old) == find_config(f'{old}.py') == wanted
    assert find_config(f'configs/deeplabv3plus/{old}.py') == wanted


def test_every_published_model_has_its_config_under_each_of_its_names():
    rows = published()
    assert {row['config'] for row in rows} == set(ZOO)
    for row in rows:
        assert find_config(row['config']) == CONFIGS[row['config']]
        for name in filter(None, (row['old_name'], *row['aliases'].split())):
            assert name_of_today(name, CONFIGS) == row['config'], name


ISAID = 'deeplabv3plus_r18-d8_4xb4-80k_isaid-896x896'


@pytest.mark.parametrize(
    'text',
    [
        f'mmseg::deeplabv3plus/{ISAID}.py',
        f'/elsewhere/mmsegmentation/configs/deeplabv3plus/{ISAID}.py',
        f'../configs/deeplabv3plus/{ISAID}',
        rf'C:\seg\configs\deeplabv3plus\{ISAID}.py',
        'deeplabv3plus_r18-d8_896x896_80k_isaid',
        'old/configs/deeplabv3plus/deeplabv3plus_r18-d8_4x4_896x896_80k_isaid.py',
    ],
)
def test_configs_and_models_are_found_by_the_same_names(text):
    assert find_config(text) == CONFIGS[ISAID]
    assert find_model(text).config == ISAID


def test_files_of_ones_own_go_before_names(tmp_path):
    with pytest.raises(ConfigError, match='does not exist; shipped'):
        find_config(tmp_path / f'{ISAID}.py')  # no folder `configs`: somebody's own file
    own = tmp_path / 'configs' / f'{ISAID}.py'
    own.parent.mkdir()
    own.touch()
    assert find_config(own) == own


def test_no_two_configs_have_the_same_words():
    for name in CONFIGS:
        assert name_of_today(name, CONFIGS) == name


@pytest.mark.parametrize(
    ('name', 'near'),
    [
        ('deeplabv3plus_r50-d8_512x512_80k_lovda', 'r50-d8_4xb4-80k_loveda-512x512'),
        ('deeplabv3plus_r50-d8_8xb4-80k_loveda-512x512', 'r50-d8_4xb4-80k_loveda-512x512'),
        ('deeplabv3_r34-d8_4xb2-40k_cityscapes-769x769', 'r50-d8_4xb2-40k_cityscapes-769x769'),
    ],
)
def test_a_near_miss_lists_names(name, near):
    with pytest.raises(ConfigError, match=f'a like name: .*{near}'):
        find_config(name)


@pytest.mark.parametrize('base', ['r101', 'sgd_poly', 'loveda'])
def test_a_base_is_no_config(base):
    with pytest.raises(ConfigError, match='does not exist'):
        find_config(base)
