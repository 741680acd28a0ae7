"""Whether results are the same, in numbers computed by hand."""

from __future__ import annotations

import pytest
import torch

from benchmarks.speed.agreement import compare, words


def test_prediction():
    peer = {'labels': torch.tensor([[0, 1], [2, 3]]), 'logits': torch.tensor([[[3.0, 4.0]]])}
    ours = {'labels': torch.tensor([[0, 1], [2, 0]]), 'logits': torch.tensor([[[3.0, 4.5]]])}
    found = compare('logits', peer, ours)
    assert found['equal'] == 0.75
    assert found['relative_error'] == pytest.approx(0.1)  # 0.5 / |(3, 4)|
    assert found['largest'] == pytest.approx(0.125)  # 0.5 / 4
    assert words('logits', found) == 'logits 1.0e-01, argmax 75.000 %'


def test_prediction_without_logits():
    peer = {'labels': torch.tensor([1]), 'logits': torch.tensor([1.0])}
    found = compare('logits', peer, {'labels': torch.tensor([1])})
    assert found == {'equal': 1.0}
    assert words('logits', found) == 'argmax equal'


def test_losses_and_scores():
    peer = {'aAcc': torch.tensor(30.0), 'mIoU': torch.tensor(40.0)}
    assert words('scores', compare('scores', peer, peer)) == 'scores equal'
    ours = {'aAcc': torch.tensor(30.0), 'mIoU': torch.tensor(40.5)}
    assert compare('scores', peer, ours)['relative_error'] == pytest.approx(0.01)


def test_arrays():
    peer = {'a': torch.zeros(3), 'b': torch.ones(1)}
    ours = {'a': torch.tensor([0.0, 0.0, 7.0]), 'b': torch.ones(1)}
    found = compare('arrays', peer, ours)
    assert found == {'equal': 0.75}
    assert words('arrays', found) == 'entries 75.000 %'


@pytest.mark.parametrize(
    ('ours', 'message'),
    [({'a': torch.zeros(2)}, r'a: \(2,\) is not \(3,\)'), ({'b': torch.zeros(3)}, 'differ in')],
)
def test_results_that_cannot_be_compared(ours, message):
    with pytest.raises(ValueError, match=message):
        compare('arrays', {'a': torch.zeros(3)}, ours)


def test_nothing_to_compare():
    assert compare('none', {}, {}) == {}
    assert words('none', {}) == ''
