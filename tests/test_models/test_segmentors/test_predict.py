"""Prediction: whole and slide against brute force, geometry, one channel, no-data."""

from __future__ import annotations

import pytest
import torch
from mmengine.structures import PixelData

from mmseg_deeplab.models.segmentors.postprocess import restore_geometry
from mmseg_deeplab.models.utils import resize
from mmseg_deeplab.structures import SegDataSample
from mmseg_deeplab.utils.errors import DataError

from ..tiny import tiny_segmentor, tiny_segmentor_cfg


@pytest.fixture
def model():
    built = tiny_segmentor().eval()
    torch.nn.init.normal_(built.decode_head.conv_seg.weight)
    return built


def test_whole_is_the_network_at_the_original_size(model):
    images = torch.randn(2, 3, 33, 31)
    samples = [SegDataSample(metainfo={'ori_shape': size}) for size in ((33, 31), (50, 40))]
    with torch.no_grad():
        logits = resize(
            model.decode_head(model.backbone(images)),
            (33, 31),
            mode='bilinear',
            align_corners=False,
        )
        found = model(images, samples, mode='predict')
    assert found[0] is samples[0]
    torch.testing.assert_close(found[0].seg_logits.data, logits[0])
    larger = resize(logits[1:], (50, 40), mode='bilinear', align_corners=False)[0]
    torch.testing.assert_close(found[1].seg_logits.data, larger)
    assert torch.equal(found[1].pred_sem_seg.data, larger.argmax(0, keepdim=True))
    assert found[1].pred_sem_seg.data.dtype == torch.int64


def test_without_data_samples_the_input_is_the_original(model):
    with torch.no_grad():
        found = model(torch.randn(2, 3, 33, 31), mode='predict')
    assert [s.pred_sem_seg.data.shape for s in found] == [(1, 33, 31)] * 2
    assert found[0].metainfo['ori_shape'] == found[0].metainfo['pad_shape'] == (33, 31)


@pytest.mark.parametrize('batch_size', [1, 3])
@pytest.mark.parametrize(
    ('size', 'crop', 'stride'),
    [
        ((37, 29), (16, 12), (7, 12)),
        ((33, 40), (16, 16), (16, 11)),
        ((20, 20), (32, 16), (9, 9)),
        ((10, 9), (16, 16), (8, 8)),
    ],
)
def test_slide_is_the_average_of_windows_per_pixel(model, size, crop, stride, batch_size):
    images = torch.randn(2, 3, *size)
    model.test_cfg = {
        'mode': 'slide', 'crop_size': crop, 'stride': stride, 'batch_size': batch_size,
    }  # fmt: skip
    starts = []
    for length, window, step in zip(size, crop, stride, strict=True):
        along, start = [], 0
        while True:  # walk until the window reaches the end; the last one is moved back
            along.append(max(min(start, length - window), 0))
            if start + window >= length:
                break
            start += step
        starts.append(along)
    with torch.no_grad():
        total, count = torch.zeros(2, 3, *size), torch.zeros(size)
        for y in starts[0]:
            for x in starts[1]:
                area = (..., slice(y, y + crop[0]), slice(x, x + crop[1]))
                total[area] += model.network(images[area])
                count[area] += 1
        found = model.inference(images)
    torch.testing.assert_close(found, total / count)


SLIDE = {'mode': 'slide', 'crop_size': (16, 16), 'stride': (11, 16)}


def without_logits(model, images, facts, **masks):
    """The predictions with and without logits, of the same samples."""
    found = []
    for with_logits in (True, False):
        model.test_cfg = {**SLIDE, 'batch_size': 2, 'with_logits': with_logits}
        samples = [SegDataSample(metainfo=facts, **masks) for _ in images]
        with torch.no_grad():
            found.append(model(images, samples, mode='predict'))
    return found


@pytest.mark.parametrize('classes', [1, 2, 300])
def test_classes_are_the_same_without_logits(classes):
    threshold = {'out_channels': 1, 'threshold': 0.5} if classes == 1 else {}
    cfg = tiny_segmentor_cfg(num_classes=max(classes, 2))
    cfg['decode_head'] |= threshold
    cfg['auxiliary_head'] = None
    model = tiny_segmentor(**cfg).eval()
    torch.nn.init.normal_(model.decode_head.conv_seg.weight)
    images, mask = torch.randn(2, 3, 37, 29), torch.rand(1, 37, 29) > 0.2
    with torch.no_grad():  # for the one channel: half of the pixels on each side
        model.decode_head.conv_seg.bias -= model.network(images).median()
    facts = {'ori_shape': (37, 29), 'img_shape': (37, 29)}
    wanted, found = without_logits(model, images, facts, valid_mask=PixelData(data=mask))
    for mine, theirs in zip(found, wanted, strict=True):
        assert 'seg_logits' not in mine
        assert 'seg_logits' in theirs
        kept, full = mine.pred_sem_seg.data, theirs.pred_sem_seg.data
        assert kept.dtype == (torch.int64 if classes > 256 else torch.uint8)
        assert torch.equal(kept.to(full.dtype), full)
        assert len(full.unique()) > 2


@pytest.mark.parametrize(
    'facts',
    [
        {'ori_shape': (50, 44)},
        {'ori_shape': (30, 29), 'img_padding_size': (0, 0, 3, 4)},
        {'ori_shape': (37, 29), 'flip': True, 'flip_direction': 'vertical'},
    ],
)
def test_what_must_go_back_to_the_original_goes_there_without_logits_too(model, facts):
    wanted, found = without_logits(model, torch.randn(1, 3, 37, 29), facts)
    assert 'seg_logits' not in found[0]
    assert torch.equal(found[0].pred_sem_seg.data, wanted[0].pred_sem_seg.data)


def test_a_subclass_with_its_own_windows_is_still_asked(model):
    class Own(type(model)):
        def slide_inference(self, inputs, batch_img_metas=None):
            return torch.nn.functional.one_hot(inputs[:, 0].long(), 3).movedim(-1, 1).float()

    model.__class__ = Own
    images = torch.randint(0, 3, (1, 3, 37, 29)).float()
    _, found = without_logits(model, images, {'ori_shape': (37, 29)})
    assert torch.equal(found[0].pred_sem_seg.data, images[0, :1].long())


def test_padding_flip_and_size_are_undone_in_order():
    original = torch.arange(12.0).view(1, 3, 4)
    for direction, axes in (('horizontal', [-1]), ('vertical', [-2]), ('diagonal', [-2, -1])):
        padded = torch.nn.functional.pad(original.flip(axes), (1, 2, 3, 4), value=-9)
        facts = {'flip': True, 'flip_direction': direction, 'img_padding_size': (1, 2, 3, 4)}
        facts |= {'padding_size': (0, 0, 0, 0), 'ori_shape': (3, 4)}
        assert torch.equal(restore_geometry(padded, facts, align_corners=False), original)
    facts = {'padding_size': (0, 1, 0, 2), 'flip': False, 'flip_direction': None}
    padded = torch.nn.functional.pad(original, (0, 1, 0, 2))
    assert torch.equal(restore_geometry(padded, facts, align_corners=False), original)
    with pytest.raises(DataError, match="flip_direction must be one of .* got 'up'"):
        restore_geometry(original, {'flip': True, 'flip_direction': 'up'}, align_corners=False)


def test_test_step_pads_and_cuts(model):
    image = torch.randint(0, 256, (3, 21, 30), dtype=torch.uint8)
    facts = {'ori_shape': (21, 30), 'img_shape': (21, 30)}
    preprocessor = {'type': 'SegDataPreProcessor', 'test_cfg': {'size_divisor': 32}}
    padded = tiny_segmentor(data_preprocessor=preprocessor).eval()
    padded.load_state_dict(model.state_dict())
    data = {'inputs': [image], 'data_samples': [SegDataSample(metainfo=facts)]}
    with torch.no_grad():
        found = padded.test_step(data)[0]
        whole = torch.nn.functional.pad(image.float(), (0, 2, 0, 11))
        wanted = model.network(whole[None])[0, :, :21, :30]
    torch.testing.assert_close(found.seg_logits.data, wanted)
    assert torch.equal(model.val_step(data)[0].pred_sem_seg.data, model(image[None].float(),
                       mode='predict')[0].pred_sem_seg.data)  # fmt: skip


def test_one_channel_is_a_sigmoid_and_a_threshold():
    cfg = tiny_segmentor_cfg()
    loss = {'type': 'CrossEntropyLoss', 'use_sigmoid': True}
    change = {'num_classes': 2, 'out_channels': 1, 'threshold': 0.6, 'loss_decode': loss}
    model = tiny_segmentor(decode_head=cfg['decode_head'] | change, auxiliary_head=None).eval()
    images = torch.randn(1, 3, 16, 16)
    with torch.no_grad():
        logits = model.network(images)[0]
        model.decode_head.threshold = logits.sigmoid().median().item()
        found = model(images, mode='predict')[0]
    torch.testing.assert_close(found.seg_logits.data, logits.sigmoid())
    wanted = (logits.sigmoid() > model.decode_head.threshold).float()
    assert torch.equal(found.pred_sem_seg.data, wanted) and 0 < wanted.mean() < 1


def test_pixels_without_data_are_not_predicted(model):
    valid = torch.rand(1, 20, 24) > 0.5
    sample = SegDataSample(metainfo={'ori_shape': (20, 24)}, valid_mask=PixelData(data=valid))
    with torch.no_grad():
        found = model(torch.randn(1, 3, 20, 24), [sample], mode='predict')[0].pred_sem_seg.data
    assert (found[~valid] == 255).all() and (found[valid] < 3).all()
