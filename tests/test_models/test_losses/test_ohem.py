"""Hard example mining picks the pixels it says."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
import torch
from torch import nn

from mmseg_deeplab.models.losses import CrossEntropyLoss, DiceLoss
from mmseg_deeplab.structures import OHEMPixelSampler, build_pixel_sampler
from mmseg_deeplab.utils.errors import ConfigError

from . import brute
from .test_cross_entropy import problem


def sample(logits, labels, *losses, **options):
    """What a sampler in a head with these losses takes."""
    head = SimpleNamespace(ignore_index=brute.IGNORE, loss_decode=nn.ModuleList(losses))
    return OHEMPixelSampler(head, **options).sample(logits, labels.unsqueeze(1))


def probabilities(logits, labels):
    """Probability of each counted pixel's own class, with its place."""
    values = logits.softmax(1)
    places = (labels != brute.IGNORE).nonzero().tolist()
    return [(float(values[n, labels[n, y, x], y, x]), (n, y, x)) for n, y, x in places]


@pytest.mark.parametrize('min_kept', [2, 5, 1000])
def test_highest_losses_are_kept(min_kept):
    logits, labels = problem()
    weight = sample(logits, labels, CrossEntropyLoss(), min_kept=min_kept)
    ranked = sorted(probabilities(logits, labels))  # lowest probability is highest loss
    wanted = torch.zeros_like(weight)
    for _, place in ranked[: 2 * min_kept]:
        wanted[place] = 1
    assert torch.equal(weight, wanted)


@pytest.mark.parametrize(('thresh', 'min_kept'), [(0.3, 2), (0.05, 8), (1.0, 2), (0.2, 1000)])
def test_low_probabilities_are_kept(thresh, min_kept):
    logits, labels = problem()
    weight = sample(logits, labels, thresh=thresh, min_kept=min_kept)
    ranked = sorted(probabilities(logits, labels))
    limit = max(thresh, ranked[min(2 * min_kept, len(ranked) - 1)][0])
    wanted = torch.zeros_like(weight)
    for probability, place in ranked:
        wanted[place] = float(probability < limit)
    assert torch.equal(weight, wanted)


@pytest.mark.parametrize('thresh', [None, 0.7])
def test_all_ignored_and_one_channel(thresh):
    loss, options = CrossEntropyLoss(True), {'thresh': thresh, 'min_kept': 2}
    logits, labels = problem(1)
    weight = sample(logits, labels, loss, **options)
    assert weight.shape == labels.shape and weight[labels == brute.IGNORE].sum() == 0
    assert weight.sum() > 0
    nothing = torch.full_like(labels, brute.IGNORE)
    assert sample(logits, nothing, loss, **options).sum() == 0


def test_losses_without_a_value_per_pixel_do_not_rank():
    logits, labels = problem()
    both = sample(logits, labels, CrossEntropyLoss(), DiceLoss(), min_kept=3)
    assert torch.equal(both, sample(logits, labels, CrossEntropyLoss(), min_kept=3))
    with pytest.raises(ConfigError, match=r"per pixel, got \['DiceLoss'\]"):
        sample(logits, labels, DiceLoss(), min_kept=3)


def test_wrong_options_are_refused():
    with pytest.raises(ConfigError, match='min_kept must be 2 or more, got 1'):
        build_pixel_sampler({'type': 'OHEMPixelSampler', 'min_kept': 1}, context=None)
    with pytest.raises(ConfigError, match='thresh must be a probability'):
        OHEMPixelSampler(None, thresh=7)
