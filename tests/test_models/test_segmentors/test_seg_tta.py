"""Test-time augmentation against brute force."""

from __future__ import annotations

import pytest
import torch
from mmengine.structures import PixelData

from mmseg_deeplab.models import SegTTAModel
from mmseg_deeplab.models.segmentors import seg_tta
from mmseg_deeplab.registry import MODELS
from mmseg_deeplab.structures import SegDataSample
from mmseg_deeplab.utils.errors import DataError

from ..tiny import tiny_segmentor, tiny_segmentor_cfg

SIZE = (19, 26)


def views(images):
    """Each image plain, mirrored, and resized: lists over views of lists over images."""
    data = {'inputs': [], 'data_samples': []}
    for flip, size in ((False, SIZE), (True, SIZE), (False, (12, 40)), (True, (30, 22))):
        facts = {'ori_shape': SIZE, 'flip': flip, 'flip_direction': 'horizontal' if flip else None}
        scaled = torch.nn.functional.interpolate(images, size)
        scaled = scaled.flip(-1) if flip else scaled
        data['inputs'].append(list(scaled))
        samples = [
            SegDataSample(
                metainfo=facts | {'img_path': f'{i}.png'},
                gt_sem_seg=PixelData(data=torch.full((1, *SIZE), i)),
            )
            for i in range(len(images))
        ]
        data['data_samples'].append(samples)
    return data


def build(**changes):
    model = SegTTAModel(tiny_segmentor(**changes)).eval()
    torch.nn.init.normal_(model.module.decode_head.conv_seg.weight)
    return model


def all_views(model, data):
    """Predictions of every view, view after view."""
    count = len(data['inputs'])
    return [model.module.test_step({k: v[i] for k, v in data.items()}) for i in range(count)]


@torch.no_grad()
def test_mean_of_softmax_over_views():
    model, data = build(), views(torch.randn(2, 3, *SIZE))
    found = model.test_step(data)
    predictions = all_views(model, data)
    for i in range(2):
        softmax = [view[i].seg_logits.data.softmax(0) for view in predictions]
        wanted = torch.stack(softmax).mean(0).argmax(0, keepdim=True)
        assert torch.equal(found[i].pred_sem_seg.data, wanted)
        assert found[i].pred_sem_seg.data.shape == (1, *SIZE)
        assert found[i].metainfo['img_path'] == f'{i}.png'
        assert (found[i].gt_sem_seg.data == i).all()
        assert 'seg_logits' not in found[i]


@torch.no_grad()
def test_views_of_one_size_are_a_batch(monkeypatch):
    model, data = build(), views(torch.randn(2, 3, *SIZE))
    wanted = model.test_step(data)
    seen, predict = [], model.module.test_step
    monkeypatch.setattr(model.module, 'test_step', lambda d: seen.append(d) or predict(d))
    for found, one in zip(model.test_step(data), wanted, strict=True):
        assert torch.equal(found.pred_sem_seg.data, one.pred_sem_seg.data)
    assert [len(batch['inputs']) for batch in seen] == [4, 2, 2]
    for samples in data['data_samples']:
        for sample in samples:  # results are of this size, whatever the views'
            sample.set_metainfo({'ori_shape': (1100, 1000)})
    seen.clear()
    model.test_step(data)
    assert [len(batch['inputs']) for batch in seen] == [2, 2, 2, 2]
    monkeypatch.setattr(seg_tta, '_MOST_PIXELS', 1 << 30)
    model.module.test_cfg = {'mode': 'slide', 'crop_size': (8, 8), 'stride': (8, 8)}
    seen.clear()
    model.test_step(data)
    assert [len(batch['inputs']) for batch in seen] == [2, 2, 2, 2]


@torch.no_grad()
def test_merging_all_views_at_once_gives_the_same():
    model, data = build(), views(torch.randn(2, 3, *SIZE))
    merged = model.merge_preds(list(zip(*all_views(model, data), strict=True)))
    for one, other in zip(model.test_step(data), merged, strict=True):
        assert torch.equal(one.pred_sem_seg.data, other.pred_sem_seg.data)


@torch.no_grad()
def test_one_channel_averages_probabilities_not_their_sigmoid():
    loss = {'type': 'CrossEntropyLoss', 'use_sigmoid': True}
    head = tiny_segmentor_cfg(2)['decode_head'] | {'out_channels': 1, 'loss_decode': loss}
    model = build(decode_head=head, auxiliary_head=None)
    data = views(torch.randn(1, 3, *SIZE))
    probabilities = [view[0].seg_logits.data for view in all_views(model, data)]
    mean = torch.stack(probabilities).mean(0)
    model.module.decode_head.threshold = mean.median().item()
    found = model.test_step(data)[0].pred_sem_seg.data
    assert torch.equal(found, (mean > model.module.decode_head.threshold).float())


@torch.no_grad()
def test_pixels_without_data_are_not_predicted():
    model, data = build(), views(torch.randn(1, 3, *SIZE))
    valid = torch.rand(1, *SIZE) > 0.5
    for samples in data['data_samples']:
        samples[0].valid_mask = PixelData(data=valid)
    found = model.test_step(data)[0]
    assert (found.pred_sem_seg.data == 255).equal(~valid)
    assert torch.equal(found.valid_mask.data, valid)


def test_views_of_different_sizes_are_refused():
    def view(width):
        return SegDataSample(seg_logits=PixelData(data=torch.zeros(3, 4, width)))

    with pytest.raises(DataError, match='all views must have one shape'):
        build().merge_preds([(view(4), view(5))])


def test_built_from_configs_as_the_runner_does():
    cfg = {'type': 'SegTTAModel', 'module': tiny_segmentor_cfg()}
    assert MODELS.build(cfg).module.num_classes == 3
    module = tiny_segmentor_cfg()
    preprocessor = {'type': 'SegDataPreProcessor', 'pad_val': 9}
    model = SegTTAModel(module, preprocessor)
    assert model.module.data_preprocessor.pad_val == 9
    assert module['data_preprocessor']['size'] == (32, 32)
