"""The names that a user's code imports from MMSegmentation are here, or known not to be."""

from __future__ import annotations

from importlib import import_module

import numpy as np
import pytest
import torch
from mmengine.registry import MODELS as ROOT
from mmengine.registry import DefaultScope
from mmengine.structures import PixelData

from mmseg_deeplab.models.losses import accuracy, binary_cross_entropy, cross_entropy, weighted_loss
from mmseg_deeplab.structures import SegDataSample
from mmseg_deeplab.utils import add_prefix, collect_env, register_all_modules, stack_batch
from mmseg_deeplab.utils.errors import ConfigError

from .names import GONE, PUBLIC

LEFT_OUT = {name for names in GONE.values() for name in names.split()}


@pytest.mark.parametrize('package', PUBLIC)
def test_public_names_are_here(package):
    module = import_module(f'mmseg_deeplab.{package}'.rstrip('.'))
    names = set(PUBLIC[package].split())
    here = {name for name in names if hasattr(module, name)}
    assert names - here - LEFT_OUT == set(), 'not here, and not said to be left out'
    assert here & LEFT_OUT == set(), 'here, but said to be left out'


def test_nothing_is_left_out_that_was_never_there():
    assert {name for names in PUBLIC.values() for name in names.split()} >= LEFT_OUT


def test_accuracy_takes_scores_as_users_heads_give_them():
    scores = torch.tensor([[[0.1, 0.6, 0.3], [0.9, 0.3, 0.3], [0.0, 0.1, 0.4]]])  # (1, K, P)
    target = torch.tensor([[1, 2, 255]])
    assert accuracy(scores, target, ignore_index=255).item() == pytest.approx(50)
    first, second, all_three = accuracy(scores, target, topk=(1, 2, 3), ignore_index=255)
    assert [first.item(), second.item(), all_three.item()] == pytest.approx([50, 50, 100])
    assert accuracy(scores, target, thresh=0.95, ignore_index=255).item() < 1e-3
    assert accuracy(target, target).item() == pytest.approx(100)  # class ids
    with pytest.raises(ValueError, match='at most 3'):
        accuracy(scores, target, topk=4)


def test_loss_functions_give_the_peers_numbers():
    """Figures of MMSegmentation 1.2.2 for the same tensors."""
    torch.manual_seed(0)
    scores, target = torch.randn(2, 5, 6, 7), torch.randint(0, 5, (2, 6, 7))
    target[0, :2] = 255
    weight = torch.rand(2, 6, 7)
    assert accuracy(scores, target, ignore_index=255).item() == pytest.approx(22.857143)
    found = [
        (cross_entropy(scores, target, ignore_index=255, **more).item(),
         binary_cross_entropy(scores, target, ignore_index=255, **more).item())
        for more in ({}, {'weight': weight})
    ]  # fmt: skip
    wanted = [(1.513260841, 0.657171905), (0.762194693, 0.325236589)]
    assert np.allclose(found, wanted, rtol=1e-6)


def test_weighted_loss_adds_weight_and_reduction():
    @weighted_loss
    def distance(pred, target):
        return (pred - target).abs()

    pred, target = torch.tensor([0.0, 2.0, 3.0]), torch.ones(3)
    weight = torch.tensor([1.0, 0.0, 1.0])
    assert distance(pred, target).item() == pytest.approx(4 / 3)
    assert distance(pred, target, weight, avg_factor=2).item() == pytest.approx(1.5)
    assert distance(pred, target, reduction='none').tolist() == [1, 1, 2]


def test_stack_batch_pads_images_and_labels():
    images = [torch.ones(3, 4, 5), torch.ones(3, 6, 3)]
    samples = [SegDataSample(gt_sem_seg=PixelData(data=torch.zeros(1, *i.shape[1:]).long()))
               for i in images]  # fmt: skip
    batch, padded = stack_batch(images, samples, size_divisor=4, pad_val=7, seg_pad_val=255)
    assert batch.shape == (2, 3, 8, 8) and batch[0, 0, 4, 0] == batch[1, 0, 0, 3] == 7
    assert padded[0].gt_sem_seg.data.shape == (1, 8, 8)
    assert int((padded[0].gt_sem_seg.data == 255).sum()) == 64 - 20
    assert padded[1].padding_size == (0, 5, 0, 2) and padded[1].img_shape == (6, 3)
    _, facts = stack_batch(images, size=(6, 5))
    assert facts[0] == {'img_padding_size': (0, 0, 0, 2), 'pad_shape': (6, 5)}
    with pytest.raises(ConfigError, match='exactly one'):
        stack_batch(images, size=(6, 5), size_divisor=2)


def test_add_prefix_and_environment():
    assert add_prefix({'loss': 1}, 'decode') == {'decode.loss': 1}
    assert {'PyTorch', 'MMEngine', 'mmseg_deeplab'} <= set(collect_env())


def test_registering_all_modules_serves_mmengines_registries():
    before = DefaultScope._instance_dict.copy()
    try:
        register_all_modules()
        register_all_modules()  # a second call changes nothing
        assert ROOT.build({'type': 'CrossEntropyLoss'}).loss_name == 'loss_ce'
    finally:
        DefaultScope._instance_dict.clear()
        DefaultScope._instance_dict.update(before)
