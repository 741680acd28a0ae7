"""The settings of the zoo's specification that no name tells, and how the files are written."""

from __future__ import annotations

import re

import pytest
from mmengine.config import Config

from mmseg_deeplab.datasets import MapillaryDataset_v1
from mmseg_deeplab.utils.paths import config_root

from .zoo import CONFIGS, config_of, training_sets

BASES = config_root() / '_base_'
SCHEDULES = sorted(
    path for path in (BASES / 'schedules').glob('schedule_*k.py') if 'slow' not in path.stem
)
MENDED = {
    'deeplabv3_r101-d8_4xb2-amp-80k_cityscapes-512x1024': 80000,
    'deeplabv3_r101-d8_4xb4-80k_pascal-context-59-480x480': 80000,
    'deeplabv3plus_r18b-d8_4xb2-80k_cityscapes-769x769': 80000,
    'deeplabv3plus_r50-d8_4xb2-300k_mapillay_v1_65-1280x1280': 300000,
}


@pytest.mark.parametrize('name', CONFIGS)
def test_child_is_short_and_says_what_it_is(name):
    lines = CONFIGS[name].read_text(encoding='utf-8').splitlines()
    assert len(lines) <= 15
    assert re.match(r'# DeepLab(V3| v1| v2).* \(arXiv:', lines[0])


@pytest.mark.parametrize('name', MENDED)
def test_where_the_original_is_wrong_the_config_says_so(name):
    assert 'the original' in CONFIGS[name].read_text(encoding='utf-8').splitlines()[1]
    assert config_of(name).train_cfg.max_iters == MENDED[name]


@pytest.mark.parametrize('plus', [False, True])
def test_channels_by_depth(plus):
    rows = {
        '18': (512, 128, 256, 64, *((64, 12) if plus else (None, None))),
        '50': (2048, 512, 1024, 256, *((256, 48) if plus else (None, None))),
        '101': (2048, 512, 1024, 256, *((256, 48) if plus else (None, None))),
    }
    method = 'deeplabv3plus' if plus else 'deeplabv3'
    for depth, row in rows.items():
        for stem in ('', 'b'):
            model = config_of(f'{method}_r{depth}{stem}-d8_4xb2-80k_cityscapes-769x769').model
            head, aux = model.decode_head, model.auxiliary_head
            assert row == (
                head.in_channels, head.channels, aux.in_channels, aux.channels,
                head.get('c1_in_channels'), head.get('c1_channels'),
            )  # fmt: skip
            weights = f'torchvision://resnet{depth}' if stem else f'open-mmlab://resnet{depth}_v1c'
            assert model.pretrained == weights
            assert (head.loss_decode.loss_weight, aux.loss_decode.loss_weight) == (1.0, 0.4)


def test_other_backbones():
    for plus in ('', 'plus'):
        name = f'mobilenet-v2-d8_deeplabv3{plus}_4xb4-160k_ade20k-512x512'
        model = config_of(name).model
        assert model.backbone.strides == (1, 2, 2, 1, 1, 1, 1)
        assert model.backbone.dilations == (1, 1, 1, 2, 2, 4, 4)
        assert (model.decode_head.in_channels, model.auxiliary_head.in_channels) == (320, 96)
        assert model.decode_head.get('c1_in_channels') == (24 if plus else None)
        model = config_of(f'resnest_s101-d8_deeplabv3{plus}_4xb2-80k_cityscapes-512x1024').model
        assert model.pretrained == 'open-mmlab://resnest101'
        assert (model.backbone.stem_channels, model.backbone.radix) == (128, 2)
    for data, stride in (('drive-64x64', 42), ('stare-128x128', 85), ('hrf-256x256', 170)):
        config = config_of(f'unet-s5-d16_deeplabv3_4xb4-40k_{data}')
        assert tuple(config.model.test_cfg.stride) == (stride, stride)
        assert config.model.pretrained is None
        assert config.train_dataloader.dataset.times == 40000
        assert config.val_evaluator.iou_metrics == ['mDice']


def test_hard_pixels_are_mined_at_stride_16():
    model = config_of('deeplabv3_r101-d16-mg124_4xb2-40k_cityscapes-512x1024').model
    assert model.decode_head.sampler == dict(type='OHEMPixelSampler', min_kept=100000)
    assert model.decode_head.dilations == (1, 6, 12, 18)
    assert model.backbone.dilations == (1, 1, 1, 2)


def test_voc_is_trained_on_two_lists():
    config = config_of('deeplabv3_r50-d8_4xb4-20k_voc12aug-512x512')
    fine, coarse = training_sets(config)
    assert (fine.ann_file, coarse.ann_file) == (
        'ImageSets/Segmentation/train.txt', 'ImageSets/Segmentation/aug.txt',
    )  # fmt: skip
    assert coarse.data_prefix.seg_map_path == 'SegmentationClassAug'
    assert [step.type for step in fine.pipeline][-2:] == ['Pad', 'PackSegInputs']


def test_mapillary_leaves_out_the_last_class():
    config = config_of('deeplabv3plus_r50-d8_4xb2-300k_mapillay_v1_65-1280x1280')
    classes = config.train_dataloader.dataset.metainfo.classes
    assert tuple(classes) == tuple(MapillaryDataset_v1.METAINFO['classes'][:-1])
    assert config.optim_wrapper.clip_grad == dict(max_norm=0.01, norm_type=2)
    assert config.param_scheduler[0].eta_min == 0


@pytest.mark.parametrize(('name', 'source', 'target'), [('r2u', 'rural', 'urban'),
                                                        ('u2r', 'urban', 'rural')])  # fmt: skip
def test_domain_adaptation(name, source, target):
    config = config_of(f'deeplabv3plus_r50-d8_4xb4-80k_loveda-{name}-512x512')
    train, test = config.train_dataloader.dataset, config.test_dataloader.dataset
    assert train.ann_file == f'splits/train_{source}.txt'
    assert test.ann_file == config.val_dataloader.dataset.ann_file == f'splits/val_{target}.txt'
    assert train.pipeline[2].scale == (1024, 1024)
    assert [step.type for step in train.pipeline[3:]] == [
        'RandomCrop', 'RandomRotate90', 'RandomFlip', 'RandomFlip', 'PhotoMetricDistortion',
        'PackSegInputs',
    ]  # fmt: skip
    assert config.param_scheduler[0].eta_min == 1e-5


def test_schedules_differ_in_length_only():
    texts, lengths = set(), []
    for path in SCHEDULES:
        length = Config.fromfile(path).max_iters
        lengths.append(length)
        text = path.read_text(encoding='utf-8').replace(str(length), 'N')
        texts.add(text)
    assert sorted(lengths) == [20000, 40000, 80000, 160000, 320000]
    assert len(texts) == 1


def test_every_base_is_used():
    text = '\n'.join(path.read_text(encoding='utf-8') for path in config_root().rglob('*.py'))
    unused = [path.name for path in BASES.rglob('*.py') if f'/{path.name}' not in text]
    assert unused == []
