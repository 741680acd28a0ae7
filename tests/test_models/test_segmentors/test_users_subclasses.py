"""Classes as users of MMSegmentation write them: what they override and call is there."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from mmseg_deeplab.models import (
    BaseDecodeHead,
    BaseSegmentor,
    EncoderDecoder,
    SegDataPreProcessor,
    build_head,
    build_segmentor,
)
from mmseg_deeplab.models.utils import resize
from mmseg_deeplab.registry import MODELS
from mmseg_deeplab.utils.errors import ConfigError

from ..tiny import BN, batch, tiny_segmentor, tiny_segmentor_cfg


class ListHead(BaseDecodeHead):
    """Returns two maps from ``forward``, as heads with deep supervision do."""

    def __init__(self, extra=1, **kwargs):
        super().__init__(input_transform='multiple_select', **kwargs)
        self.extra = extra
        self.seen = []

    def forward(self, inputs):
        fine, coarse = self._transform_inputs(inputs)
        return [self.cls_seg(fine), coarse]

    def loss_by_feat(self, seg_logits, batch_data_samples):
        return super().loss_by_feat(seg_logits[0], batch_data_samples)

    def predict_by_feat(self, seg_logits, batch_img_metas):
        self.seen.append(batch_img_metas)
        return super().predict_by_feat(seg_logits[0] * self.extra, batch_img_metas)


@pytest.fixture
def list_head():
    MODELS.register_module(name='ListHead', module=ListHead, force=True)
    return {
        'type': 'ListHead', 'extra': 2, 'in_channels': [4, 16], 'in_index': [0, 2],
        'channels': 4, 'num_classes': 3, 'dropout_ratio': 0, 'align_corners': True,
    }  # fmt: skip


def test_a_head_may_change_what_forward_returns(list_head):
    model = tiny_segmentor(decode_head=list_head).eval()
    images, samples = batch(size=(33, 31))
    losses = model(images, samples, mode='loss')
    assert {'decode.loss_ce', 'decode.acc_seg', 'aux.loss_ce'} <= set(losses)
    with torch.no_grad():
        found = model(images, samples, mode='predict')[1].seg_logits.data
        fine = model.decode_head.conv_seg(model.backbone(images)[0])
    wanted = resize(fine * 2, (33, 31), mode='bilinear', align_corners=True)[1]
    torch.testing.assert_close(found, wanted)


@pytest.mark.parametrize('batch_size', [1, 3])
def test_a_head_sees_each_windows_size_and_its_images_facts(list_head, batch_size):
    slide = {'mode': 'slide', 'crop_size': (16, 16), 'stride': (11, 16), 'batch_size': batch_size}
    model = tiny_segmentor(decode_head=list_head, test_cfg=slide).eval()
    images, samples = batch(size=(20, 32))
    for index, each in enumerate(samples):
        each.set_metainfo({'img_path': f'{index}.png'})
    with torch.no_grad():
        model(images, samples, mode='predict')
    seen = [meta for metas in model.decode_head.seen for meta in metas]
    assert [meta['img_path'] for meta in seen] == ['0.png', '1.png'] * 4
    assert {meta['img_shape'] for meta in seen} == {torch.Size((16, 16))}
    assert samples[0].metainfo['img_shape'] == (20, 32)  # MMSegmentation overwrites this one


def test_predict_by_feat_reads_the_shape_where_mmsegmentation_does():
    head = MODELS.build(tiny_segmentor_cfg()['auxiliary_head'])
    logits = torch.randn(1, 3, 4, 4)
    facts = {'img_shape': (8, 9), 'pad_shape': (10, 12)}
    assert head.predict_by_feat(logits, [facts]).shape[2:] == (10, 12)
    assert head.predict_by_feat(logits, [{'img_shape': (8, 9)}]).shape[2:] == (8, 9)
    facts['img_shape'] = torch.Size((5, 6))
    assert head.predict_by_feat(logits, [facts]).shape[2:] == (5, 6)


def test_a_segmentor_may_override_the_steps():
    class Doubled(EncoderDecoder):
        def encode_decode(self, inputs, batch_img_metas):
            return 2 * super().encode_decode(inputs, batch_img_metas)

        def _auxiliary_head_forward_train(self, inputs, data_samples):
            return {'aux.loss_none': inputs[0].sum() * 0}

    cfg = tiny_segmentor_cfg()
    cfg.pop('type')
    model = Doubled(**cfg).eval()
    images, samples = batch()
    with torch.no_grad():
        found = model(images, samples, mode='predict')[0].seg_logits.data
        torch.testing.assert_close(found, 2 * model.network(images)[0])
        assert 'aux.loss_none' in model(images, samples, mode='loss')
    assert model.with_auxiliary_head and model.with_decode_head and not model.with_neck


def test_a_neck_lies_between_backbone_and_heads():
    @MODELS.register_module(name='Halving', force=True)
    class Halving(nn.Module):
        out_channels = 7  # a number, as of a feature pyramid: no claim about each map

        def forward(self, maps):
            return tuple(m / 2 for m in maps)

    torch.manual_seed(0)
    plain = tiny_segmentor().eval()
    torch.manual_seed(0)
    halved = tiny_segmentor(neck={'type': 'Halving'}).eval()
    images, samples = batch()
    with torch.no_grad():
        wanted = plain.decode_head([m / 2 for m in plain.backbone(images)])
        torch.testing.assert_close(halved(images), wanted)
        sized = resize(wanted, (32, 32), mode='bilinear', align_corners=False)
        torch.testing.assert_close(halved.network(images), sized)
    assert halved.with_neck and list(halved.state_dict()) == list(plain.state_dict())


def test_a_bare_segmentor_needs_the_originals_methods():
    names = {'extract_feat', 'encode_decode', 'loss', 'predict', '_forward'}
    assert BaseSegmentor.__abstractmethods__ == names


def test_layers_of_heads_follow_conv_and_act_cfg():
    @MODELS.register_module(name='OwnConv', force=True)
    class OwnConv(nn.Conv2d):
        pass

    own = {'conv_cfg': {'type': 'OwnConv'}, 'act_cfg': {'type': 'GELU'}, 'norm_cfg': BN}
    cfg = tiny_segmentor_cfg()
    for head in (cfg['decode_head'], cfg['auxiliary_head']):
        built = build_head(head | own)
        assert not any(isinstance(m, nn.ReLU) for m in built.modules())
        kinds = {type(m).__name__ for name, m in built.named_modules() if name.endswith('.conv')}
        separable = {'Conv2d'} if 'sep_bottleneck.0.depthwise_conv.conv.weight' in dict(
            built.named_parameters()
        ) else set()  # fmt: skip
        assert kinds == {'OwnConv'} | separable


def test_init_cfg_of_a_head_is_applied():
    init_cfg = {'type': 'Constant', 'val': 0.5, 'override': {'type': 'Constant', 'name': 'conv_seg',
                'val': 0.25}}  # fmt: skip
    head = build_head(tiny_segmentor_cfg()['auxiliary_head'] | {'init_cfg': init_cfg})
    head.init_weights()
    assert (head.conv_seg.weight == 0.25).all()


def test_arguments_by_position_mean_what_they_mean_there():
    cfg = tiny_segmentor_cfg()
    model = EncoderDecoder(
        cfg['backbone'], cfg['decode_head'], None, cfg['auxiliary_head'], None, {'mode': 'whole'}
    )
    assert model.with_auxiliary_head and model.test_cfg == {'mode': 'whole'}
    assert SegDataPreProcessor([1], [2], (8, 9)).size == (8, 9)
    with pytest.raises(ConfigError, match='use_mask must be False'):
        MODELS.build({'type': 'CrossEntropyLoss', 'use_mask': True})


def test_the_older_builders():
    cfg = tiny_segmentor_cfg()
    cfg.pop('test_cfg')
    whole = {'mode': 'whole'}
    assert build_segmentor(cfg, test_cfg=whole).test_cfg == whole and 'test_cfg' not in cfg
    with pytest.raises(ConfigError, match='test_cfg must be given in the model or beside it'):
        build_segmentor(cfg | {'test_cfg': whole}, test_cfg=whole)


def test_error_types_are_the_originals():
    head = tiny_segmentor_cfg()['auxiliary_head']
    with pytest.raises(TypeError, match='loss_decode must be a dict'):
        build_head(head | {'loss_decode': 'ce'})
    with pytest.raises(ValueError, match='out_channels must be'):
        build_head(head | {'out_channels': 2})
    with pytest.raises(TypeError, match='unexpected keyword argument'):
        BaseDecodeHead(4, 4, num_classes=3, in_chanels=3)
