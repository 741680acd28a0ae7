"""The catalogue: complete, true to what was published, and found by the names people know."""

from __future__ import annotations

import re
from collections import Counter

import pytest

from mmseg_deeplab.hub import catalogue, find_exact, find_model
from mmseg_deeplab.hub.addresses import addresses_of
from mmseg_deeplab.utils.errors import CheckpointError

MODELS = [row for row in catalogue() if row.kind == 'model' and not row.is_foreign]
# 1.x name without the method, date and digits of the file, GB, fps, mIoU, ms+flip: the table
# of the README of MMSegmentation 0.24 that this project's issue quotes
AERIAL = """
r18-d8_4xb4-80k_loveda-512x512     20211104_132800-ce0fa0ca  1.93 25.57 50.28 50.47
r50-d8_4xb4-80k_loveda-512x512     20211105_080442-f0720392  7.37  6.00 50.99 50.65
r101-d8_4xb4-80k_loveda-512x512    20211105_110759-4c1f297e 10.84  4.33 51.47 51.32
r18-d8_4xb4-80k_potsdam-512x512    20211219_020601-75fd5bc3  1.91 81.68 77.09 78.44
r50-d8_4xb4-80k_potsdam-512x512    20211219_031508-7e7a2b24  7.36 26.44 78.33 79.27
r101-d8_4xb4-80k_potsdam-512x512   20211219_031508-8b112708 10.83 17.56 78.7  79.47
r18-d8_4xb4-80k_vaihingen-512x512  20211231_230805-7626a263  1.91 72.79 72.50 74.13
r50-d8_4xb4-80k_vaihingen-512x512  20211231_230816-5040938d  7.36 26.91 73.97 75.05
r101-d8_4xb4-80k_vaihingen-512x512 20211231_230816-8a095afa 10.83 18.59 73.06 74.14
r18-d8_4xb4-80k_isaid-896x896      20220110_180526-7059991d  6.19 24.81 61.35 62.61
r50-d8_4xb4-80k_isaid-896x896      20220110_180526-598be439 21.45  8.42 67.06 68.02
"""


def test_it_is_complete():
    families = Counter(row.config.split('_')[0] for row in MODELS)
    assert families['deeplabv3'] == 45
    assert families['deeplabv3plus'] == 47 + 4  # the four of domain adaptation
    assert families['mobilenet-v2-d8'] == families['resnest'] == 4
    assert families['unet-s5-d16'] + families['unet'] == 8
    without = [row.config for row in MODELS if not row.url]
    assert len(without) == 12 and all(find_exact(name).note for name in without)
    assert sum(not row.miou and not row.mdice for row in MODELS) == 8


def test_names_mean_one_row_each():
    names = Counter(name.lower() for row in catalogue() for name in row.names)
    # a file and its name without suffix differ only where there is a suffix
    assert [name for name, count in names.items() if count > 1] == []
    assert len({row.url for row in catalogue() if row.url}) == sum(1 for r in catalogue() if r.url)


@pytest.mark.parametrize('row', catalogue(), ids=lambda row: row.name)
def test_row(row):
    for field in ('memory_gb', 'fps', 'miou', 'miou_ms_flip', 'mdice', 'dice', 'iters'):
        value = getattr(row, field)
        assert value == '' or float(value) > 0
    assert row.source.startswith('https://github.com/')
    for address in row.addresses:
        # the authors of DeepLab v2 offer their archive without encryption
        scheme = 'http://' if row.system == 'Caffe' else 'https://'
        assert addresses_of(address)[0].startswith(scheme)
    if row.kind != 'model':
        assert row.addresses and not row.config
        return
    if row.is_foreign:
        assert row.miou and (row.url or 'no checkpoint was published' in row.note)
        return
    gpus, batch, iters = re.search(r'_(\d)xb(\d)-.*?(\d+)k_', row.config).groups()
    assert (gpus, f'{iters}000') == ('4', row.iters) and batch in '24'
    height, width = row.crop.split('x')
    assert row.config.endswith(f'-{height}x{width}')
    depth = re.search(r'_r(\d+b?)-', row.config)
    assert depth is None or row.backbone.startswith(f'R-{depth[1]}-')
    if row.url:
        folder, file = row.url.split('/')[-2:]
        assert file.startswith(f'{folder}_') and folder in (row.old_name, row.config)
        assert row.log_url.rsplit('/', 1)[0] == row.url.rsplit('/', 1)[0]


@pytest.mark.parametrize('line', AERIAL.strip().splitlines(), ids=lambda line: line.split()[0])
def test_aerial_rows_are_as_published(line):
    name, stamp, memory, fps, miou, flipped = line.split()
    row = find_exact(f'deeplabv3plus_{name}')
    assert row.url == (
        'https://download.openmmlab.com/mmsegmentation/v0.5/deeplabv3plus/'
        f'{row.old_name}/{row.old_name}_{stamp}.pth'
    )
    assert (row.memory_gb, row.fps, row.miou, row.miou_ms_flip) == (memory, fps, miou, flipped)


def test_rows_whose_link_was_wrong_upstream():
    for file, config in {
        'r101-d8_512x512_80k_ade20k_20200615_014139-d5730af7': 'r101-d8_4xb4-80k_ade20k-512x512',
        'r101-d8_480x480_40k_pascal_context_20200911_165459-d3c8a29e': (
            'r101-d8_4xb4-40k_pascal-context-480x480'
        ),
    }.items():
        row = find_exact(f'deeplabv3plus_{file}.pth')
        assert row.config == f'deeplabv3plus_{config}' and 'the original table links' in row.note
    assert find_model('deeplabv3plus_r50-d8_480x480_40k_pascal_context').url == ''


@pytest.mark.parametrize(
    ('words', 'config'),
    [
        ('r50 loveda', 'deeplabv3plus_r50-d8_4xb4-80k_loveda-512x512'),
        ('LoveDA R-50', 'deeplabv3plus_r50-d8_4xb4-80k_loveda-512x512'),
        ('resnet101 potsdam', 'deeplabv3plus_r101-d8_4xb4-80k_potsdam-512x512'),
        ('r50 r2u', 'deeplabv3plus_r50-d8_4xb4-80k_loveda-r2u-512x512'),
        ('v3 r50b 769x769', 'deeplabv3_r50b-d8_4xb2-80k_cityscapes-769x769'),
        ('deeplabv3+ mapillary', 'deeplabv3plus_r50-d8_4xb2-300k_mapillay_v1_65-1280x1280'),
        ('deeplabv3+ r101 fp16', 'deeplabv3plus_r101-d8_4xb2-amp-80k_cityscapes-512x1024'),
        ('v3 r50 voc 20k', 'deeplabv3_r50-d8_4xb4-20k_voc12aug-512x512'),
        (
            'resnest ade deeplabv3',
            'resnest_s101-d8_deeplabv3_4xb4-160k_ade20k-512x512',
        ),
        *(
            (f'v3 {net} cityscapes', 'mobilenet-v2-d8_deeplabv3_4xb2-80k_cityscapes-512x1024')
            for net in ('mobilenet-v2', 'mobilenetv2', 'MobileNet_v2', 'm-v2')
        ),
        ('hrf dice', 'unet-s5-d16_deeplabv3_4xb4-ce-1.0-dice-3.0-40k_hrf-256x256'),
        (
            'configs/deeplabv3plus/deeplabv3plus_r18-d8_4xb4-80k_isaid-896x896.py',
            'deeplabv3plus_r18-d8_4xb4-80k_isaid-896x896',
        ),
        (
            'deeplabv3plus_r18-d8_4x4_896x896_80k_isaid',
            'deeplabv3plus_r18-d8_4xb4-80k_isaid-896x896',
        ),
        (
            'ddeeplabv3plus_r101-d16-mg124_4xb2-40k_cityscapes-512x1024',
            'deeplabv3plus_r101-d16-mg124_4xb2-40k_cityscapes-512x1024',
        ),
    ],
)
def test_find_model(words, config):
    assert find_model(words).config == config


@pytest.mark.parametrize(
    ('words', 'message'),
    [
        ('loveda', 'means 3 models: deeplabv3plus_r18.*r50.*r101.*add a word'),
        (
            'deeplabv3 r50 loveda',
            'has all of [^;]*; some have a part: deeplabv3plus_r50-d8_4xb4-80k_loveda-512x512',
        ),
        (
            'r50 lovda',
            "no word like 'lovda', did you mean loveda.; some have a part: "
            'deeplabv3plus_r50-d8_4xb4-80k_loveda-512x512, [^,]*r50[^,]*loveda[^,]*, '
            '[^,]*r50[^,]*loveda[^,]*$',
        ),
        ('r18 r2u u2r', 'some have a part: .*loveda-r2u'),
        ('cityscapes', r'and \d+ more'),
        (
            'deeplabv3plus_r50-d8_4xb4-80k_lovada-512x512',
            'near: deeplabv3plus_r50-d8_4xb4-80k_love',
        ),
        ('resnet50v1c', 'near: (?!.*://[^,]* ).*open-mmlab://resnet50_v1c'),
        ('qqq', 'There are models of ADE20K, CHASE_DB1, '),
        ('', 'means|is called'),
    ],
)
def test_near_misses_and_ambiguities_are_listed(words, message):
    with pytest.raises(CheckpointError, match=message):
        find_model(words)


@pytest.mark.parametrize(
    ('name', 'file'),
    [
        ('detectron2://DeepLab/R-103.pkl', 'detectron2/DeepLab/R-103.pkl'),
        ('model_final_a8a355.pkl', '/28054032/model_final_a8a355.pkl'),
        ('detectron2-deeplabv3-r103', '/28041665/model_final_0dff1b.pkl'),
        ('torchvision://resnet101', '/resnet101-63fe2227.pth'),
        ('torchvision://resnet101.imagenet1k_v2', '/resnet101-cd907fc2.pth'),
        ('torchvision://ResNet50_Weights.IMAGENET1K_V1', '/resnet50-0676ba61.pth'),
        ('mindcv://resnet101', '/resnet101-689c5e77.ckpt'),
        ('deeplabv3_s8_dilated_resnet101.yaml', '/deeplabv3_s8_resnet101-a297e7af.ckpt'),
        ('v3+ s8 voc', '/deeplabv3plus-s8-best-910v2.ckpt'),
        ('deeplab-pytorch-cocostuff10k', '/deeplabv2_resnet101_msc-cocostuff10k-20000.pth'),
        ('caffe-deeplabv1-coco', 'deeplab_aspp_resnet101/prototxt_and_model.zip'),
    ],
)
def test_files_of_other_systems_by_their_names(name, file):
    assert addresses_of(name)[0].endswith(file)


def test_a_score_without_a_file():
    with pytest.raises(CheckpointError, match='no checkpoint was published'):
        addresses_of('composer-composer')


@pytest.mark.parametrize(
    ('name', 'data_set'),
    [
        ('deeplabv3plus_r18-d8_4xb4-80k_loveda-r2u-512x512', 'LoveDA'),
        ('deeplabv3_r50-d8_4xb4-40k_pascal-context-59-480x480', 'Pascal Context 59'),
    ],
)
def test_a_model_without_weights_points_to_weights_that_exist(name, data_set):
    with pytest.raises(CheckpointError, match=f'another model of {data_set} with --load-from$'):
        addresses_of(name)
    assert any(row.dataset == data_set and row.url for row in catalogue())
