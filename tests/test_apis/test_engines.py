"""Other backends and precisions through the functions and commands that users call."""

from __future__ import annotations

import logging

import numpy as np
import pytest
import torch

from mmseg_deeplab.apis import MMSegInferencer, inference_model, init_model, predict
from mmseg_deeplab.apis.inference import tta_model
from mmseg_deeplab.apis.sample_reader import SampleReader, collate
from mmseg_deeplab.engine.predictors import attach_predictor
from mmseg_deeplab.inference.backends import (
    EngineChoice,
    OnnxRuntimePredictor,
    OpenVINOPredictor,
    check_export,
    export_onnx,
)
from mmseg_deeplab.models import EncoderDecoder
from mmseg_deeplab.registry import MODELS
from mmseg_deeplab.utils.errors import ConfigError, DataError

from .tiny import NAMES, PALETTE, picture, tiny_config, write_images

RUNTIMES = [
    pytest.param('openvino', marks=pytest.mark.openvino),
    pytest.param('onnxruntime', marks=[pytest.mark.onnxruntime, pytest.mark.slow]),
]
SLIDE = {'model.test_cfg': dict(mode='slide', crop_size=(32, 32), stride=(24, 24), batch_size=3)}


@pytest.fixture(scope='module', autouse=True)
def cache(tmp_path_factory):
    """One cache for the tests of this file: a model is exported once for all of them."""
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp('cache')
        patch.setenv('MMSEG_DEEPLAB_CACHE', str(folder))
        yield folder


def assert_same(found, wanted):
    """Equal logits but for rounding; equal classes wherever two classes are not equally good."""
    got, want = found.seg_logits.data, wanted.seg_logits.data
    assert got.shape == want.shape and got.dtype == want.dtype
    # 1e-5 of the deviation, up to the few pixels that a maximum over thousands finds
    assert float((got - want).abs().max() / want.std()) < 1e-4
    assert float((got - want).square().mean().sqrt() / want.std()) < 1e-5
    if len(want) > 1:
        best = want.topk(2, dim=0).values
        clear = (best[0] - best[1]) > 1e-4 * want.std()
        assert clear.float().mean() > 0.9
    else:
        clear = (want[0] - 0.3).abs() > 1e-4
    differs = found.pred_sem_seg.data[0] != wanted.pred_sem_seg.data[0]
    assert not (differs & clear).any()


@pytest.mark.parametrize('backend', RUNTIMES)
def test_whole_slide_and_views(checkpoint, backend, told):
    views = SampleReader(init_model(tiny_config(), checkpoint, 'cpu').cfg, aug_test=True)
    for options in (None, SLIDE):
        plain = init_model(tiny_config(), checkpoint, 'cpu', options)
        fast = init_model(tiny_config(), checkpoint, cfg_options=options, backend=backend)
        assert plain.predictor is None and fast.predictor is not None
        images = [picture(size, 83) for size in (40, 97)]
        for found, wanted in zip(
            inference_model(fast, images), inference_model(plain, images), strict=True
        ):
            assert_same(found, wanted)
        with torch.no_grad():
            found, wanted = (
                tta_model(model, with_logits=True).test_step(collate([views(images[0])]))[0]
                for model in (fast, plain)
            )
        assert_same(found, wanted)
    assert f'{backend} ' in told.text and 'computes the logits in fp32 on the CPU' in told.text


@pytest.mark.openvino
def test_one_class_by_sigmoid_of_five_bands():
    config = tiny_config(2, 5)
    config['model']['decode_head'].update(out_channels=1, loss_decode=dict(
        type='CrossEntropyLoss', use_sigmoid=True))  # fmt: skip
    config['test_dataloader']['dataset']['metainfo'] = {
        'classes': NAMES[:2], 'palette': PALETTE[:2]}  # fmt: skip
    torch.manual_seed(0)
    model = init_model(config, None, 'cpu')
    torch.nn.init.normal_(model.decode_head.conv_seg.weight)
    image = np.concatenate([picture(33, 57), picture(33, 57, seed=1)], axis=2)[..., :5]
    wanted = inference_model(model, image)
    attach_predictor(model, EngineChoice('openvino'))
    found = inference_model(model, image)
    assert found.seg_logits.data.shape == (1, 33, 57)
    assert_same(found, wanted)


def test_bf16_of_torch(checkpoint, told):
    plain = init_model(tiny_config(), checkpoint, 'cpu')
    half = init_model(tiny_config(), checkpoint, 'cpu', precision='bf16')
    assert 'PyTorch computes the logits in bf16' in told.text
    wanted, found = (inference_model(model, picture()) for model in (plain, half))
    error = found.seg_logits.data - wanted.seg_logits.data
    relative = float(error.square().mean().sqrt() / wanted.seg_logits.data.std())
    assert 1e-4 < relative < 0.05 and found.seg_logits.data.dtype == torch.float32
    assert (found.pred_sem_seg.data == wanted.pred_sem_seg.data).float().mean() > 0.95


def test_training_goes_past_the_predictor(checkpoint):
    model = init_model(tiny_config(), checkpoint, 'cpu')
    images = torch.randn(2, 3, 40, 40)
    model.predictor = lambda batch: 1 / 0
    assert model.train().encode_decode(images).requires_grad
    with pytest.raises(ZeroDivisionError):
        model.eval().encode_decode(images)


@pytest.mark.openvino
def test_changed_weights_are_noticed(checkpoint):
    model = init_model(tiny_config(), checkpoint, backend='openvino')
    inference_model(model, picture())
    other = {name: value * 1.5 for name, value in model.state_dict().items()}
    model.load_state_dict(other)
    with pytest.raises(ConfigError, match='weights changed after they were exported for openvino'):
        inference_model(model, picture())
    attach_predictor(model, EngineChoice('openvino'))
    found = inference_model(model, picture())
    attach_predictor(model, EngineChoice())
    assert_same(found, inference_model(model, picture()))


@pytest.mark.openvino
def test_cache_is_used_until_it_is_damaged(checkpoint, cache, told, monkeypatch, tmp_path):
    monkeypatch.setenv('MMSEG_DEEPLAB_CACHE', str(tmp_path))

    def exports():
        """How often the network is exported by one more ``init_model``."""
        told.clear()
        model = init_model(tiny_config(), checkpoint, backend='openvino')
        lines = [record.message for record in told.records if record.levelno >= logging.INFO]
        assert sum('computes the logits' in line for line in lines) == 1
        logits.append(model.encode_decode(images))
        return sum('exported the network' in line for line in lines), len(lines)

    logits, images = [], torch.randn(1, 3, 40, 56)
    assert exports() == (1, 2)
    assert exports() == (0, 1)
    (file,) = (tmp_path / 'engine').rglob('model.onnx')
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)
    assert exports() == (1, 3)  # one line more: what is damaged
    assert any(str(file.parent) in record.message for record in told.records)
    assert exports() == (0, 1)
    assert all(torch.equal(one, logits[0]) for one in logits)


def test_classes_that_never_ask_are_refused(checkpoint):
    class GoesPast(EncoderDecoder):
        def inference(self, inputs, batch_img_metas=None):
            return self.compute_logits(inputs, batch_img_metas)

    model = init_model(tiny_config(), checkpoint, 'cpu')
    settings = {**tiny_config()['model'], 'type': GoesPast, 'pretrained': None}
    own = MODELS.build(settings).eval()
    with pytest.raises(ConfigError, match='GoesPast.inference does not call encode_decode'):
        attach_predictor(own, EngineChoice('torch', 'bf16'))
    assert own.predictor is None
    with pytest.raises(ConfigError, match='Conv2d has no network'):
        attach_predictor(model.decode_head.conv_seg, EngineChoice('torch', 'bf16'))


def test_wrong_choices_are_refused_before_anything_is_loaded():
    with pytest.raises(ConfigError, match="backend must be one of .*got 'tensorrt'"):
        init_model('no such config', backend='tensorrt')
    with pytest.raises(ConfigError, match='precision of backend'):
        init_model('no such config', precision='int8')
    with pytest.raises(ConfigError, match="computes on the CPU, got device 'cuda:0'"):
        init_model(tiny_config(), None, 'cuda:0', backend='openvino')


@pytest.mark.openvino
def test_int8_must_be_prepared(checkpoint):
    with pytest.raises(ConfigError, match='make it with: mmseg-deeplab quantize'):
        init_model(tiny_config(), checkpoint, backend='openvino', precision='int8')


@pytest.mark.openvino
def test_inferencer_and_predict(checkpoint, tmp_path, capsys):
    folder = write_images(tmp_path / 'images')
    plain, fast = (
        MMSegInferencer(tiny_config(), checkpoint, device='cpu', backend=backend)(str(folder))
        for backend in ('torch', 'openvino')
    )
    shares = [np.mean(a == b) for a, b in zip(plain['predictions'], fast['predictions'],
                                              strict=True)]  # fmt: skip
    assert min(shares) > 0.999
    written = predict(
        tiny_config(), checkpoint, folder, tmp_path / 'out', kinds=['masks'], backend='openvino'
    )
    assert len(written) == 3


@pytest.mark.openvino
def test_what_the_runtime_cannot_compute_is_one_clear_error(checkpoint):
    model = init_model(tiny_config(), checkpoint, backend='openvino')
    with pytest.raises(
        DataError, match=r"openvino cannot compute images \(1, 4, 8, 8\): .*'torch'"
    ):
        model.encode_decode(torch.randn(1, 4, 8, 8))


@pytest.mark.slow
@pytest.mark.openvino
@pytest.mark.onnxruntime
@pytest.mark.parametrize(
    'name',
    [
        'unet-s5-d16_deeplabv3_4xb4-40k_drive-64x64',
        'mobilenet-v2-d8_deeplabv3plus_4xb2-80k_cityscapes-512x1024',
        'resnest_s101-d8_deeplabv3plus_4xb2-80k_cityscapes-512x1024',
        'deeplabv3_r50-d8_4xb2-40k_cityscapes-769x769',
        'deeplabv2_r101-d8-msc_voc12-321x321',
        'deeplabv1_r101-d8_coco',
        'deeplabv3plus_r101-d8-msc_voc12-321x321',
        'deeplabv3plus_r101_typical-127ep_ade20k-512x512',
        'deeplab_v3_plus_R_103_os16_mg124_poly_90k_bs16',
        'deeplabv3plus_s8_dilated_resnet50',
    ],
)
def test_every_family_can_be_exported(name):
    """Multi-scale inputs, the other systems' heads, backbones with other strides."""
    model = init_model(name, None, 'cpu')
    content = export_onnx(model.network)
    for predictor in (OpenVINOPredictor(content), OnnxRuntimePredictor(content)):
        assert check_export(model.network, model.compute_logits, predictor) < 1e-4
