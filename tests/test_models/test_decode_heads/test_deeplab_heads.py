"""DeepLabV3Head and DeepLabV3PlusHead: the common contract, and what is their own."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F

from mmseg_deeplab.models.utils.layers import WindowMeanPool
from mmseg_deeplab.models.utils.resize import nearest_aligned
from mmseg_deeplab.utils.errors import ConfigError, TrainingError

from .head_contract import HeadContract


class TestDeepLabV3Head(HeadContract):
    cfg = {
        'type': 'DeepLabV3Head', 'in_channels': 32, 'in_index': 3, 'channels': 8,
        'dilations': (1, 2, 3),
    }  # fmt: skip

    def test_classifier_starts_small(self):
        head = self.build(num_classes=40)
        assert head.conv_seg.bias.abs().sum() == 0
        assert head.dropout is None and head.context_dropout.p == 0.1
        assert self.build(dropout_ratio=0).context_dropout is None

    def test_projection_is_1x1_and_the_image_mean_comes_first(self):
        head = self.build(dropout_ratio=0).eval()
        maps = self.maps()[3]
        mean = head.image_pool[1](maps.mean(dim=(2, 3), keepdim=True)).expand(-1, -1, 7, 5)
        parts = [mean, *(branch(maps) for branch in head.aspp_modules)]
        torch.testing.assert_close(
            head.encode_context(maps), head.bottleneck(torch.cat(parts, dim=1))
        )
        assert head.bottleneck.conv.kernel_size == (1, 1)

    def test_window_without_norm(self):
        head = self.build(pool_window=(2, 3), pool_norm=False)
        assert head.image_pool[1].norm is None and head.image_pool[1].conv.bias is not None
        assert head(self.maps(count=1)[:3] + [torch.randn(2, 32, 7, 5)]).shape == (2, 3, 7, 5)
        assert head.image_pool[0](torch.zeros(1, 1, 7, 5)).shape == (1, 1, 6, 3)

    def test_window_is_cut_to_a_small_map(self):
        maps = torch.randn(1, 2, 3, 4)
        pooled = WindowMeanPool((5, 2))(maps)
        torch.testing.assert_close(pooled, F.avg_pool2d(maps, (3, 2), stride=1))

    def test_batch_of_one_in_training(self):
        with pytest.raises(TrainingError, match='batch size per process must be 2 or more'):
            self.build()(self.maps(count=1))
        head = self.build(pool_window=(2, 2), pool_norm=False)
        assert head(self.maps(count=1)).shape[0] == 1

    def test_separable_branches(self):
        first, *others = self.build(separable=True).aspp_modules
        assert first.conv.kernel_size == (1, 1)
        assert [b.depthwise_conv.conv.dilation[0] for b in others] == [2, 3]

    def test_enlarged_and_cut_or_resized(self):
        logits = torch.randn(1, 3, 2, 3)
        cut = self.build(output_scale=16).resize_logits(logits, (20, 41))
        whole = F.interpolate(logits, (32, 48), mode='bilinear', align_corners=False)
        torch.testing.assert_close(cut, whole[:, :, :20, :41])
        resized = self.build().resize_logits(logits, (20, 41))
        assert resized.shape == cut.shape and not torch.allclose(resized, cut)

    def test_classifier_without_bias(self):
        head = self.build(classifier_bias=False)
        assert 'conv_seg.bias' not in head.state_dict()
        assert head(self.maps()).shape[1] == 3

    @pytest.mark.parametrize(
        ('changes', 'message'),
        [
            ({'dilations': (0, 2)}, 'dilations must be numbers from 1 upwards'),
            ({'pool_window': (3,)}, 'pool_window must be a height and a width'),
            ({'output_scale': 0}, 'output_scale must be 1 or more'),
            (
                {'in_channels': (4,), 'in_index': (0,), 'input_transform': 'multiple_select'},
                "must be None or 'resize_concat'",
            ),
        ],
    )
    def test_own_options(self, changes, message):
        with pytest.raises(ConfigError, match=message):
            self.build(**changes)


class TestDeepLabV3PlusHead(TestDeepLabV3Head):
    cfg = TestDeepLabV3Head.cfg | {
        'type': 'DeepLabV3PlusHead', 'c1_in_channels': 4, 'c1_channels': 2,
    }  # fmt: skip
    finest = 0

    def test_window_without_norm(self):
        head = self.build(pool_window=(2, 3), pool_norm=False)
        assert head(self.maps()).shape == (2, 3, 13, 9)

    def test_context_comes_before_low_level(self):
        head = self.build()
        context, low = torch.zeros(1, 8, 2, 2), torch.ones(1, 2, 5, 5)
        joined = head.upsample_and_join(context, low)
        assert joined[0, :, 0, 0].tolist() == [0] * 8 + [1] * 2

    def test_decoder_of_either_kind(self):
        kernels = [part.conv.kernel_size for part in self.build().fuse]
        assert kernels == [(3, 3), (3, 3)]
        (separable,) = self.build(separable=True).fuse
        assert separable.depthwise_conv.conv.kernel_size == (5, 5)
        assert separable.pointwise_conv.conv.out_channels == 8

    def test_nearest_of_aligned_corners(self):
        maps = torch.arange(4.0).view(1, 1, 1, 4)
        # places 0, 3/4, 3/2, 9/4, 3: halves go up
        assert nearest_aligned(maps, (1, 5)).flatten().tolist() == [0, 1, 2, 2, 3]
        assert nearest_aligned(maps, (2, 1)).flatten().tolist() == [0, 0]
        head = self.build(context_upsample='nearest_aligned')
        assert head(self.maps()).shape == (2, 3, 13, 9)
        with pytest.raises(ConfigError, match='context_upsample must be one of'):
            self.build(context_upsample='nearest')

    def test_own_channels(self):
        with pytest.raises(ConfigError, match='must be above 0, got 0 and 2'):
            self.build(c1_in_channels=0)
