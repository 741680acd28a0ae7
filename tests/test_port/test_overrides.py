"""Users' subclasses that replace a method of MMSegmentation: called, or said not to be."""

from __future__ import annotations

from importlib import import_module

import numpy as np
import pytest
import torch
from mmengine.structures import PixelData
from torch import nn

from mmseg_deeplab.datasets.transforms import (
    LoadAnnotations,
    PhotoMetricDistortion,
    RandomCrop,
    RandomFlip,
    Resize,
)
from mmseg_deeplab.evaluation import CityscapesMetric, IoUMetric
from mmseg_deeplab.models.backbones.unet_blocks import BasicConvBlock
from mmseg_deeplab.models.decode_heads import aspp_head, sep_aspp_head
from mmseg_deeplab.models.utils import UpConvBlock
from mmseg_deeplab.registry import TRANSFORMS
from mmseg_deeplab.structures import SegDataSample
from mmseg_deeplab.utils.errors import ConfigError
from mmseg_deeplab.visualization import SegLocalVisualizer


def sample() -> dict:
    label = np.arange(24, dtype=np.uint8).reshape(4, 6)
    return {'img': np.dstack([label] * 3), 'gt_seg_map': label, 'seg_fields': ['gt_seg_map']}


def test_replaced_steps_of_transforms_are_called():
    class MyLoad(LoadAnnotations):
        def _load_seg_map(self, results):
            results['gt_seg_map'] = np.full((4, 6), 7, np.uint8)
            results['seg_fields'].append('gt_seg_map')

    class MyResize(Resize):
        def _resize_seg(self, results):
            results['asked'] = results['scale']

    class MyImageResize(Resize):
        def _resize_img(self, results):
            super()._resize_img(results)
            results['img'] = results['img'] + 100

    class MyFlip(RandomFlip):
        def _flip(self, results):
            super()._flip(results)
            results['seen'] = results['flip_direction']

    class MyCrop(RandomCrop):
        def crop_bbox(self, results):
            return 1, 3, 2, 5

    assert (MyLoad()({'seg_fields': []})['gt_seg_map'] == 7).all()
    resized = MyResize(scale=(12, 8))(sample())
    assert resized['img'].shape == (8, 12, 3) and resized['gt_seg_map'].shape == (4, 6)
    assert resized['asked'] == (12, 8)
    resized = MyImageResize(scale=(12, 8))(sample())
    assert resized['img'].min() >= 100 and resized['gt_seg_map'].shape == (8, 12)
    flipped = MyFlip(prob=1.0)(sample())
    assert flipped['seen'] == 'horizontal'
    assert flipped['gt_seg_map'][0].tolist() == [5, 4, 3, 2, 1, 0]
    cropped = MyCrop(crop_size=2)(sample())
    assert cropped['gt_seg_map'].tolist() == [[8, 9, 10], [14, 15, 16]]
    assert RandomCrop(2).crop(np.eye(3), (0, 1, 1, 3)).tolist() == [[0, 0]]


def test_replaced_steps_of_drawing_and_of_cityscapes_are_called(tmp_path):
    class MyVisualizer(SegLocalVisualizer):
        def _draw_sem_seg(self, image, sem_seg, classes, palette, with_labels=True):
            assert classes == ['a', 'b'] and len(palette) == 2 and with_labels
            return np.full_like(image, int(sem_seg.data.max()))

    class MyMetric(CityscapesMetric):
        @staticmethod
        def _convert_to_label_id(result):
            return np.full_like(result, 33)

    drawer = MyVisualizer(classes=['a', 'b'], palette=[[0, 0, 0], [1, 1, 1]])
    ids = PixelData(data=torch.ones(1, 4, 6, dtype=torch.long))
    drawer.add_datasample('x', sample()['img'], SegDataSample(pred_sem_seg=ids))
    assert (drawer.get_image() == 1).all()
    metric = MyMetric(output_dir=str(tmp_path), format_only=True)
    metric.process(None, [{'pred_sem_seg': {'data': ids.data}, 'img_path': 'x.png'}])
    assert import_module('cv2').imread(str(tmp_path / 'x_pred.png'), -1).max() == 33


def test_what_nobody_calls_is_said_once(monkeypatch):
    from mmengine.registry import TRANSFORMS as ROOT

    from mmseg_deeplab.registry import overrides

    said = []
    monkeypatch.setattr(overrides, 'warn_once', said.append)

    @TRANSFORMS.register_module()
    class TwiceAsBright(PhotoMetricDistortion):
        def brightness(self, img):
            return img * 2

    class Between(PhotoMetricDistortion):
        def hue(self, img):
            return img

    @ROOT.register_module()
    class RegisteredAtTheRoot(Between):
        pass

    @TRANSFORMS.register_module()
    class Harmless(PhotoMetricDistortion):
        def transform(self, results):
            return results

    try:
        for name in ('TwiceAsBright', 'RegisteredAtTheRoot', 'Harmless', 'PhotoMetricDistortion'):
            TRANSFORMS.build({'type': name})
    finally:
        ROOT.module_dict.pop('RegisteredAtTheRoot')
        for name in ('TwiceAsBright', 'Harmless'):
            TRANSFORMS.module_dict.pop(name)
    assert [message.split(': ')[1].split(' replaces')[0] for message in said] == [
        'brightness',
        'hue',
    ]
    assert 'docs/from_mmsegmentation.md' in said[0]


def test_the_table_of_methods_that_are_not_called_is_right():
    """A class of ours that has the method would make the warning wrong, but for two static ones."""
    from mmseg_deeplab.registry.overrides import NOT_CALLED

    places = [
        import_module(f'mmseg_deeplab.{place}')
        for place in (
            'apis',
            'datasets',
            'datasets.transforms',
            'evaluation',
            'models',
            'models.backbones',
            'visualization',
        )
    ]
    for name, methods in NOT_CALLED.items():
        kind = next(getattr(place, name) for place in places if hasattr(place, name))
        ours = {method for method in methods.split() if hasattr(kind, method)}
        assert ours == (set(methods.split()) if name == 'IoUMetric' else set()), name


def test_areas_and_scores_of_the_metric():
    pred = torch.tensor([[0, 0, 1], [1, 1, 0]])
    label = torch.tensor([[0, 1, 1], [1, 255, 255]])
    areas = IoUMetric.intersect_and_union(pred, label, 3, 255)
    # of the four labelled pixels: one 0 and two 1 are right, one 1 is taken for 0
    assert [area.tolist() for area in areas] == [[1, 2, 0], [2, 3, 0], [2, 2, 0], [1, 3, 0]]
    found = IoUMetric.total_area_to_metrics(*areas, ['mIoU', 'mDice', 'mFscore'], 0, 2)
    assert list(found) == ['aAcc', 'IoU', 'Acc', 'Dice', 'Fscore', 'Precision', 'Recall']
    wanted = {
        'aAcc': 3 / 4,
        'IoU': [1 / 2, 2 / 3, 0],
        'Acc': [1, 2 / 3, 0],
        'Dice': [2 / 3, 4 / 5, 0],
        'Precision': [1 / 2, 1, 0],
        'Fscore': [5 * 0.5 / (4 * 0.5 + 1), 5 * (2 / 3) / (4 + 2 / 3), 0],
    }
    for name, values in wanted.items():
        assert found[name] == pytest.approx(values), name
    found = IoUMetric.total_area_to_metrics(*areas)
    assert list(found) == ['aAcc', 'IoU', 'Acc'] and np.isnan(found['IoU'][2])
    with pytest.raises(KeyError, match='mNope'):
        IoUMetric.total_area_to_metrics(*areas, ['mNope'])


def test_blocks_in_the_call_form_of_mmsegmentation():
    block = UpConvBlock(BasicConvBlock, 8, 4, 6)
    assert block(torch.ones(1, 4, 8, 8), torch.ones(1, 8, 4, 4)).shape == (1, 6, 8, 8)
    same = UpConvBlock(BasicConvBlock, 8, 4, 6, num_convs=1, stride=2, upsample_cfg=None)
    assert same(torch.ones(1, 4, 8, 8), torch.ones(1, 8, 8, 8)).shape == (1, 6, 4, 4)
    with pytest.raises(ConfigError, match='must be None'):
        UpConvBlock(BasicConvBlock, 8, 4, 6, dcn={})
    norm, act = {'type': 'BN'}, {'type': 'ReLU'}
    for kind in (aspp_head.ASPPModule, sep_aspp_head.DepthwiseSeparableASPPModule):
        branches = kind(
            dilations=(1, 2), in_channels=4, channels=3, conv_cfg=None, norm_cfg=norm, act_cfg=act
        )
        assert [maps.shape for maps in branches(torch.ones(2, 4, 5, 5))] == [(2, 3, 5, 5)] * 2


def test_a_head_calls_the_branches_that_a_subclass_puts_in():
    class Twice(nn.Module):
        def forward(self, maps):
            return [maps[:, :4]] * 2

    head = aspp_head.ASPPHead(in_channels=8, channels=4, num_classes=2, dilations=(1, 2)).eval()
    head.aspp_modules = Twice()
    assert head([torch.ones(1, 8, 5, 5)]).shape == (1, 2, 5, 5)


PLACES = {
    'models.decode_heads.aspp_head': 'ASPPHead ASPPModule',
    'models.decode_heads.sep_aspp_head': """
        DepthwiseSeparableASPPHead DepthwiseSeparableASPPModule""",
    'models.losses.cross_entropy_loss': 'CrossEntropyLoss cross_entropy binary_cross_entropy',
    'models.utils.wrappers': 'resize Upsample',
    'models.utils.up_conv_block': 'UpConvBlock',
    'models.utils.inverted_residual': 'InvertedResidual',
    'datasets.drive': 'DRIVEDataset',
    'datasets.stare': 'STAREDataset',
    'datasets.chase_db1': 'ChaseDB1Dataset',
    'datasets.hrf': 'HRFDataset',
    'datasets.transforms.loading': 'LoadAnnotations LoadImageFromNDArray',
    'datasets.transforms.transforms': 'PhotoMetricDistortion RandomCrop ResizeToMultiple',
    'evaluation.metrics.citys_metric': 'CityscapesMetric',
}


@pytest.mark.parametrize('place', PLACES)
def test_names_are_where_mmsegmentation_has_them(place):
    module = import_module(f'mmseg_deeplab.{place}')
    assert [name for name in PLACES[place].split() if not hasattr(module, name)] == []
