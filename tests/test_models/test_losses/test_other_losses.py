"""Dice, focal and Lovasz losses against plain loops; accuracy."""

from __future__ import annotations

from itertools import product

import pytest
import torch

from mmseg_deeplab.models.losses import DiceLoss, FocalLoss, LovaszLoss, accuracy
from mmseg_deeplab.utils.errors import ConfigError

from . import brute
from .test_cross_entropy import WEIGHTS, problem


@pytest.mark.parametrize(
    ('classes', 'use_sigmoid', 'naive'), [(3, True, True), (3, False, False), (1, True, False)]
)
def test_dice_against_loops(classes, use_sigmoid, naive):
    logits, labels = problem(classes)
    loss = DiceLoss(use_sigmoid, naive_dice=naive, reduction='none', eps=0.5)
    wanted = []
    for scores, truth in zip(logits, labels, strict=True):
        probabilities = scores.sigmoid() if use_sigmoid else scores.softmax(0)
        both = left = right = 0.0
        for y, x, k in product(range(5), range(7), range(classes)):
            if truth[y, x] != brute.IGNORE:
                p = float(probabilities[k, y, x])
                t = float(truth[y, x] == (1 if classes == 1 else k))
                both += p * t
                left += p if naive else p * p
                right += t
        if naive:
            wanted.append(1 - (2 * both + 0.5) / (left + right + 0.5))
        else:
            wanted.append(1 - 2 * both / (left + 0.5 + right + 0.5))
    found = loss(logits, labels)
    torch.testing.assert_close(found, torch.tensor(wanted, dtype=torch.float64))
    mean = loss(logits, labels, reduction_override='mean')
    torch.testing.assert_close(mean, found.mean())


def test_dice_of_a_perfect_prediction_is_zero():
    labels = torch.tensor([[[0, 1], [brute.IGNORE, 1]]])
    scores = torch.nn.functional.one_hot(labels.clamp(max=1), 2).permute(0, 3, 1, 2).float()
    loss = DiceLoss(activate=False, eps=1e-6)
    assert loss(scores, labels).item() == pytest.approx(0, abs=1e-5)


@pytest.mark.parametrize('kind', [DiceLoss, FocalLoss])
def test_names_of_the_tensors_are_mmsegmentations(kind):
    logits, labels = problem()
    assert kind()(pred=logits, target=labels) == kind()(logits, labels)


def test_dice_leaves_out_an_ignored_class():
    logits, labels = problem()
    labels[labels == 2] = 0
    found = DiceLoss(ignore_index=2)(logits, labels)
    torch.testing.assert_close(found, DiceLoss()(logits[:, :2], labels))


@pytest.mark.parametrize(
    ('classes', 'alpha', 'weighted', 'reduction'),
    [(3, 0.25, False, 'mean'), (3, [0.1, 0.5, 0.9], True, 'sum'), (1, 0.5, False, 'none')],
)
def test_focal_against_loops(classes, alpha, weighted, reduction):
    logits, labels = problem(classes)
    class_weight = WEIGHTS if weighted else None
    loss = FocalLoss(gamma=1.5, alpha=alpha, class_weight=class_weight, reduction=reduction)
    elements = torch.zeros(2, classes, 5, 7, dtype=torch.float64)
    for n, k, y, x in product(range(2), range(classes), range(5), range(7)):
        label = int(labels[n, y, x])
        if label != brute.IGNORE:
            is_class = label == (1 if classes == 1 else k)
            balance = alpha[k] if isinstance(alpha, list) else alpha
            value = brute.focal_loss(logits[n, k, y, x].item(), is_class, 1.5, balance)
            elements[n, k, y, x] = value * (WEIGHTS[k] if weighted else 1)
    wanted = {'none': elements, 'sum': elements.sum(), 'mean': elements.mean()}[reduction]
    torch.testing.assert_close(loss(logits, labels), wanted, rtol=1e-6, atol=1e-7)


def softmax_wanted(logits, labels, classes, weights=None):
    counted = list(brute.pixels(logits.softmax(1), labels))
    present = {label for _, label in counted}
    chosen = {'present': sorted(present), 'all': [0, 1, 2]}.get(str(classes), classes)
    losses = []
    for k in chosen:
        truth = [label == k for _, label in counted]
        errors = [1 - p[k] if t else p[k] for (p, _), t in zip(counted, truth, strict=True)]
        losses.append(brute.lovasz_extension(errors, truth) * (weights[k] if weights else 1))
    return sum(losses) / len(losses)


@pytest.mark.parametrize('weights', [None, WEIGHTS])
@pytest.mark.parametrize('classes', ['present', 'all', [0, 2]])
def test_lovasz_softmax_against_loops(classes, weights):
    logits, labels = problem()
    labels[labels == 2] = 1  # class 2 is absent
    found = LovaszLoss(classes=classes, class_weight=weights, reduction='none')(logits, labels)
    wanted = softmax_wanted(logits, labels, classes, weights)
    torch.testing.assert_close(found.item(), wanted, rtol=1e-6, atol=1e-7)


def test_lovasz_per_image():
    logits, labels = problem()
    loss = LovaszLoss(per_image=True, reduction='none')
    wanted = [softmax_wanted(logits[i : i + 1], labels[i : i + 1], 'present') for i in (0, 1)]
    torch.testing.assert_close(loss(logits, labels).tolist(), wanted)
    mean = loss(logits, labels, reduction_override='mean').item()
    assert mean == pytest.approx(sum(wanted) / 2)


def test_lovasz_hinge_against_loops():
    logits, labels = problem(1)
    counted = list(brute.pixels(logits, labels))
    truth = [label == 1 for _, label in counted]
    margins = [1 - s[0] * (1 if t else -1) for (s, _), t in zip(counted, truth, strict=True)]
    # the hinge clips each margin after the order of all of them is fixed
    wanted = brute.lovasz_extension([max(m, 0) for m in margins], truth)
    found = LovaszLoss('binary', reduction='none')(logits, labels).item()
    assert found == pytest.approx(wanted, rel=1e-6)


def test_lovasz_leaves_out_pixels_that_were_not_sampled():
    logits, labels = problem()
    weight = (torch.rand(labels.shape) > 0.5).double()
    loss = LovaszLoss(reduction='none')
    found = loss(logits, labels, weight=weight)
    labels[weight == 0] = brute.IGNORE
    torch.testing.assert_close(found, loss(logits, labels))


@pytest.mark.parametrize(
    'loss', [DiceLoss(), FocalLoss(), LovaszLoss(reduction='none'), LovaszLoss(per_image=True)]
)
def test_all_ignored_is_finite_without_gradient(loss):
    logits = torch.randn(2, 3, 4, 4, requires_grad=True)
    value = loss(logits, torch.full((2, 4, 4), brute.IGNORE))
    value.backward()
    assert torch.isfinite(value) and logits.grad.abs().sum() == 0


@pytest.mark.parametrize(
    ('build', 'message'),
    [
        (lambda: FocalLoss(False), 'use_sigmoid must be True'),
        (lambda: FocalLoss(gamma=-1.0), 'gamma must be 0 or more'),
        (lambda: FocalLoss(alpha=1.5), 'alpha must be in 0..1'),
        (lambda: LovaszLoss('ternary'), "loss_type must be 'multi_class' or 'binary'"),
        (lambda: LovaszLoss(classes='some', reduction='none'), 'classes must be'),
        (
            lambda: LovaszLoss('binary', reduction='none')(*problem(3)),
            "'binary' must have one channel, got 3",
        ),
        (lambda: FocalLoss(alpha=[0.5, 0.5])(*problem(3)), 'alpha must be one number or one'),
    ],
)
def test_wrong_options_are_refused(build, message):
    with pytest.raises(ConfigError, match=message):
        build()


def test_accuracy_by_hand():
    predicted = torch.tensor([[[0, 1], [2, 2]]])
    labels = torch.tensor([[[0, 2], [2, brute.IGNORE]]])
    nothing = torch.full_like(labels, brute.IGNORE)
    assert accuracy(predicted, labels, ignore_index=brute.IGNORE).item() == pytest.approx(200 / 3)
    assert accuracy(predicted, nothing, ignore_index=brute.IGNORE).item() == 100
    assert accuracy(predicted, labels).item() == pytest.approx(50)
