"""Configs and modules inside somebody's own checkout of MMSegmentation 1.x, unmodified."""

from __future__ import annotations

import sys

import pytest

from mmseg_deeplab.apis import init_model, train
from mmseg_deeplab.config import check_config, load_config
from mmseg_deeplab.config.custom import install_alias
from mmseg_deeplab.registry import DATASETS
from mmseg_deeplab.utils.errors import ConfigError
from tests.tiny_dataset import make_loveda_like

from .test_custom_imports import clean_imports  # noqa: F401 - a fixture

DATASET_BASE = """\
dataset_type = 'OurFields'
data_root = '{root}'
crop_size = (32, 32)
train_pipeline = [
    dict(type='LoadImageFromFile', file_client_args=dict(backend='disk')),
    dict(type='LoadAnnotations', reduce_zero_label=True),
    dict(type='RandomCrop', crop_size=crop_size, cat_max_ratio=0.75),
    dict(type='PackSegInputs')]
train_dataloader = dict(
    batch_size=2, num_workers=0, sampler=dict(type='InfiniteSampler', shuffle=True),
    dataset=dict(
        type=dataset_type, data_root=data_root, our_own=3, pipeline=train_pipeline,
        data_prefix=dict(img_path='img_dir/train', seg_map_path='ann_dir/train')))
"""
MODEL_BASE = """\
norm_cfg = dict(type='SyncBN', requires_grad=True)
data_preprocessor = dict(
    type='SegDataPreProcessor', mean=[123.675, 116.28, 103.53], std=[58.395, 57.12, 57.375],
    bgr_to_rgb=True, pad_val=0, seg_pad_val=255)
model = dict(
    type='EncoderDecoder', data_preprocessor=data_preprocessor, pretrained=None,
    backbone=dict(
        type='ResNetV1c', depth=18, base_channels=4, stem_channels=8, norm_cfg=norm_cfg,
        strides=(1, 2, 1, 1), dilations=(1, 1, 2, 4), contract_dilation=True),
    decode_head=dict(
        type='FCNHead', in_channels=32, in_index=3, channels=8, num_convs=1, concat_input=False,
        num_classes=7, norm_cfg=norm_cfg, align_corners=False),
    train_cfg=dict(), test_cfg=dict(mode='whole'))
"""
CHILD = """\
_base_ = [
    './_base_/our_model.py', './_base_/our_data.py', 'mmseg::_base_/default_runtime.py',
    'mmseg::_base_/schedules/schedule_20k.py']
default_scope = 'mmseg'
custom_imports = dict(imports=['mmseg.datasets.our_fields'])
our_variable = 'free'
norm_cfg = dict(type='BN', requires_grad=True)
data_preprocessor = dict(size={{_base_.crop_size}})
model = dict(data_preprocessor=data_preprocessor)
test_pipeline = [dict(type='LoadImageFromFile'), dict(type='PackSegInputs')]
train_cfg = dict(max_iters=2, val_interval=2)
val_cfg = None
test_cfg = None
"""
MODULE = """\
from mmseg.registry import DATASETS

from .basesegdataset import BaseSegDataset


@DATASETS.register_module()
class OurFields(BaseSegDataset):
    METAINFO = dict(classes=tuple('abcdefg'), palette=[[i, i, i] for i in range(7)])

    def __init__(self, our_own=1, **kwargs):
        self.our_own = our_own
        super().__init__(
            img_suffix='.png', seg_map_suffix='.png', reduce_zero_label=True, **kwargs)
"""


@pytest.fixture
def checkout(tmp_path, clean_imports):  # noqa: F811 - the fixture
    """A config folder and a package ``mmseg`` that cannot be imported here, with one addition."""
    root = make_loveda_like(tmp_path / 'data', size=40)
    files = {
        'configs/_base_/our_data.py': DATASET_BASE.format(root=root),
        'configs/_base_/our_model.py': '\ufeff' + MODEL_BASE,  # with a byte-order mark
        'configs/ours.py': '\ufeff' + CHILD,
        'mmseg/__init__.py': "assert False, 'MMCV==2.2.0 is used but incompatible'\n",
        'mmseg/datasets/__init__.py': '',
        'mmseg/datasets/our_fields.py': MODULE,
    }
    for name, text in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding='utf-8')
    yield tmp_path
    DATASETS._module_dict.pop('OurFields', None)


def test_it_trains_and_predicts(checkout, monkeypatch):
    said = []
    monkeypatch.setattr('mmseg_deeplab.config.unused.warn_once', said.append)
    path = checkout / 'configs' / 'ours.py'
    config = load_config(path)
    check_config(config)
    assert config.our_variable == 'free' and config.default_scope == 'mmseg_deeplab'
    assert dict(config.train_dataloader.dataset.pipeline[0]) == dict(type='LoadImageFromFile')
    # a variable that had no effect in MMSegmentation has none here, but it is said
    assert config.model.backbone.norm_cfg.type == 'SyncBN'
    assert len(said) == 1 and 'norm_cfg is a variable that its base has already used' in said[0]
    work = checkout / 'work'
    train(path, work_dir=work, device='cpu', audit=False)
    model = init_model(path, work / 'iter_2.pth', device='cpu')
    assert model.dataset_meta['classes'] == tuple('abcdefg')
    assert DATASETS.get('OurFields').__module__ == 'mmseg.datasets.our_fields'


def test_a_lazy_style_config_finds_the_modules_beside_it(checkout, tmp_path_factory):
    elsewhere = tmp_path_factory.mktemp('elsewhere') / 'lazy.py'
    elsewhere.write_text('import mmseg.registry\nmodel = dict()\n', encoding='utf-8')
    load_config(elsewhere)  # has no checkout, and the alias stays
    path = checkout / 'configs' / 'lazy.py'
    path.write_text(
        'from mmseg.datasets.our_fields import OurFields\nmodel = dict(type=OurFields)\n',
        encoding='utf-8',
    )
    assert load_config(path).model.type is DATASETS.get('OurFields')


def test_an_installation_that_cannot_be_imported_is_passed_by(checkout, monkeypatch):
    said = []
    monkeypatch.setattr('mmseg_deeplab.config.custom.warn_once', said.append)
    monkeypatch.syspath_prepend(checkout)
    assert install_alias()
    assert len(said) == 1 and 'MMCV==2.2.0 is used but incompatible' in said[0]
    import mmseg.datasets.our_fields
    import mmseg.registry

    assert mmseg.registry.DATASETS is DATASETS
    assert sys.modules['mmseg.datasets.our_fields'].OurFields.METAINFO['classes'][0] == 'a'


def test_sections_of_0x_beside_todays_are_named(monkeypatch):
    said = []
    monkeypatch.setattr('mmseg_deeplab.config.load.warn_once', said.append)
    load_config(dict(model={}, optim_wrapper={}, lr_config=dict(policy='poly')))
    assert len(said) == 1 and 'lr_config have the form of MMSegmentation 0.x' in said[0]
    load_config(dict(model={}, lr_config=dict(policy='poly')))
    assert len(said) == 2 and 'is converted on loading' in said[1]


@pytest.mark.parametrize('suffix', ['.json', '.yaml'])
def test_byte_order_marks_in_other_files(tmp_path, suffix):
    path = tmp_path / f'config{suffix}'
    path.write_text('\ufeff{"model": {"type": "EncoderDecoder"}}', encoding='utf-8')
    assert load_config(path).model.type == 'EncoderDecoder'


def test_a_broken_file_still_names_its_line(tmp_path):
    path = tmp_path / 'broken.py'
    path.write_text('\ufeffmodel = dict(\n', encoding='utf-8')
    with pytest.raises(ConfigError, match=r'broken\.py, line 1'):
        load_config(path)


def test_a_crop_smaller_than_the_size_is_only_warned_of(monkeypatch):
    """As in MMSegmentation's Mapillary config, which pads crops of 512x1024 to 1280x1280."""
    said = []
    monkeypatch.setattr('mmseg_deeplab.config.cross_check.warn_once', said.append)
    name = 'deeplabv3plus_r18-d8_4xb4-80k_loveda-512x512'
    check_config(load_config(name, {'model.data_preprocessor.size': (1280, 1280)}))
    assert len(said) == 1 and 'is (512, 512), but' in said[0] and 'padding' in said[0]
