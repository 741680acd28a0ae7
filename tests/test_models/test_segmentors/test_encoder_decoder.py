"""EncoderDecoder: modes, loss names, checks, gradients."""

from __future__ import annotations

import copy

import pytest
import torch
from mmengine.optim import OptimWrapper
from torch import nn

from mmseg_deeplab.registry import MODELS
from mmseg_deeplab.utils.errors import ConfigError, DataError

from ..tiny import batch, sample, tiny_segmentor, tiny_segmentor_cfg


def test_losses_of_one_auxiliary_head():
    images, samples = batch(size=(33, 31))
    losses = tiny_segmentor()(images, samples, mode='loss')
    names = ['decode.loss_ce', 'decode.acc_seg', 'aux.loss_ce', 'aux.acc_seg']
    assert list(losses) == names
    for name in ('decode.loss_ce', 'aux.loss_ce'):
        weight = 0.4 if name.startswith('aux') else 1
        assert losses[name].item() == pytest.approx(weight * 1.0986, rel=0.1)  # log 3 at the start


def test_losses_of_several_and_of_no_auxiliary_heads():
    aux = tiny_segmentor_cfg()['auxiliary_head']
    images, samples = batch()
    losses = tiny_segmentor(auxiliary_head=[aux, aux])(images, samples, mode='loss')
    assert [n for n in losses if 'loss' in n] == [
        'decode.loss_ce',
        'aux_0.loss_ce',
        'aux_1.loss_ce',
    ]
    losses = tiny_segmentor(auxiliary_head=None)(images, samples, mode='loss')
    assert [n for n in losses if 'loss' in n] == ['decode.loss_ce']


def test_the_total_sums_losses_and_no_accuracy():
    model = tiny_segmentor()
    losses = model(*batch(), mode='loss')
    total, logged = model.parse_losses(losses)
    torch.testing.assert_close(total, losses['decode.loss_ce'] + losses['aux.loss_ce'])
    assert list(logged) == ['loss', *losses]


def test_gradients_reach_every_parameter():
    model = tiny_segmentor(
        backbone=tiny_segmentor_cfg()['backbone'] | {'zero_init_residual': False}
    )
    model.parse_losses(model(*batch(), mode='loss'))[0].backward()
    assert [n for n, p in model.named_parameters() if p.grad is None] == []
    assert [n for n, p in model.named_parameters() if p.grad.abs().sum() == 0] == []


def test_a_training_step_learns():
    model = tiny_segmentor(in_channels=5)
    labels = torch.arange(27).expand(20, 27) // 9
    images = labels + 0.1 * torch.randn(2, 5, 20, 27)  # the class is the brightness
    wrapper = OptimWrapper(torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9))
    data = {'inputs': list(images), 'data_samples': [sample(labels), sample(labels)]}
    logged = [model.train_step(data, wrapper)['loss'].item() for _ in range(25)]
    assert logged[-1] < 0.8 * logged[0]


def test_tensor_mode_gives_logits_at_the_heads_stride():
    images, _ = batch(size=(33, 31))
    assert tiny_segmentor().eval()(images).shape == (2, 3, 9, 8)
    with pytest.raises(RuntimeError, match="mode must be 'loss', 'predict' or 'tensor', got 'x'"):
        tiny_segmentor()(images, mode='x')


def test_labels_outside_the_classes_name_file_and_values():
    images, samples = batch(num_classes=3)
    samples[1] = sample(torch.full((32, 32), 200), seg_map_path='/data/b.png')
    samples[1].gt_sem_seg.data[0, 0, :2] = torch.tensor([7, -1])
    with pytest.raises(DataError, match=r'0 to 2 or 255 .ignored., got -1, 7, 200 in /data/b.png'):
        tiny_segmentor()(images, samples, mode='loss')
    samples[1] = sample(torch.full((32, 32), 255))
    assert torch.isfinite(tiny_segmentor()(images, samples, mode='loss')['decode.loss_ce'])


def test_missing_labels_are_named():
    images, samples = batch()
    del samples[1].gt_sem_seg
    samples[1].set_metainfo({'img_path': 'a.png'})
    with pytest.raises(DataError, match='a.png must have a label map'):
        tiny_segmentor()(images, samples, mode='loss')
    with pytest.raises(DataError, match='data_samples must be given to compute a loss'):
        tiny_segmentor()(images, mode='loss')


def test_heads_that_do_not_fit_the_backbone_are_refused_by_name():
    cfg = tiny_segmentor_cfg()
    wrong = [
        (
            'decode_head',
            {'in_channels': 64},
            r'decode_head .* wants 64 channels at index 3.*gives 32',
        ),
        (
            'decode_head',
            {'c1_in_channels': 8},
            r'decode_head .* wants 8 channels at index 0.*gives 4',
        ),
        ('auxiliary_head', {'in_channels': 5}, r'aux_head .FCNHead. wants 5 .*ResNetV1c. gives 16'),
        ('decode_head', {'in_index': 4}, 'in_index of decode_head must be below 4'),
    ]
    for head, change, message in wrong:
        with pytest.raises(ConfigError, match=message):
            tiny_segmentor(**{head: cfg[head] | change})


@pytest.mark.parametrize(
    ('test_cfg', 'message'),
    [
        ({'mode': 'slid'}, "mode must be 'whole' or 'slide', got 'slid'"),
        ({'mode': 'slide', 'crop_size': (8, 8)}, r'stride must be \(height, width\).*got None'),
        ({'mode': 'slide', 'crop_size': 8, 'stride': 4}, 'crop_size must be'),
        ({'mode': 'slide', 'crop_size': (8, 8), 'stride': (4, 9)}, r'at most crop_size=\(8, 8\)'),
        ({'mode': 'slide', 'crop_size': (8, 8), 'stride': (4, 4), 'batch_size': 0}, 'batch_size'),
        ({'mode': 'whole', 'crop_sise': (8, 8)}, 'did you mean crop_size'),
    ],
)
def test_wrong_test_cfg_is_refused_before_training(test_cfg, message):
    with pytest.raises(ConfigError, match=message):
        tiny_segmentor(test_cfg=test_cfg)


def test_the_given_config_is_left_alone():
    cfg, wanted = tiny_segmentor_cfg(), tiny_segmentor_cfg()
    MODELS.build(cfg)
    assert cfg == wanted


def test_a_users_backbone_without_channel_facts_works():
    @MODELS.register_module(name='BareBackbone', force=True)
    class BareBackbone(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv = nn.Conv2d(3, 8, 3, stride=8, padding=1)

        def forward(self, images):
            return (self.conv(images),)

    head = {'type': 'FCNHead', 'in_channels': 8, 'channels': 4, 'num_classes': 3}
    model = MODELS.build(
        {'type': 'EncoderDecoder', 'backbone': {'type': 'BareBackbone'}, 'decode_head': head}
    )
    model.init_weights()
    assert model.eval()(batch()[0], mode='predict')[0].pred_sem_seg.data.shape == (1, 32, 32)
    assert 'in_index=-1' in repr(model)


def test_repr_tells_stride_and_channels_of_each_head():
    text = repr(tiny_segmentor())
    assert 'decode: in_index=3 -> stride 8, 32 channels' in text
    assert 'aux: in_index=2 -> stride 8, 16 channels' in text


def test_facts_and_modes():
    model = tiny_segmentor(num_classes=4)
    assert (model.num_classes, model.out_channels, model.ignore_index) == (4, 4, 255)
    assert model.align_corners is False and model.eval() is model
    assert not model.network.training and model.train().network.training


def test_a_deep_copy_is_independent():
    """As an exponential moving average of the weights makes one."""
    model = tiny_segmentor()
    other = copy.deepcopy(model)
    torch.nn.init.zeros_(model.decode_head.conv_seg.weight)
    assert other.decode_head.conv_seg.weight.abs().sum() > 0
    assert other.network.decode_head is other.decode_head
