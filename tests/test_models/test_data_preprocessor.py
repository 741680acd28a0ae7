"""The preprocessor: values, padding, bands and dtypes, refusals."""

from __future__ import annotations

import pytest
import torch

from mmseg_deeplab.models import SegDataPreProcessor
from mmseg_deeplab.registry import MODELS
from mmseg_deeplab.utils.errors import ConfigError, DataError

from .tiny import sample


def labelled(*sizes):
    return [sample(torch.ones(size)) for size in sizes]


def test_normalised_then_padded_right_and_bottom():
    process = SegDataPreProcessor(
        [10.0, 20.0, 30.0], [2.0, 4.0, 5.0], size=(3, 4), pad_val=-7, seg_pad_val=254
    )
    image = torch.full((3, 2, 3), 40, dtype=torch.uint8)
    given = {'inputs': [image], 'data_samples': labelled((2, 3))}
    out = process(given, training=True)
    assert out['inputs'].shape == (1, 3, 3, 4) and out['inputs'].dtype == torch.float32
    for band, value in enumerate((15.0, 5.0, 2.0)):
        assert (out['inputs'][0, band, :2, :3] == value).all()
    assert (out['inputs'][0, :, 2] == -7).all() and (out['inputs'][0, :, :, 3] == -7).all()
    label = out['data_samples'][0].gt_sem_seg.data
    assert label.tolist() == [[[1, 1, 1, 254], [1, 1, 1, 254], [254] * 4]]
    facts = out['data_samples'][0].metainfo
    assert facts['img_shape'] == (2, 3) and facts['pad_shape'] == (3, 4)
    assert facts['padding_size'] == (0, 1, 0, 1)
    assert given['data_samples'][0].gt_sem_seg.data.shape == (1, 2, 3)  # the caller's is as before
    assert (image == 40).all()


def test_size_divisor_pads_to_the_largest_of_the_batch():
    process = SegDataPreProcessor(size_divisor=4)
    images = [torch.ones(3, 5, 3), torch.ones(3, 2, 8)]
    out = process({'inputs': images, 'data_samples': labelled((5, 3), (2, 8))}, training=True)
    assert out['inputs'].shape == (2, 3, 8, 8)
    assert out['inputs'].sum().item() == 3 * (15 + 16)
    assert [s.metainfo['padding_size'] for s in out['data_samples']] == [(0, 5, 0, 3), (0, 0, 0, 6)]


def test_larger_images_are_not_cropped():
    process = SegDataPreProcessor(size=(2, 2))
    given = {'inputs': [torch.ones(3, 3, 4)], 'data_samples': labelled((3, 4))}
    assert process(given, training=True)['inputs'].shape == (1, 3, 3, 4)
    images = [torch.ones(3, 3, 4), torch.ones(3, 2, 2)]
    with pytest.raises(DataError, match=r'must fit into size=\(2, 2\).*crop them'):
        process({'inputs': images, 'data_samples': labelled((3, 4), (2, 2))}, training=True)


@pytest.mark.parametrize('option', ['bgr_to_rgb', 'rgb_to_bgr'])
def test_colours_are_swapped_for_three_bands_only(option):
    process = SegDataPreProcessor(**{option: True})
    for bands, wanted in ((3, [2, 1, 0]), (4, [0, 1, 2, 3]), (1, [0])):
        image = torch.arange(bands).view(-1, 1, 1).expand(-1, 2, 2)
        assert process({'inputs': [image]})['inputs'][0, :, 0, 0].tolist() == wanted


def test_mean_and_std_follow_the_swapped_order():
    process = SegDataPreProcessor([0.0, 0.0, 1.0], [1.0, 1.0, 1.0], bgr_to_rgb=True)
    image = torch.tensor([5.0, 0.0, 0.0]).view(3, 1, 1)
    assert process({'inputs': [image]})['inputs'].flatten().tolist() == [0.0, 0.0, 4.0]


@pytest.mark.parametrize(
    ('dtype', 'value'), [(torch.uint8, 255), (torch.int32, 65535), (torch.float64, 0.5)]
)
def test_dtypes_and_five_bands(dtype, value):
    process = SegDataPreProcessor([1.0] * 5, [2.0] * 5)
    image = torch.full((5, 2, 3), value, dtype=dtype)
    out = process({'inputs': image[None]})
    assert out['inputs'].dtype == torch.float32 and out['data_samples'] is None
    assert (out['inputs'] == (value - 1) / 2).all()


def test_one_mean_serves_all_bands():
    out = SegDataPreProcessor([1.0], [2.0])({'inputs': [torch.full((6, 1, 1), 5.0)]})
    assert out['inputs'].flatten().tolist() == [2.0] * 6


def test_testing_pads_only_when_told():
    image, samples = torch.ones(3, 5, 6), labelled((5, 6))
    plain = SegDataPreProcessor(size=(8, 8))({'inputs': [image], 'data_samples': samples})
    assert plain['inputs'].shape == (1, 3, 5, 6)
    for test_cfg, shape in (({'size': (8, 9)}, (8, 9)), ({'size_divisor': 4}, (8, 8))):
        process = SegDataPreProcessor(test_cfg=test_cfg)
        out = process({'inputs': [image], 'data_samples': samples})
        facts = out['data_samples'][0].metainfo
        assert out['inputs'].shape[2:] == shape == facts['pad_shape']
        assert facts['img_padding_size'] == (0, shape[1] - 6, 0, shape[0] - 5)
        assert out['data_samples'][0].gt_sem_seg.data.shape == (1, 5, 6)


def test_batch_augments_in_training_only():
    def double(images, samples):
        return images * 2, samples

    @MODELS.register_module(name='AddOne', force=True)
    class AddOne:
        def __call__(self, images, samples):
            return images + 1, samples

    process = SegDataPreProcessor(size=(2, 2), batch_augments=double)
    given = {'inputs': [torch.ones(3, 2, 2)], 'data_samples': labelled((2, 2))}
    assert process(given, training=True)['inputs'].unique().tolist() == [2.0]
    assert process(given)['inputs'].unique().tolist() == [1.0]
    both = SegDataPreProcessor(size=(2, 2), batch_augments=[{'type': 'AddOne'}, double])
    assert both(given, training=True)['inputs'].unique().tolist() == [4.0]


def test_no_keys_in_the_state_dict():
    assert SegDataPreProcessor([1.0], [1.0]).state_dict() == {}


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        ({'mean': [1.0]}, 'mean and std must be given together'),
        ({'std': [1.0]}, 'mean and std must be given together'),
        ({'mean': [1.0], 'std': [1.0, 2.0]}, 'must have one length, got 1 and 2'),
        ({'mean': [1.0], 'std': [0.0]}, 'std must be above 0'),
        ({'bgr_to_rgb': True, 'rgb_to_bgr': True}, 'must not both be True'),
        ({'size': (2, 2), 'size_divisor': 2}, 'must not both be set'),
        ({'size': 512}, r'size must be \(height, width\) in pixels, got 512'),
        ({'test_cfg': {'size': 512}}, 'test_cfg.size must be'),
        ({'test_cfg': {'mode': 'whole'}}, 'test_cfg must be dict'),
        ({'test_cfg': {'size': (2, 2), 'size_divisor': 2}}, 'test_cfg must be dict'),
    ],
)
def test_wrong_options_are_refused(options, message):
    with pytest.raises(ConfigError, match=message):
        SegDataPreProcessor(**options)


def test_wrong_data_is_refused():
    image = torch.ones(3, 4, 4)
    process = SegDataPreProcessor([1.0] * 3, [1.0] * 3, size=(4, 4))
    with pytest.raises(DataError, match='data_samples must be given in training'):
        process({'inputs': [image]}, training=True)
    with pytest.raises(DataError, match='images must have 3 bands, one per entry of mean, got 5'):
        process({'inputs': [torch.ones(5, 4, 4)]})
    with pytest.raises(DataError, match=r'one number of bands, got \[3, 4\]'):
        process({'inputs': [image, torch.ones(4, 4, 4)]})
    with pytest.raises(DataError, match='must be of one size.*batch_size=1'):
        process({'inputs': [image, torch.ones(3, 4, 5)]})
    with pytest.raises(DataError, match=r'must be images of shape \(C, H, W\)'):
        process({'inputs': [torch.ones(4, 4)]})
    with pytest.raises(DataError, match=r'label map of a.png must be \(4, 4\) like its image'):
        wrong = sample(torch.ones(4, 5), img_path='a.png')
        process({'inputs': [image], 'data_samples': [wrong]}, training=True)
    with pytest.raises(ConfigError, match='size or size_divisor .* must be set for training'):
        given = {'inputs': [image], 'data_samples': labelled((4, 4))}
        SegDataPreProcessor()(given, training=True)
