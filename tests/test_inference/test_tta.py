"""Views and the mean of their probabilities."""

from __future__ import annotations

import pytest
import torch

from mmseg_deeplab.inference import ProbabilityMean, View, merge_probabilities, tta_views


def test_twelve_views_ratio_by_ratio():
    views = tta_views()
    assert len(views) == 12
    assert views[:3] == [View(0.5, False), View(0.5, True), View(0.75, False)]
    assert tta_views((1.0,), flip=False) == [View(1.0, False)]
    with pytest.raises(ValueError, match='above 0'):
        tta_views((0.0,))


def test_mean_of_softmax_by_hand():
    """Two classes, one pixel: softmax of (0, ln 3) is (1/4, 3/4), of (0, 0) is (1/2, 1/2)."""
    first = torch.tensor([0.0, 1.0986123]).view(2, 1, 1)
    mean = merge_probabilities([first, torch.zeros(2, 1, 1)])
    torch.testing.assert_close(mean.flatten(), torch.tensor([0.375, 0.625]))


def test_mean_equals_stacking_all_views_and_leaves_them_alone():
    views = [torch.randn(4, 5, 7) for _ in range(6)]
    before = [view.clone() for view in views]
    wanted = torch.stack([view.softmax(dim=0) for view in views]).mean(dim=0)
    torch.testing.assert_close(merge_probabilities(iter(views)), wanted)
    assert all(torch.equal(a, b) for a, b in zip(views, before, strict=True))


def test_one_channel_is_a_sigmoid():
    view = torch.randn(1, 3, 3)
    torch.testing.assert_close(merge_probabilities([view]), view.sigmoid())


def test_no_view_and_unequal_views_are_refused():
    with pytest.raises(ValueError, match='no view'):
        merge_probabilities([])
    mean = ProbabilityMean()
    mean.add(torch.zeros(2, 3, 3))
    with pytest.raises(ValueError, match='one shape'):
        mean.add(torch.zeros(2, 3, 4))
