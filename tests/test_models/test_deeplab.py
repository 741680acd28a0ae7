"""The one-liners, and the plain network that can be exported."""

from __future__ import annotations

import pytest
import torch

import mmseg_deeplab
from mmseg_deeplab import deeplabv3, deeplabv3plus
from mmseg_deeplab.models.backbones import ResNetV1c
from mmseg_deeplab.models.deeplab import ZOO_CHANNELS
from mmseg_deeplab.utils.errors import ConfigError, DataError

from .tiny import tiny_segmentor


@pytest.mark.parametrize('build', [deeplabv3plus, deeplabv3])
def test_logits_at_input_size_and_a_loss(build):
    model = build(18, num_classes=4, in_channels=5)
    images, labels = torch.randn(2, 5, 33, 47), torch.randint(0, 4, (2, 33, 47))
    labels[0, 0] = 255
    loss = model.loss(images, labels)
    loss.backward()
    assert loss.item() == pytest.approx(1.4 * 1.386, rel=0.15)  # (1 + 0.4) log 4 at the start
    assert all(p.grad is not None for p in model.parameters())
    assert model.eval()(images).shape == (2, 4, 33, 47)
    assert type(model).__mro__[1] is torch.nn.Module


def test_loss_is_decode_plus_auxiliary():
    model = deeplabv3plus(18, num_classes=3).eval()
    images, labels = torch.randn(1, 3, 24, 24), torch.randint(0, 3, (1, 24, 24))
    losses = model.losses(images, labels)
    wanted = torch.nn.functional.cross_entropy(model(images), labels)
    torch.testing.assert_close(losses['decode.loss_ce'], wanted)
    total = losses['decode.loss_ce'] + losses['aux.loss_ce']
    torch.testing.assert_close(model.loss(images, labels), total)
    with pytest.raises(DataError, match='got 9 in image 0 of the batch'):
        model.loss(images, torch.full((1, 24, 24), 9))


def test_one_class_is_a_sigmoid_map():
    model = deeplabv3plus(18, num_classes=1)
    images, labels = torch.randn(2, 3, 16, 16), torch.randint(0, 2, (2, 16, 16))
    assert model.loss(images, labels).item() == pytest.approx(1.4 * 0.693, rel=0.15)
    assert model.eval()(images).shape == (2, 1, 16, 16)


def test_output_stride_and_no_auxiliary_head():
    with torch.device('meta'):
        model = deeplabv3plus(
            50, num_classes=2, output_stride=16, multi_grid=(1, 2, 4), auxiliary=False
        )
    assert model.backbone.out_strides == (4, 8, 16, 16) and model.auxiliary_head is None
    assert [b.conv2.dilation[0] for b in model.backbone.layer4] == [1, 2, 4]
    assert model.decode_head.dilations == (1, 6, 12, 18)


def test_widths_are_the_backbones():
    with torch.device('meta'):
        for depth, widths in ZOO_CHANNELS.items():
            channels = ResNetV1c(depth).out_channels
            assert channels[0] == widths.low_level and channels[3] == widths.deep
            assert channels[2] == widths.auxiliary


def test_pretrained_backbone(tmp_path):
    source = ResNetV1c(18)
    torch.save(source.state_dict(), tmp_path / 'a.pth')
    model = deeplabv3plus(18, num_classes=2, pretrained=str(tmp_path / 'a.pth'))
    assert torch.equal(model.backbone.stem[0].weight, source.stem[0].weight)


def test_wrong_options_are_refused():
    with pytest.raises(ConfigError, match='depth must be one of'):
        deeplabv3plus(42, num_classes=2)
    with pytest.raises(ConfigError, match=r'output_stride must be one of \[8, 16\], got 32'):
        deeplabv3(18, num_classes=2, output_stride=32)


def test_public_names():
    assert mmseg_deeplab.deeplabv3plus is deeplabv3plus


@pytest.mark.slow
def test_network_exports_with_any_size_and_batch():
    network = tiny_segmentor().eval().network
    images = torch.randn(2, 3, 32, 48)
    batch, height, width = (torch.export.Dim(n, min=2, max=128) for n in ('n', 'h', 'w'))
    shapes = ({0: batch, 2: 8 * height, 3: 8 * width},)
    program = torch.export.export(network, (images,), dynamic_shapes=shapes)
    other = torch.randn(3, 3, 40, 24)
    with torch.no_grad():
        torch.testing.assert_close(program.module()(other), network(other))


def test_network_shares_the_models_layers():
    model = tiny_segmentor(in_channels=5).eval()
    images = torch.randn(2, 5, 19, 21)
    assert model.network.backbone is model.backbone
    assert list(model.state_dict()) == [n for n in model.state_dict() if 'network' not in n]
    assert 'auxiliary_head' not in ''.join(model.network.state_dict())
    with torch.no_grad():
        logits = model.network(images)
        assert logits.shape == (2, 3, 19, 21)
        for one, predicted in zip(logits, model(images, mode='predict'), strict=True):
            assert torch.equal(predicted.seg_logits.data, one)
