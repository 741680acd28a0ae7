"""OpenVINO and onnxruntime beside PyTorch: the same numbers for every size, class count, batch."""

from __future__ import annotations

import warnings

import pytest
import torch
from torch import nn

from mmseg_deeplab.inference.backends import (
    OnnxRuntimePredictor,
    OpenVINOPredictor,
    check_export,
    export_onnx,
    fingerprint,
)
from mmseg_deeplab.inference.backends.quantise import quantise_openvino
from mmseg_deeplab.models import deeplabv3plus
from mmseg_deeplab.models.backbones.resnest_blocks import SplitAttentionConv2d
from mmseg_deeplab.models.backbones.unet_blocks import Upsample
from mmseg_deeplab.models.utils.layers import WindowMeanPool
from mmseg_deeplab.models.utils.resize import nearest_aligned, resize
from mmseg_deeplab.utils.conv import FastConv2d, hasten
from mmseg_deeplab.utils.errors import ConfigError

SIZES = [(1, 97, 131), (3, 64, 64), (1, 1, 1), (2, 31, 57), (1, 97, 131)]


class Small(nn.Module):
    """Half the resolution and back, as a segmentation network does; two bands, three classes."""

    def __init__(self, classes=3):
        super().__init__()
        self.conv = nn.Conv2d(2, 6, 3, stride=2, padding=1)
        self.norm = nn.BatchNorm2d(6)
        self.logits = nn.Conv2d(6, classes, 1)
        nn.init.uniform_(self.norm.running_mean)
        nn.init.uniform_(self.norm.running_var, 0.5, 2)
        self.eval()

    def forward(self, images):
        maps = self.norm(self.conv(images)).relu()
        logits = self.logits(maps + maps.mean((2, 3), keepdim=True))
        return nn.functional.interpolate(logits, images.shape[2:], mode='bilinear')


def images_of(size, bands=2):
    return torch.randn(size[0], bands, *size[1:])


def assert_close(predictor, network, sizes=SIZES, bands=2):
    for size in sizes:
        images = images_of(size, bands)
        with torch.no_grad():
            wanted = network(images)
        got = predictor(images)
        assert got.dtype == torch.float32 and got.shape == wanted.shape
        # float32 rounds at 1e-7 of the values; a few hundred of them are added up
        assert float((got - wanted).abs().max()) <= 1e-5 * float(wanted.abs().max())


@pytest.fixture(scope='module')
def small():
    torch.manual_seed(0)
    network = Small()
    return network, export_onnx(network)


@pytest.mark.openvino
@pytest.mark.parametrize('threads', [1, 2])
def test_openvino_gives_the_numbers_of_torch(small, threads):
    network, content = small
    assert_close(OpenVINOPredictor(content, threads=threads), network)


@pytest.mark.onnxruntime
def test_onnxruntime_gives_the_numbers_of_torch(small, tmp_path):
    network, content = small
    assert_close(OnnxRuntimePredictor(content, threads=1), network)
    (tmp_path / 'a.onnx').write_bytes(content)
    assert_close(OnnxRuntimePredictor(tmp_path / 'a.onnx'), network, SIZES[:1])


@pytest.mark.openvino
def test_one_image_does_not_depend_on_its_batch(small):
    predictor = OpenVINOPredictor(small[1], threads=2)
    images = images_of((5, 33, 47))
    together = predictor(images)
    kept = together.clone()
    alone = torch.cat([predictor(image[None]) for image in images])
    assert torch.allclose(together, alone, atol=1e-6)
    predictor(images_of((5, 33, 47)))
    assert torch.equal(together, kept)  # the runtime's memory is not handed out


@pytest.mark.openvino
def test_inputs_that_are_views_and_of_other_types(small):
    network, content = small
    predictor = OpenVINOPredictor(content, threads=1)
    images = images_of((1, 40, 60)).double()
    view = images[:, :, 3:36, 5:50]
    with torch.no_grad():
        wanted = network(view.float())
    assert torch.allclose(predictor(view), wanted, atol=1e-5)
    last = images.float().contiguous(memory_format=torch.channels_last)
    assert torch.allclose(predictor(last), network(last), atol=1e-5)


@pytest.mark.openvino
def test_bf16_says_what_it_computes_in(small, monkeypatch):
    from mmseg_deeplab.inference.backends import openvino_predictor

    monkeypatch.setattr(openvino_predictor, 'has_bf16', lambda core: False)
    predictor = OpenVINOPredictor(small[1], precision='bf16')
    assert predictor.computes == 'fp32'
    assert_close(predictor, small[0], SIZES[:1])
    monkeypatch.setattr(openvino_predictor, 'has_bf16', lambda core: True)
    predictor = OpenVINOPredictor(small[1], precision='bf16')
    assert predictor.computes == 'bf16'


@pytest.mark.slow
@pytest.mark.openvino
@pytest.mark.parametrize('classes', [1, 7])
def test_a_whole_deeplab_in_both_runtimes(classes):
    """The bound of the issue: 1e-5 of the logits' deviation (here of the root mean square)."""
    network = deeplabv3plus(depth=18, num_classes=classes).eval()
    content = export_onnx(network)
    for predictor in (OpenVINOPredictor(content), OnnxRuntimePredictor(content)):
        for size in [(1, 97, 131), (3, 65, 64)]:
            images = images_of(size, 3)
            with torch.no_grad():
                wanted = network(images)
            got = predictor(images)
            error = (got - wanted) / wanted.std()
            assert float(error.square().mean().sqrt()) < 1e-5 and float(error.abs().max()) < 1e-4
            two = wanted.topk(min(2, classes), dim=1).values
            clear = (two[:, :1] - two[:, -1:]) > 1e-4 * wanted.std()
            differs = got.argmax(1, keepdim=True) != wanted.argmax(1, keepdim=True)
            assert not (differs & clear).any()


@pytest.mark.slow
@pytest.mark.nncf
@pytest.mark.openvino
def test_int8_stays_near_and_leaves_depthwise_convolutions_alone(tmp_path):
    """Drift on images like the calibration's: 1 to 2 % of the deviation is int8's own noise."""
    network = nn.Sequential(
        nn.Conv2d(3, 16, 3, padding=1), nn.ReLU(), nn.Conv2d(16, 16, 3, padding=1, groups=16),
        nn.ReLU(), nn.Conv2d(16, 16, 3, padding=1), nn.ReLU(), nn.Conv2d(16, 5, 1),
    ).eval()  # fmt: skip
    content = export_onnx(network)
    calibration = [images_of((1, 33, 47), 3).numpy() for _ in range(8)]
    file = quantise_openvino(content, calibration, tmp_path / 'model.xml')
    text = file.read_text()
    assert text.count('type="FakeQuantize"') == 3  # before each convolution but the depthwise one
    assert text.count('element_type="i8"') == 3  # their weights
    predictor = OpenVINOPredictor(file, precision='int8', threads=1)
    for size in [(1, 64, 64), (3, 31, 57)]:
        images = images_of(size, 3)
        with torch.no_grad():
            wanted = network(images)
        error = (predictor(images) - wanted) / wanted.std()
        assert 1e-4 < float(error.square().mean().sqrt()) < 0.05
        assert (predictor(images).argmax(1) == wanted.argmax(1)).float().mean() > 0.95


@pytest.mark.openvino
def test_a_network_that_depends_on_the_image_is_refused():
    class Fixed(Small):
        def forward(self, images):
            if images.shape[0] == 1:  # the example's batch
                return super().forward(images)
            return super().forward(images) * 2

    network = Fixed()
    with pytest.raises(ConfigError, match="other logits than PyTorch.*use backend='torch'"):
        check_export(network, network, OpenVINOPredictor(export_onnx(network)))

    class OneSize(Small):
        def forward(self, images):
            size = [int(side) for side in images.shape[2:]]
            return super().forward(images) + torch.ones(1, 1, *size)

    network = OneSize()
    with pytest.raises(ConfigError, match='no logits'):
        check_export(network, network, OpenVINOPredictor(export_onnx(network)))


@pytest.mark.openvino
def test_what_cannot_be_exported_is_one_clear_error():
    class Odd(Small):
        def forward(self, images):
            return torch.linalg.matrix_exp(super().forward(images)[..., :8, :8])

    with pytest.raises(ConfigError, match="Odd cannot be exported to ONNX.*backend='torch'"):
        export_onnx(Odd())
    with pytest.raises(ConfigError, match='training mode; call model.eval'):
        export_onnx(Small().train())
    with pytest.raises(ConfigError, match='no convolution'):
        export_onnx(nn.Linear(2, 3).eval())


@pytest.mark.openvino
def test_sizes_that_must_be_multiples():
    class Multiples(Small):
        def forward(self, images):
            if images.shape[2] % 32 or images.shape[3] % 32:
                raise ValueError('sides must be multiples of 32')
            return super().forward(images)

    network = Multiples()
    predictor = OpenVINOPredictor(export_onnx(network), threads=1)
    assert check_export(network, network, predictor) < 1e-4
    assert_close(predictor, network, [(1, 32, 96), (2, 64, 32)])


class Head(nn.Module):
    """A convolution, what is tested, and the way back to the image's size."""

    def __init__(self, change):
        super().__init__()
        self.conv = nn.Conv2d(2, 4, 3, stride=4, padding=1)
        self.change = change
        self.eval()

    def forward(self, images):
        return resize(self.change(self.conv(images)), images.shape[2:], mode='bilinear')


CHANGES = {
    'means of windows as large as the map': WindowMeanPool((4, 200)),
    'means of windows smaller than the map': WindowMeanPool((3, 2)),
    'nearest cell': lambda maps: nearest_aligned(maps, [3 * side for side in maps.shape[2:]]),
    'twice the size': Upsample(scale_factor=2, mode='bilinear'),
    'the size that it has': lambda maps: resize(maps, maps.shape[2:], mode='nearest'),
    'split attention': SplitAttentionConv2d(4, 4, 3, padding=1, norm_cfg=dict(type='BN')),
}


@pytest.mark.openvino
@pytest.mark.onnxruntime
@pytest.mark.parametrize('change', CHANGES)
def test_layers_whose_sizes_follow_the_image(change):
    network = Head(CHANGES[change])
    content = export_onnx(network)
    sizes = [(1, 97, 131), (3, 64, 64), (2, 31, 57)]
    assert_close(OpenVINOPredictor(content, threads=1), network, sizes)
    assert_close(OnnxRuntimePredictor(content, threads=1), network, sizes)


def test_random_numbers_of_the_user_stay_as_they_are(small):
    torch.manual_seed(5)
    wanted = torch.rand(3)
    torch.manual_seed(5)
    with warnings.catch_warnings():
        warnings.simplefilter('error')
        fingerprint(small[0])
    check_export(small[0], small[0], small[0])
    assert torch.equal(torch.rand(3), wanted)


def test_a_network_made_faster_is_the_same_to_the_store():
    network = nn.Sequential(nn.Conv2d(3, 4, 3), nn.Conv2d(4, 2, 1))
    key = fingerprint(network)
    hasten(network)
    assert type(network[0]) is FastConv2d
    assert fingerprint(network) == key
