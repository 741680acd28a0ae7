"""Cross entropy: every pair of flags against torch and against plain loops."""

from __future__ import annotations

from itertools import product

import pytest
import torch
import torch.nn.functional as F

from mmseg_deeplab.models.losses import CrossEntropyLoss
from mmseg_deeplab.models.losses.functional import reduce_loss
from mmseg_deeplab.utils.errors import ConfigError

from . import brute

WEIGHTS = [0.5, 2.0, 1.25]


def problem(classes=3, size=(5, 7)):
    labels = torch.randint(0, max(classes, 2), (2, *size))
    labels[0, :2] = brute.IGNORE
    return torch.randn(2, classes, *size, dtype=torch.float64), labels


@pytest.mark.parametrize(
    ('weighted', 'non_ignore', 'reduction', 'sampled'),
    list(product([False, True], [False, True], ['none', 'mean', 'sum'], [False, True])),
)
def test_softmax_against_loops(weighted, non_ignore, reduction, sampled):
    logits, labels = problem()
    class_weight = WEIGHTS if weighted else None
    pixel_weight = torch.rand(labels.shape, dtype=torch.float64) if sampled else None
    loss = CrossEntropyLoss(
        class_weight=class_weight, avg_non_ignore=non_ignore, reduction=reduction, loss_weight=2.0
    )
    found = loss(logits, labels, weight=pixel_weight)

    per_pixel = torch.zeros(labels.shape, dtype=torch.float64)
    weights = []
    for n, y, x in product(range(2), range(5), range(7)):
        label = int(labels[n, y, x])
        if label != brute.IGNORE:
            weights.append(WEIGHTS[label] if weighted else 1.0)
            value = brute.softmax_loss(logits[n, :, y, x].tolist(), label) * weights[-1]
            per_pixel[n, y, x] = value * (1 if pixel_weight is None else pixel_weight[n, y, x])
    divisor = sum(weights) if weighted or non_ignore else labels.numel()
    wanted = {'none': per_pixel, 'sum': per_pixel.sum(), 'mean': per_pixel.sum() / divisor}
    torch.testing.assert_close(found, 2 * wanted[reduction])


@pytest.mark.parametrize('weighted', [False, True])
def test_equal_to_torch_where_torch_averages_alike(weighted):
    logits, labels = problem()
    class_weight = WEIGHTS if weighted else None
    tensor = torch.tensor(WEIGHTS, dtype=torch.float64) if weighted else None
    wanted = F.cross_entropy(logits, labels, weight=tensor, ignore_index=brute.IGNORE)
    for non_ignore in (True, False) if weighted else (True,):
        loss = CrossEntropyLoss(class_weight=class_weight, avg_non_ignore=non_ignore)
        torch.testing.assert_close(loss(logits, labels), wanted)


@pytest.mark.parametrize(
    ('classes', 'weighted', 'non_ignore', 'reduction'),
    list(product([1, 3], [False, True], [False, True], ['none', 'mean', 'sum'])),
)
def test_sigmoid_against_loops(classes, weighted, non_ignore, reduction):
    logits, labels = problem(classes)
    class_weight = WEIGHTS[:classes] if weighted else None
    loss = CrossEntropyLoss(
        True, class_weight=class_weight, avg_non_ignore=non_ignore, reduction=reduction
    )
    elements = torch.zeros(2, classes, 5, 7, dtype=torch.float64)
    for n, k, y, x in product(range(2), range(classes), range(5), range(7)):
        label = int(labels[n, y, x])
        if label != brute.IGNORE:
            is_class = label == (1 if classes == 1 else k)
            positive = WEIGHTS[k] if weighted else 1.0
            elements[n, k, y, x] = brute.binary_loss(logits[n, k, y, x].item(), is_class, positive)
    counted = labels != brute.IGNORE if non_ignore else torch.ones_like(labels)
    wanted = {
        'none': elements,
        'sum': elements.sum(),
        'mean': elements.sum() / (counted.sum() * classes),
    }
    torch.testing.assert_close(loss(logits, labels), wanted[reduction])


@pytest.mark.parametrize(
    ('sigmoid', 'weighted', 'non_ignore'), list(product([False, True], repeat=3))
)
def test_all_ignored_is_zero_with_zero_gradients(sigmoid, weighted, non_ignore):
    logits = torch.randn(2, 3, 4, 4, requires_grad=True)
    labels = torch.full((2, 4, 4), brute.IGNORE)
    class_weight = WEIGHTS if weighted else None
    loss = CrossEntropyLoss(sigmoid, class_weight=class_weight, avg_non_ignore=non_ignore)
    value = loss(logits, labels)
    value.backward()
    assert value.item() == 0 and logits.grad.abs().sum() == 0


def test_average_over_ignored_pixels_is_the_default():
    """Half the image ignored halves the loss: MMSegmentation's average, kept for parity."""
    logits = torch.zeros(1, 2, 1, 4)
    labels = torch.tensor([[[0, 1, brute.IGNORE, brute.IGNORE]]])
    log2 = torch.tensor(2.0).log()
    torch.testing.assert_close(CrossEntropyLoss()(logits, labels), log2 / 2)
    torch.testing.assert_close(CrossEntropyLoss(avg_non_ignore=True)(logits, labels), log2)


def test_overrides_of_one_call():
    logits, labels = problem()
    loss = CrossEntropyLoss()
    none = loss(logits, labels, reduction_override='none')
    assert none.shape == labels.shape
    torch.testing.assert_close(loss(logits, labels, avg_factor=10.0), none.sum() / 10)
    with pytest.raises(ValueError, match="avg_factor must not be given with reduction 'sum'"):
        reduce_loss(none, reduction='sum', avg_factor=2.0)


def test_wrong_options_are_refused():
    with pytest.raises(ConfigError, match="reduction must be one of .* got 'avg'"):
        CrossEntropyLoss(reduction='avg')
    logits, labels = problem()
    with pytest.raises(ConfigError, match='one entry for each of the 3 classes, got 2'):
        CrossEntropyLoss(class_weight=[1.0, 2.0])(logits, labels)


def test_weights_move_with_the_model_but_are_not_in_checkpoints():
    loss = CrossEntropyLoss(class_weight=WEIGHTS)
    assert loss.state_dict() == {}
    assert loss.to(torch.float64).class_weight.dtype == torch.float64
