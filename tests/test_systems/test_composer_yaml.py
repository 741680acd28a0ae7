"""Composer's settings files of both ages, and what is refused of them."""

from __future__ import annotations

import pytest
import yaml

from mmseg_deeplab.apis.run_config import naming_config
from mmseg_deeplab.config import check_config, load_config
from mmseg_deeplab.engine import SegRunner
from mmseg_deeplab.registry import HOOKS
from mmseg_deeplab.utils.errors import ConfigError

from ..test_engine.toy import toy_config

# as in Composer's repository since commit bb0476ba (version 0.9)
NEWER = """
train_dataset:
  ade20k: {datadir: null, split: train, base_size: 512, final_size: 512, drop_last: true,
           shuffle: true}
val_dataset:
  ade20k: {datadir: null, split: val, base_size: 512, final_size: 512, drop_last: false,
           shuffle: false}
optimizers:
  decoupled_sgdw: {lr: 0.08, momentum: 0.9, weight_decay: 5.0e-5, dampening: 0, nesterov: false}
schedulers:
  - cosine_decay: {t_max: 1dur}
model:
  deeplabv3:
    initializers: [kaiming_normal, bn_ones]
    num_classes: 150
    backbone_arch: resnet101
    backbone_weights: IMAGENET1K_V2
    use_plus: true
    sync_bn: false
max_duration: 128ep
train_batch_size: 128
eval_batch_size: 128
seed: 17
dataloader: {pin_memory: true, timeout: 0, prefetch_factor: 2, persistent_workers: true,
             num_workers: 8}
grad_accum: 1
dist_timeout: 60
"""


@pytest.fixture
def loaded(tmp_path):
    """``loaded(**changes)``: the file with some sections replaced, read; None takes one out."""

    def load(**changes):
        tree = {**yaml.safe_load(NEWER), **changes}
        path = tmp_path / 'opt09.yaml'
        path.write_text(yaml.safe_dump({k: v for k, v in tree.items() if v is not None}))
        return load_config(path)

    return load


def model(**changes):
    return {'deeplabv3': {**yaml.safe_load(NEWER)['model']['deeplabv3'], **changes}}


def test_files_since_0_9_are_read(loaded):
    config = loaded()
    check_config(config)
    assert config.optim_wrapper.optimizer == dict(
        type='DecoupledSGDW', lr=0.08, momentum=0.9, weight_decay=5e-5, dampening=0, nesterov=False
    )
    assert config.model.pretrained.endswith('resnet101-cd907fc2.pth')


@pytest.mark.parametrize(
    ('section', 'weights'), [('optimizers', None), ('optimizer', 'torchvision://resnet101')]
)
def test_each_age_has_its_own_default_weights(loaded, section, weights):
    changes = {'optimizers': None, section: {'sgd': {'lr': 0.1}}}
    bare = model()
    del bare['deeplabv3']['backbone_weights']
    assert loaded(**changes, model=bare).model.pretrained == weights


@pytest.mark.parametrize(
    ('changes', 'loop'),
    [
        ({}, ('EpochBasedTrainLoop', 128, 1)),
        (dict(validate_every_n_epochs=-1), ('EpochBasedTrainLoop', 128, 128)),
        (dict(eval_interval=3), ('EpochBasedTrainLoop', 128, 3)),
        (dict(max_duration='1000ba'), ('IterBasedTrainLoop', 1000, '1ep')),
        (dict(max_duration='9ba', validate_every_n_batches=3), ('IterBasedTrainLoop', 9, 3)),
        (dict(max_duration='9ba', validate_every_n_batches=-1), ('IterBasedTrainLoop', 9, 9)),
        (dict(eval_interval='500ba'), ('IterBasedTrainLoop', '128ep', 500)),
    ],
)
def test_lengths(loaded, changes, loop):
    config = loaded(**changes)
    check_config(config)
    cfg = config.train_cfg
    assert (cfg.type, cfg.get('max_epochs') or cfg.max_iters, cfg.val_interval) == loop
    by_epoch = loop[0].startswith('Epoch')
    assert config.default_hooks.checkpoint.by_epoch == config.log_processor.by_epoch == by_epoch


def test_a_loop_of_iterations_counts_in_epochs(tmp_path):
    config = toy_config(tmp_path, iters=3)
    config.train_cfg = dict(
        type='IterBasedTrainLoop', max_iters='2ep', val_interval='1ep', val_begin=1
    )
    config.default_hooks['checkpoint'] = dict(type='CheckpointHook', by_epoch=False, interval='1ep')
    runner = SegRunner.from_cfg(config)
    loop = runner.build_train_loop(runner._train_loop)
    epoch = len(loop.dataloader)
    assert (loop.max_iters, loop.val_interval) == (2 * epoch, epoch)
    runner.train()
    assert {path.name for path in tmp_path.glob('iter_*.pth')} >= {
        f'iter_{epoch}.pth', f'iter_{2 * epoch}.pth'
    }  # fmt: skip


@pytest.mark.parametrize(
    ('changes', 'message'),
    [
        (
            dict(train_dataset={'streaming_ade20k': {'remote': 's3://x'}}),
            'train_dataset.streaming_ade20k is left out here; write ade20k',
        ),
        (dict(optimizers='sgd'), 'optimizers.sgd.lr must be set'),
        (dict(optimizers={'decoupled_sgdw': {'momentum': 0.9}}), 'decoupled_sgdw.lr must be set'),
        (dict(schedulers=5), 'schedulers must be a list of names with options, got 5'),
        (dict(schedulers=[{'polynomial': 5}]), "must be a list of names .* got {'polynomial': 5}"),
        (dict(algorithms=5), 'algorithms must be a list of names with options, got 5'),
        (dict(max_duration='0.5dur'), "max_duration must be a number .* got '0.5dur'"),
        (
            dict(validate_every_n_epochs=1, validate_every_n_batches=5),
            'validate_every_n_epochs and validate_every_n_batches are both set',
        ),
    ],
)  # fmt: skip
def test_what_cannot_be_had_is_told(loaded, changes, message):
    with pytest.raises(ConfigError, match=message) as caught:
        loaded(**changes)
    assert 'opt09.yaml' in str(caught.value)


def test_a_value_that_shows_late_is_said_with_the_file(loaded):
    config = loaded(algorithms={'ema': {'half_life': '0ba'}})
    message = "opt09.yaml: HalfLifeEMAHook.half_life must be .* at least one, got '0ba'"
    with pytest.raises(ConfigError, match=message), naming_config(config):
        HOOKS.build(config.custom_hooks[1])


def test_what_a_half_life_cannot_be_is_not_proposed(loaded):
    with pytest.raises(ConfigError, match="half_life must be .*'127ep'.* got 'abc'") as caught:
        loaded(algorithms={'ema': {'half_life': 'abc'}})
    assert '0.5dur' not in str(caught.value)
