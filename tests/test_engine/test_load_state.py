"""Weights fit, or the message says what they are of."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from mmseg_deeplab.engine import SegRunner, load_state, save_checkpoint
from mmseg_deeplab.utils.errors import CheckpointError
from tests.test_engine.toy import ToyModel, toy_config


def test_weights_fit_with_and_without_prefix():
    source, model = ToyModel(), ToyModel()
    for prefix in ('', 'module.'):
        load_state(model, {prefix + key: value for key, value in source.state_dict().items()})
        for key, value in source.state_dict().items():
            assert torch.equal(model.state_dict()[key], value)


def test_another_class_count():
    model = ToyModel(classes=3)
    before = {key: value.clone() for key, value in model.state_dict().items()}
    source = ToyModel(classes=19).state_dict()
    with pytest.raises(
        CheckpointError, match=r'x\.pth: the checkpoint has 19 classes, the model 3'
    ):
        load_state(model, source, source='x.pth')
    assert all(torch.equal(model.state_dict()[key], before[key]) for key in before)


def test_another_class_count_for_fine_tuning(said):
    model, source = ToyModel(classes=3), ToyModel(classes=19)
    head = model.decode_head.conv_seg.weight.clone()
    load_state(model, source.state_dict(), source='x.pth', new_classifier=True)
    assert torch.equal(model.decode_head.conv_seg.weight, head)
    assert torch.equal(model.backbone[0].weight, source.backbone[0].weight)
    assert 'start afresh' in said.text


def test_another_architecture():
    with pytest.raises(CheckpointError, match='of another architecture: .*another shape'):
        load_state(ToyModel(width=4), ToyModel(width=8).state_dict(), new_classifier=True)
    with pytest.raises(CheckpointError, match=r'6 weights are missing|weights are missing'):
        load_state(ToyModel(), nn.Linear(2, 2).state_dict())


def test_auxiliary_head_is_not_needed_for_prediction(said):
    source = ToyModel()
    source.auxiliary_head = nn.Conv2d(4, 3, 1)
    load_state(ToyModel(), source.state_dict())
    assert 'auxiliary heads' in said.text
    with pytest.raises(CheckpointError, match='2 are unknown to the model'):
        load_state(ToyModel(), source.state_dict(), need_auxiliary=True)


def test_old_files_without_batch_counters():
    source = {k: v + 1 for k, v in ToyModel().state_dict().items() if 'num_batches' not in k}
    model = ToyModel()
    load_state(model, source)
    loaded = model.state_dict()
    assert source
    assert all(torch.equal(loaded[name], value) for name, value in source.items())


@pytest.mark.parametrize('mode', ['test', 'resume', 'train'])
def test_runner_with_another_class_count(mode, run, tmp_path, said):
    run('three', iters=3)
    path = str(tmp_path / 'three' / 'iter_3.pth')
    changes = {'model.classes': 5, 'iters': 2}
    if mode == 'test':
        runner = SegRunner.from_cfg(toy_config(tmp_path / 'five', load_from=path, **changes))
        with pytest.raises(CheckpointError, match='has 3 classes, the model 5'):
            runner.test()
    elif mode == 'resume':
        with pytest.raises(CheckpointError, match='has 3 classes, the model 5'):
            run('five', resume=path, **changes)
    else:
        run('five', load_from=path, **changes)
        assert 'start afresh' in said.text


def test_weights_alone_cannot_be_resumed(run, tmp_path):
    save_checkpoint({'state_dict': ToyModel().state_dict()}, tmp_path / 'weights.pth')
    with pytest.raises(CheckpointError, match=r'cannot be resumed, since it has no message_hub'):
        run(resume=str(tmp_path / 'weights.pth'), custom_hooks=None)


def test_another_optimiser_cannot_be_resumed(run, tmp_path):
    run('sgd', iters=3)
    adam = dict(type='OptimWrapper', optimizer=dict(type='Adam', lr=0.1, betas=(0.9, 0.9)))
    groups = dict(custom_keys={'backbone': dict(lr_mult=0.1)})
    with pytest.raises(CheckpointError, match='optimiser state does not fit the config'):
        run('adam', resume=str(tmp_path / 'sgd' / 'iter_3.pth'), iters=6,
            optim_wrapper=dict(adam, paramwise_cfg=groups, _delete_=True))  # fmt: skip
