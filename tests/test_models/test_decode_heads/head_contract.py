"""What every head must do; a head's own test subclasses this in ten lines."""

from __future__ import annotations

import pytest
import torch

from mmseg_deeplab.registry import MODELS
from mmseg_deeplab.utils.errors import ConfigError

from ..tiny import TINY_CHANNELS, sample

BN = {'type': 'BN'}
SIGMOID = {'type': 'CrossEntropyLoss', 'use_sigmoid': True}


class HeadContract:
    """Tests of any head; subclasses set ``cfg`` and may set ``finest``.

    Attributes:
        cfg: Config of the head without ``num_classes`` and ``norm_cfg``, for maps of
            ``TINY_CHANNELS`` channels at strides 4, 8, 8, 8.
        finest: Index of the map whose size the logits have.
    """

    cfg: dict
    finest = 3

    def build(self, num_classes=3, **changes):
        return MODELS.build(self.cfg | {'num_classes': num_classes, 'norm_cfg': BN} | changes)

    def maps(self, count=2, size=(7, 5)):
        """Maps of an odd-sized image; the first has about twice the size of the others."""
        first = (2 * size[0] - 1, 2 * size[1] - 1)
        sizes = (first, size, size, size)
        return [
            torch.randn(count, channels, *s, requires_grad=True)
            for channels, s in zip(TINY_CHANNELS, sizes, strict=True)
        ]

    def samples(self, count=2, num_classes=3, size=(27, 19)):
        return [sample(torch.randint(0, num_classes, size)) for _ in range(count)]

    @pytest.mark.parametrize('size', [(7, 5), (1, 1), (4, 4)])
    def test_logits_have_the_size_of_the_finest_map(self, size):
        maps = self.maps(size=size)
        logits = self.build()(maps)
        assert logits.shape == (2, 3, *maps[self.finest].shape[2:])

    def test_loss_names_and_gradients_of_every_parameter(self):
        head = self.build()
        maps = self.maps()
        losses = head.loss(maps, self.samples())
        assert list(losses) == ['loss_ce', 'acc_seg']
        assert all(value.dim() == 0 for value in losses.values())
        assert not losses['acc_seg'].requires_grad
        losses['loss_ce'].backward()
        without = [name for name, p in head.named_parameters() if p.grad is None]
        assert without == []
        zero = [name for name, p in head.named_parameters() if p.grad.abs().sum() == 0]
        assert zero == []
        for index in head.input_channels:
            assert maps[index].grad.abs().sum() > 0

    def test_all_ignored(self):
        head = self.build()
        samples = [sample(torch.full((27, 19), 255)) for _ in range(2)]
        losses = head.loss(self.maps(), samples)
        losses['loss_ce'].backward()
        assert losses['loss_ce'].item() == 0
        assert all(torch.isfinite(p.grad).all() for p in head.parameters())

    def test_one_class_is_one_sigmoid_map(self):
        head = self.build(1, loss_decode=SIGMOID)
        samples = self.samples(num_classes=2)
        losses = head.loss(self.maps(), samples)
        assert head.out_channels == 1 and head.threshold == 0.3 and head.num_labels == 2
        assert 0 < losses['loss_ce'].item() < 10 and 0 <= losses['acc_seg'].item() <= 100

    def test_two_classes_as_one_map(self):
        head = self.build(2, out_channels=1, threshold=0.5, loss_decode=SIGMOID)
        assert head(self.maps()).shape[1] == 1
        logits = torch.tensor([[[[-1.0, 1.0]]]])
        assert head.classify(logits).tolist() == [[[0, 1]]]

    def test_batch_of_one_in_evaluation(self):
        assert self.build().eval()(self.maps(count=1)).shape[0] == 1

    def test_several_losses_by_name(self):
        cfgs = [{'type': 'CrossEntropyLoss'}, {'type': 'CrossEntropyLoss', 'loss_weight': 2.0}]
        cfgs.append({'type': 'DiceLoss', 'use_sigmoid': False})
        torch.manual_seed(1)
        head = self.build(loss_decode=cfgs, dropout_ratio=0).eval()
        maps, samples = self.maps(), self.samples()
        losses = head.loss(maps, samples)
        assert list(losses) == ['loss_ce', 'loss_dice', 'acc_seg']
        torch.manual_seed(1)
        single = self.build(dropout_ratio=0).eval().loss(maps, samples)['loss_ce']
        torch.testing.assert_close(losses['loss_ce'], 3 * single)

    def test_hard_pixels_only(self):
        head = self.build(sampler={'type': 'OHEMPixelSampler', 'min_kept': 4}).eval()
        plain = self.build().eval()
        plain.load_state_dict(head.state_dict())
        maps, samples = self.maps(), self.samples()
        hard, every = (h.loss(maps, samples)['loss_ce'].item() for h in (head, plain))
        assert 0 < hard < every

    def test_classifier_starts_small(self):
        head = self.build(num_classes=40)
        assert head.conv_seg.bias.abs().sum() == 0
        assert head.conv_seg.weight.std().item() == pytest.approx(0.01, rel=0.3)
        assert head.dropout.p == 0.1
        assert self.build(dropout_ratio=0).dropout is None

    def test_modes_return_the_head_itself(self):
        head = self.build()
        assert head.eval() is head and head.train() is head

    def test_repr_says_what_it_looks_at(self):
        assert 'in_index=' in repr(self.build())

    @pytest.mark.parametrize(
        ('changes', 'message'),
        [
            ({'num_classes': 0}, 'num_classes must be 1 or more, got 0'),
            ({'out_channels': 2}, r'out_channels must be num_classes \(=3\) or 1, got 2'),
            ({'out_channels': 1}, 'out_channels=1 must be for one or two classes'),
            ({'loss_decode': 'ce'}, "loss_decode must be a dict or a list of dicts, got 'ce'"),
            ({'loss_decode': []}, 'loss_decode must be a dict or a list'),
            ({'loss_decode': {'type': 'CrosEntropyLoss'}}, 'did you mean CrossEntropyLoss'),
            ({'num_classes': 1, 'loss_decode': {'type': 'CrossEntropyLoss'}}, 'use_sigmoid must'),
            ({'input_transform': 'concat'}, 'input_transform must be one of'),
            ({'in_index': (0, 1)}, 'in_index must be one number'),
        ],
    )
    def test_wrong_options_are_refused(self, changes, message):
        with pytest.raises(ConfigError, match=message):
            self.build(**changes)
