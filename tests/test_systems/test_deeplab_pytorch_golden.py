"""deeplab-pytorch: what the original gave for given weights, samples and steps comes out here."""

from __future__ import annotations

import pytest
import torch

from benchmarks.systems import deeplab_pytorch, deeplab_pytorch_models
from mmseg_deeplab.hub.foreign import caffe
from mmseg_deeplab.hub.foreign import deeplab_pytorch as names
from tests.golden import recipe
from tests.test_systems.rows import hold


def test_schedule_labels_names_and_metrics(small_golden):
    hold(deeplab_pytorch.small_rows(small_golden / 'deeplab_pytorch'))


def test_every_entry_of_v2_has_its_place(small_golden):
    hold(deeplab_pytorch_models.key_rows(small_golden / 'deeplab_pytorch', ('v2_msc',)))


def test_weights_of_caffe(golden):
    hold(deeplab_pytorch.caffe_rows(golden / 'deeplab_pytorch'))


@pytest.mark.parametrize('model', ['v1', 'v2_msc', 'v2s_msc', 'v3_msc', 'v3plus_msc'])
def test_names_there_and_back(golden, model):
    keys = recipe.read_keys(golden / 'deeplab_pytorch' / f'keys_{model}.txt')
    # one number for each row and column, so that what moves is seen
    theirs = {
        key: torch.arange(shape[1]).expand(1, -1) if len(shape) > 1 else torch.zeros(shape)
        for key, shape in keys.items()
    }
    ours = names.to_ours(theirs)
    back = names.from_ours(ours)
    assert len(ours) == len(theirs)
    assert list(back) == list(theirs)
    assert all(torch.equal(back[key], theirs[key]) for key in theirs)
    if 'v3' in model:  # the image's mean comes last there and first here
        assert ours['decode_head.bottleneck.conv.weight'][0, :2].tolist() == [1024, 1025]


def test_names_of_caffe_are_told_both_ways(golden):
    state = caffe.read(golden / 'deeplab_pytorch' / 'caffe_small.caffemodel').state
    assert caffe.recognises(state)
    ours = caffe.to_ours(state)
    assert ours['decode_head.conv_seg.0.weight'].shape == (3, 2048, 3, 3)
    assert not [name for name in ours if 'res' in name]


@pytest.mark.slow
def test_an_update_of_the_original_trainer(golden):
    from benchmarks.systems.deeplab_pytorch_training import training_rows

    hold(training_rows(golden / 'deeplab_pytorch', tame=True, updates=1))


@pytest.mark.slow
def test_logits_of_v2(golden):
    hold(deeplab_pytorch_models.model_rows(golden / 'deeplab_pytorch', ('v2_msc',)))
