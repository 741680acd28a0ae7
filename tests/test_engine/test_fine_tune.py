"""Beginning a run with another model's weights: what is taken, and what is said of it."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from mmseg_deeplab.engine import SegRunner, load_state, save_checkpoint
from mmseg_deeplab.engine.runner_state import fine_tune_options
from mmseg_deeplab.utils.errors import CheckpointError, ConfigError
from tests.test_engine.toy import ToyModel, toy_config


def with_heads(classes=3, width=4, bands=3, **extra):
    """A toy model whose head has a layer before the classifier, and more layers if asked."""
    model = ToyModel(classes, width)
    model.backbone[0] = nn.Conv2d(bands, width, 3, padding=1)
    model.decode_head.bottleneck = nn.Conv2d(width, width, 1)
    for name, layer in extra.items():
        model.decode_head.add_module(name, layer)
    return model


def test_drop_head_takes_what_fits():
    model = with_heads(shared=nn.Conv2d(1, 1, 1), other=nn.Conv2d(1, 2, 1))
    source = with_heads(
        shared=nn.Conv2d(1, 1, 1), other=nn.Conv2d(1, 5, 1), extra=nn.Conv2d(1, 1, 1)
    )
    before = {key: value.clone() for key, value in model.state_dict().items()}
    report = load_state(model, source.state_dict(), source='zoo.pth', drop_head=True)
    after, theirs = model.state_dict(), source.state_dict()
    for key, value in after.items():
        kept = 'conv_seg' in key or '.other.' in key  # the classifier even of equal class count
        assert torch.equal(value, before[key] if kept else theirs[key]), key
    assert set(report.dropped) == {
        f'decode_head.{name}.{part}'
        for name in ('conv_seg', 'other', 'extra')
        for part in ('weight', 'bias')
    }
    assert report.dropped['decode_head.conv_seg.weight'] == '3 classes'
    assert report.dropped['decode_head.extra.bias'] == 'not in the model'
    assert report.dropped['decode_head.other.bias'] == 'shape (5,), here (2,)'
    assert set(report.missing) == {key for key in before if 'conv_seg' in key or '.other.' in key}
    text = '\n'.join(report.lines())
    assert f'zoo.pth: {len(report.loaded)} entries are loaded (backbone 7, decode_head 4)' in text
    assert 'decode_head.conv_seg.weight, decode_head.conv_seg.bias (3 classes)' in text


def test_another_kind_of_head_is_no_obstacle():
    source = with_heads().state_dict()
    source = {key.replace('bottleneck', 'convs'): value for key, value in source.items()}
    with pytest.raises(CheckpointError, match='2 weights are missing'):
        load_state(with_heads(), source, new_classifier=True)
    report = load_state(with_heads(), source, drop_head=True)
    assert all(key.startswith('backbone') for key in report.loaded)


def test_another_backbone_is_refused_with_drop_head_too():
    with pytest.raises(CheckpointError, match='of another architecture'):
        load_state(with_heads(width=8), with_heads().state_dict(), drop_head=True)


def test_more_bands():
    model, source = with_heads(bands=5), with_heads()
    with pytest.raises(CheckpointError, match=r'for 3 bands, the model for 5; .*--first-conv mean'):
        load_state(model, source.state_dict(), source='zoo.pth')
    report = load_state(model, source.state_dict(), source='zoo.pth', first_conv='copy')
    kernel = source.backbone[0].weight * 3 / 5
    torch.testing.assert_close(model.backbone[0].weight, kernel[:, [0, 1, 2, 0, 1]])
    assert report.adapted == 'backbone.0.weight' and not report.dropped and not report.missing
    assert 'made to fit the number of bands: backbone.0.weight' in '\n'.join(report.lines())


def test_options_of_a_config():
    assert fine_tune_options({}) == {'drop_head': False, 'first_conv': None}
    with pytest.raises(ConfigError, match="'mean', 'copy' or None, got 'max'"):
        fine_tune_options({'fine_tune': {'first_conv': 'max'}})


def start(folder, path, **changes):
    """A run that has loaded and not yet trained."""
    config = toy_config(folder, iters=1, load_from=str(path), **changes)
    config.custom_hooks = [dict(type='EMAHook')]
    runner = SegRunner.from_cfg(config)
    runner.train()
    return runner


@pytest.mark.parametrize('drop', [False, True])
def test_runs(tmp_path, said, drop):
    """The averaged model starts as the model does; a warning tells of other classes."""
    source = ToyModel()
    meta = {'CLASSES': ('x', 'y', 'z'), 'PALETTE': [[0, 0, 0]] * 3}
    save_checkpoint({'state_dict': source.state_dict(), 'meta': meta}, tmp_path / 'zoo.pth')
    still = {'optim_wrapper.optimizer.lr': 0.0, 'fine_tune': {'drop_head': drop}}
    runner = start(tmp_path / 'run', tmp_path / 'zoo.pth', **still)
    hook = next(hook for hook in runner.hooks if type(hook).__name__ == 'EMAHook')
    for model in (runner.model, hook.ema_model.module):
        same = torch.equal(model.decode_head.conv_seg.weight, source.decode_head.conv_seg.weight)
        assert same is not drop
        assert torch.equal(model.backbone[0].weight, source.backbone[0].weight)
    assert ('its classifiers are for x, y, z, the data has a, b, c' in said.text) is not drop
    assert f'zoo.pth: {7 if drop else 9} entries are loaded' in said.text
