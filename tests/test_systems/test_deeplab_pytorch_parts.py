"""deeplab-pytorch's parts: layers, labels, settings files, and files that are damaged."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from PIL import Image
from scipy.io import savemat
from torch import nn

from benchmarks.systems.deeplab_pytorch_end_to_end import YAML
from mmseg_deeplab.apis import entry_points
from mmseg_deeplab.apis.foreign_weights import checked_state
from mmseg_deeplab.apis.logit_files import _picture
from mmseg_deeplab.config import load_config
from mmseg_deeplab.datasets import COCOStuff182Dataset, PascalVOCDataset, RandomScale, read_label
from mmseg_deeplab.datasets.transforms import UseAsOriginal
from mmseg_deeplab.hub.foreign import Target, Weights, caffe
from mmseg_deeplab.models import MultiScaleEncoderDecoder, SumASPPHead
from mmseg_deeplab.models.backbones.stem_pool import make_stem_pool
from mmseg_deeplab.models.segmentors.multi_scale import MultiScale
from mmseg_deeplab.utils.class_names import get_classes
from mmseg_deeplab.utils.errors import CheckpointError, ConfigError, DataError
from mmseg_deeplab.utils.protobuf import bytes_field

BASE = 'deeplabv2_r101-d8-msc_voc12-321x321'


def multi_scale(**options):
    """A narrow model that sees two sizes."""
    return MultiScaleEncoderDecoder(
        backbone=dict(type='ResNet', depth=18, base_channels=2, stem_channels=2),
        decode_head=dict(type='SumASPPHead', in_channels=16, num_classes=3, dilations=(1, 2)),
        scales=(0.5,),
        **options,
    ).eval()


def settings(tmp_path, **changes):
    """A YAML file of the package, with other values."""
    facts = dict(
        name='voc12', root='out', dataset='vocaug', data='data/VOCdevkit', classes=21,
        train='train_aug', val='val', crop=321, updates=20000,
    )  # fmt: skip
    text = YAML.format(**{**facts, **changes})
    path = tmp_path / 'voc12.yaml'
    path.write_text(text)
    return path


@pytest.mark.parametrize(('kind', 'sizes'), [('floor', (4, 4)), ('ceil', (5, 4)), ('same', (4, 4))])
def test_pooling_behind_the_stem(kind, sizes):
    pool = make_stem_pool(kind)
    maps = torch.arange(56.0).view(1, 1, 8, 7)
    assert tuple(pool(maps).shape[2:]) == sizes
    # of an even side, "same" adds nothing in front: the first window is rows 0 to 2
    assert pool(maps)[0, 0, 0, 0] == (15 if kind == 'same' else 8)


def test_branches_are_summed():
    head = SumASPPHead(4, num_classes=3, dilations=(1, 2))
    maps = torch.randn(1, 4, 6, 5)
    first, second = head.conv_seg
    assert torch.equal(head([maps]), first(maps) + second(maps))
    assert [name for name, _ in head.named_parameters()] == [
        'conv_seg.0.weight', 'conv_seg.0.bias', 'conv_seg.1.weight', 'conv_seg.1.bias'
    ]  # fmt: skip


def test_the_largest_logit_of_all_sizes_wins():
    model, images = multi_scale(), torch.randn(1, 3, 64, 96)
    full, half, merged = model.outputs(images)
    assert half.shape[2:] == (1, 2) and full.shape == merged.shape
    enlarged = nn.functional.interpolate(half, full.shape[2:], mode='bilinear')
    assert torch.equal(merged, torch.maximum(full, enlarged))
    assert torch.equal(model(images), merged)
    assert torch.equal(model.network(images), model.encode_decode(images))
    assert model.network(images).shape[2:] == (64, 96)
    at_input = multi_scale(merge_at='input').outputs(images)
    assert [tuple(each.shape[2:]) for each in at_input] == [(64, 96), (32, 48), (64, 96)]


def test_every_size_has_a_loss():
    labels = torch.randint(0, 3, (2, 64, 64))
    losses = multi_scale().network.losses(torch.randn(2, 3, 64, 64), labels)
    assert list(losses) == [
        'decode_100.loss_ce', 'decode_50.loss_ce', 'decode_max.loss_ce', 'decode_max.acc_seg'
    ]  # fmt: skip


@pytest.mark.parametrize('wrong', [dict(merge_at='logits'), dict(scales=())])
def test_wrong_settings_of_the_sizes(wrong):
    with pytest.raises(ConfigError, match=next(iter(wrong))):
        MultiScale(**{**dict(scales=(0.5,), recompute_scale_factor=True, merge_at='head',
                             align_corners=False), **wrong})  # fmt: skip


def test_ids_of_coco():
    names = get_classes('cocostuff182')
    assert len(names) == 182
    assert [names[i] for i in (0, 11, 90, 91, 181)] == [
        'person', 'street sign', 'hair brush', 'banner', 'wood'
    ]  # fmt: skip
    assert [name for name in names if name in get_classes('cocostuff')] == get_classes('cocostuff')
    objects = get_classes('coco91')
    assert (len(objects), objects[1], objects[90]) == (91, 'person', 'toothbrush')


def test_labels_of_coco_stuff_10k(tmp_path):
    for folder in ('images', 'annotations', 'imageLists'):
        (tmp_path / folder).mkdir()
    Image.fromarray(np.zeros((2, 2, 3), np.uint8)).save(tmp_path / 'images' / 'a.jpg')
    savemat(tmp_path / 'annotations' / 'a.mat', {'S': np.array([[0, 1], [92, 182]], np.uint16)})
    (tmp_path / 'imageLists' / 'test.txt').write_text('a\n')
    sets = load_config('deeplabv2_r101-d8-msc_cocostuff10k-321x321').test_dataloader.dataset
    sets = {**sets, 'data_root': str(tmp_path), 'pipeline': sets.pipeline[:2]}
    sets.pop('type')
    assert COCOStuff182Dataset(**sets)[0]['gt_seg_map'].tolist() == [[255, 0], [91, 181]]


@pytest.mark.parametrize('content', [{'T': np.ones((2, 2))}, {'S': np.ones((2, 2, 2))}])
def test_wrong_matlab_files(tmp_path, content):
    savemat(tmp_path / 'a.mat', content)
    with pytest.raises(DataError, match=r'a\.mat: holds no label map S'):
        read_label(tmp_path / 'a.mat')


def test_truncated_matlab_files(tmp_path):
    path = tmp_path / 'a.mat'
    savemat(path, {'S': np.random.default_rng(0).integers(9, size=(40, 40))}, do_compression=True)
    path.write_bytes(path.read_bytes()[:-60])
    with pytest.raises(DataError, match=r'a\.mat: is truncated or damaged, .*; copy or download'):
        read_label(path)


def test_lists_of_voc_for_deeplab(tmp_path):
    for folder in ('JPEGImages', 'SegmentationClassAug'):
        (tmp_path / folder).mkdir()
    Image.fromarray(np.zeros((2, 2, 3), np.uint8)).save(tmp_path / 'JPEGImages' / 'a.jpg')
    (tmp_path / 'list.txt').write_text('/JPEGImages/a.jpg /SegmentationClassAug/a.png\n')
    prefix = dict(img_path='', seg_map_path='')
    record = PascalVOCDataset('list.txt', data_root=str(tmp_path), data_prefix=prefix)[0]
    assert record['img_path'] == str(tmp_path / 'JPEGImages' / 'a.jpg')
    assert record['seg_map_path'] == str(tmp_path / 'SegmentationClassAug' / 'a.png')


def test_scales_and_labels_are_those_of_pillow():
    label = np.random.RandomState(0).randint(0, 21, (37, 50)).astype(np.uint8)
    scale = RandomScale(factors=(0.75,), label_interpolation='nearest_exact')
    sample = scale({'img': label[..., None], 'gt_seg_map': label, 'seg_fields': ['gt_seg_map']})
    wanted = Image.fromarray(label).resize((37, 27), Image.Resampling.NEAREST)
    assert np.array_equal(sample['gt_seg_map'], wanted)
    assert UseAsOriginal()(sample)['ori_shape'] == (27, 37)


def test_the_packages_own_settings_give_our_config(tmp_path):
    theirs, ours = load_config(settings(tmp_path)), load_config(BASE)
    # what the drawn example's file says otherwise
    options = {
        'optim_wrapper', 'param_scheduler', 'train_cfg', 'max_iters', 'train_pipeline',
        'test_pipeline', 'env_cfg', 'iter_size',
    }  # fmt: skip
    for key in options - {'param_scheduler'}:
        assert theirs[key] == ours[key], key
    assert theirs.model.decode_head == ours.model.decode_head
    assert theirs.model.data_preprocessor == ours.model.data_preprocessor
    assert theirs.train_dataloader.dataset == ours.train_dataloader.dataset
    assert theirs.test_dataloader.dataset == ours.test_dataloader.dataset
    assert theirs.param_scheduler[0].interval == 2  # LR_DECAY 1, two batches
    assert theirs.crf.bi_xy_std == 67
    assert theirs.work_dir == 'out/data/models/voc12/deeplabv2_resnet101_msc/train_aug'


WRONG_SETTINGS = [
    ('LR_DECAY', 'LR_DEKAY', 'SOLVER.LR_DECAY must be set'),
    ('POLY_POWER: 0.9', 'POLY_POWER: 0.9\n    GAMMA: 1', 'unknown setting SOLVER.GAMMA'),
    ('NAME: vocaug', 'NAME: ade', 'DATASET.NAME must be one of voc, vocaug'),
    ('IGNORE_LABEL: 255', 'IGNORE_LABEL: 0', 'DATASET.IGNORE_LABEL must be 255'),
    ('DeepLabV2_R', 'DeepLabV9_R', 'MODEL.NAME must be one of DeepLabV2_ResNet101_MSC'),
]


def test_wrong_settings_files(tmp_path):
    path = settings(tmp_path)
    right = path.read_text()
    for before, after, message in WRONG_SETTINGS:
        path.write_text(right.replace(before, after))
        with pytest.raises(ConfigError, match=message):
            load_config(path)


def test_settings_of_other_values_and_models(tmp_path):
    path = settings(tmp_path, dataset='cocostuff164k', classes=182, train='train2017', crop=65)
    text = path.read_text().replace('ITER_SIZE: 2', 'ITER_SIZE: 3').replace('BASE: ', 'BASE: 400')
    path.write_text(text)
    config = load_config(path)
    assert config.optim_wrapper.accumulative_counts == 3
    assert config.train_cfg.max_iters == 60000 == config.param_scheduler[0].end
    assert [step.type for step in config.train_dataloader.dataset.pipeline][2] == 'ResizeLongerSide'
    assert config.train_dataloader.dataset.data_prefix.img_path == 'images/train2017'
    path = settings(tmp_path)
    path.write_text(path.read_text().replace('DeepLabV2_', 'DeepLabV3Plus_'))
    assert load_config(path).model.decode_head.type == 'DeepLabV3PlusHead'


def layer(name, *blobs, kind='Convolution'):
    """A layer of a .caffemodel; a blob is (shape, numbers)."""
    content = bytes_field(1, name.encode()) + bytes_field(2, kind.encode())
    for shape, numbers in blobs:
        sizes = bytes_field(7, bytes_field(1, bytes(shape)))
        content += bytes_field(7, sizes + bytes_field(5, np.array(numbers, '<f4').tobytes()))
    return bytes_field(100, content)


@pytest.mark.parametrize(
    ('content', 'message'),
    [
        (layer('conv1', ([1], [2.0]))[:-3], 'truncated, or no .caffemodel'),
        (layer('conv1', ([3], [2.0])), r'a blob of shape \[3\] has 1 numbers'),
        (b'', 'holds no layer with numbers'),
        (bytes_field(2, b''), "the form of Caffe's first years"),
    ],
)
def test_damaged_files_of_caffe(tmp_path, content, message):
    path = tmp_path / 'a.caffemodel'
    path.write_bytes(content)
    with pytest.raises(CheckpointError, match=message):
        caffe.read(path)


def test_layers_that_no_deeplab_has():
    with pytest.raises(CheckpointError, match='1 layers are unknown to DeepLab .* lstm'):
        caffe.to_ours({'lstm.0': torch.zeros(1)})
    with pytest.raises(CheckpointError, match='batch norm bn_conv1 must have 3 blobs'):
        caffe.to_ours({'bn_conv1.0': torch.zeros(1)})


def test_settings_of_layers_are_compared_with_the_model():
    model = nn.Module()
    model.backbone = nn.Module()
    model.backbone.conv1 = nn.Conv2d(3, 4, 7, stride=2, padding=3)
    model.decode_head = nn.Module()

    def check(layer, **stated):
        weights = Weights(
            'caffe', {}, Target('x', {}), caffe.Foreign({}, {'layers': {layer: stated}})
        )
        config_of = 'mmseg_deeplab.apis.foreign_weights.model_without_memory'
        with pytest.MonkeyPatch.context() as patch, pytest.raises(CheckpointError) as raised:
            patch.setattr(config_of, lambda config: model)
            checked_state(weights, None, 'a.caffemodel')
        return str(raised.value)

    assert check('conv1', dilation=3).startswith('a.caffemodel: layer conv1 has dilation=3')
    for layer in ('res4b30_branch2a', 'fc1_voc12_c0', 'fc8'):
        assert check(layer).startswith(f"a.caffemodel: layer {layer} is not in the config's model")


def test_an_image_of_one_pixel():
    for images in (torch.zeros(1, 3, 1, 1), torch.zeros(1, 3, 1, 40)):
        for recompute in (True, False):
            scales = MultiScale((0.5, 0.75), recompute, 'head', align_corners=False)
            found = scales.outputs(images, lambda image: image)
            assert [each.shape[2] for each in found] == [1, 1, 1, 1]
            assert found[1].shape[3] == max(1, images.shape[3] // 2)


def test_hub_takes_false_for_no_weights(monkeypatch):
    monkeypatch.setattr(entry_points, 'deeplab', lambda config, *more: more[0])
    assert entry_points.deeplabv2_resnet101(pretrained=False) is False
    assert entry_points.deeplabv2_resnet101('voc12', 21) is True
    with pytest.raises(ConfigError, match='must be None, False or one of .* got True'):
        entry_points.deeplabv2_resnet101(pretrained=True)


def test_the_image_less_its_mean_wraps_around():
    sample = {'inputs': torch.tensor([104.0, 10.0, 255.0]).view(3, 1, 1)}
    mean = torch.tensor([104.008, 116.669, 122.675])
    wanted = np.array([104, 10, 255], np.float32) - mean.numpy()
    assert (
        _picture(sample, mean).ravel().tolist() == wanted.astype(np.int32).astype(np.uint8).tolist()
    )
    assert _picture(sample, None).ravel().tolist() == [104, 10, 255]
