"""The heads: the common contract, and what is each one's own."""

from __future__ import annotations

import pytest
import torch

from mmseg_deeplab.models.decode_heads import (
    ASPPHead,
    BaseDecodeHead,
    DepthwiseSeparableASPPHead,
    FCNHead,
)
from mmseg_deeplab.models.utils import resize
from mmseg_deeplab.utils.errors import ConfigError, TrainingError

from .head_contract import BN, HeadContract

SEP = {'c1_in_channels': 4, 'c1_channels': 2, 'num_classes': 3}


class TestFCNHead(HeadContract):
    cfg = {'type': 'FCNHead', 'in_channels': 16, 'in_index': 2, 'channels': 8}
    finest = 2

    def test_zoo_form_is_one_convolution(self):
        head = self.build(num_convs=1, concat_input=False)
        names = {name.rsplit('.', 1)[0] for name in head.state_dict()}
        assert names == {'conv_seg', 'convs.0.conv', 'convs.0.bn'}

    def test_no_convolution_is_the_classifier_alone(self):
        head = self.build(channels=16, num_convs=0, concat_input=False, dropout_ratio=0)
        maps = self.maps()
        torch.testing.assert_close(head(maps), head.conv_seg(maps[2]))

    def test_padding_follows_kernel_and_dilation(self):
        head = self.build(kernel_size=5, dilation=2)
        assert head.convs[0].conv.padding == (4, 4) and head.conv_cat.conv.padding == (2, 2)

    def test_maps_joined_and_selected(self):
        head = self.build(in_channels=(8, 32), in_index=(1, 3), input_transform='resize_concat')
        assert head.in_channels == 40 and head.input_channels == {1: 8, 3: 32}
        maps = self.maps()
        joined = head._transform_inputs([*maps[:3], maps[3][:, :, :3, :2]])
        assert joined.shape == (2, 40, 7, 5)
        small = resize(maps[3][:, :, :3, :2], (7, 5), mode='bilinear', align_corners=False)
        torch.testing.assert_close(joined[:, 8:], small)

    def test_maps_selected_as_a_list(self):
        head = BaseDecodeHead(
            (4, 8), 4, num_classes=3, in_index=(0, 1), input_transform='multiple_select'
        )
        maps = self.maps()
        chosen = head._transform_inputs(maps)
        assert len(chosen) == 2 and chosen[0] is maps[0] and chosen[1] is maps[1]

    @pytest.mark.parametrize(
        ('changes', 'message'),
        [
            ({'num_convs': 0}, r'channels \(=8\) must equal in_channels \(=16\)'),
            ({'kernel_size': 4}, 'kernel_size odd'),
            (
                {'in_channels': (8,), 'in_index': (1, 2), 'input_transform': 'resize_concat'},
                'one l',
            ),
        ],
    )
    def test_own_options(self, changes, message):
        with pytest.raises(ConfigError, match=message):
            self.build(**changes)


class TestASPPHead(HeadContract):
    cfg = {
        'type': 'ASPPHead', 'in_channels': 32, 'in_index': 3, 'channels': 8, 'dilations': (1, 2, 3),
    }  # fmt: skip

    def test_branches_are_image_mean_then_dilations(self):
        head = self.build(dropout_ratio=0).eval()
        maps = self.maps()[3]
        mean = maps.mean(dim=(2, 3), keepdim=True)
        parts = [
            resize(head.image_pool[1](mean), maps.shape[2:], mode='bilinear', align_corners=False)
        ]
        parts += [branch(maps) for branch in head.aspp_modules]
        wanted = head.bottleneck(torch.cat(parts, dim=1))
        torch.testing.assert_close(head.encode_context(maps), wanted)

    def test_kernels(self):
        convs = [branch.conv for branch in self.build(dilations=(1, 12, 24, 36)).aspp_modules]
        assert [c.kernel_size[0] for c in convs] == [1, 3, 3, 3]
        assert [c.padding[0] for c in convs] == [0, 12, 24, 36]
        assert [c.dilation[0] for c in convs] == [1, 12, 24, 36]

    def test_batch_of_one_in_training_is_refused_with_the_way_out(self):
        with pytest.raises(TrainingError, match='batch size per process must be 2 or more'):
            self.build()(self.maps(count=1))
        head = self.build(norm_cfg={'type': 'GN', 'num_groups': 2})
        assert head(self.maps(count=1)).shape[0] == 1
        frozen = self.build()
        frozen.image_pool.eval()
        assert frozen(self.maps(count=1)).shape[0] == 1

    def test_own_options(self):
        with pytest.raises(ConfigError, match='dilations must be numbers from 1 upwards'):
            self.build(dilations=(0, 2))
        with pytest.raises(ConfigError, match="must be None or 'resize_concat'"):
            self.build(in_channels=(4,), in_index=(0,), input_transform='multiple_select')


class TestDepthwiseSeparableASPPHead(TestASPPHead):
    cfg = TestASPPHead.cfg | {
        'type': 'DepthwiseSeparableASPPHead', 'c1_in_channels': 4, 'c1_channels': 2,
    }  # fmt: skip
    finest = 0

    def test_kernels(self):
        first, *others = self.build(dilations=(1, 12, 24)).aspp_modules
        assert first.conv.kernel_size == (1, 1)
        for branch, dilation in zip(others, (12, 24), strict=True):
            conv = branch.depthwise_conv.conv
            assert conv.groups == 32 and conv.dilation == conv.padding == (dilation, dilation)

    def test_forward_is_the_figure(self):
        head = self.build(dropout_ratio=0).eval()
        maps = self.maps()
        context = resize(
            head.encode_context(maps[3]), maps[0].shape[2:], mode='bilinear', align_corners=False
        )
        joined = torch.cat([context, head.c1_bottleneck(maps[0])], dim=1)
        wanted = head.conv_seg(head.sep_bottleneck(joined))
        torch.testing.assert_close(head(maps), wanted)

    def test_without_low_level_branch(self):
        head = self.build(c1_in_channels=0, c1_channels=0)
        assert head.c1_bottleneck is None and head.input_channels == {3: 32}
        assert head(self.maps()).shape == (2, 3, 7, 5)

    @pytest.mark.parametrize(('given', 'projected'), [(0, 48), (64, 0), (-1, 4)])
    def test_channel_pairs_are_checked_at_once(self, given, projected):
        with pytest.raises(ConfigError, match=f'got {given} and {projected}'):
            self.build(c1_in_channels=given, c1_channels=projected)


def test_heads_are_at_most_two_classes_below_the_base():
    for head in (FCNHead, ASPPHead, DepthwiseSeparableASPPHead):
        ours = [c for c in head.__mro__ if c.__module__.startswith('mmseg_deeplab.models.decode')]
        assert len(ours) <= 3


def test_the_given_config_is_left_alone():
    norm_cfg, dilations = {'type': 'BN', 'requires_grad': True}, [1, 2]
    DepthwiseSeparableASPPHead(8, 4, dilations=dilations, norm_cfg=norm_cfg, **SEP)
    assert norm_cfg == BN | {'requires_grad': True} and dilations == [1, 2]


def test_losses_are_computed_in_float32_under_autocast():
    head = FCNHead(4, 4, num_classes=3, norm_cfg=BN)
    maps = [torch.randn(2, 4, 8, 8)]
    with torch.autocast('cpu', dtype=torch.bfloat16):
        logits = head(maps)
        losses = head.loss_of_labels(logits, torch.zeros(2, 16, 16, dtype=torch.long))
    assert logits.dtype == torch.bfloat16 and losses['loss_ce'].dtype == torch.float32
