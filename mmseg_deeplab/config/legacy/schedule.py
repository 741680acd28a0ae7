"""Optimiser, learning rate and length of training in the form of 0.x."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mmseg_deeplab.config.legacy.pipelines import Facts
from mmseg_deeplab.utils.errors import ConfigError

Section = dict[str, Any]

HOOKS_OF_GRADIENTS = ('OptimizerHook', 'Fp16OptimizerHook', 'GradientCumulativeOptimizerHook',
                      'GradientCumulativeFp16OptimizerHook')  # fmt: skip
# Policies that are stretched between the end of the warm-up and that of training.
SPANNING = ('poly', 'cosineannealing')


def training_length(config: Mapping[str, Any]) -> tuple[int, bool]:
    """How long training is, and whether that counts epochs.

    Args:
        config: In the form of 0.x.

    Raises:
        ConfigError: It does not say.
    """
    runner = config.get('runner') or {}
    for key, old, by_epoch in (
        ('max_iters', 'total_iters', False),
        ('max_epochs', 'total_epochs', True),
    ):
        length = runner.get(key) or config.get(old)
        if length is not None:
            return int(length), by_epoch
    raise ConfigError(
        'a config of the 0.x form needs runner=dict(type=..., max_iters=...) or total_iters, '
        'which say how long training is'
    )


def convert_optimizer(config: Mapping[str, Any], facts: Facts) -> Section:
    """``optimizer``, ``optimizer_config`` and ``fp16`` as one ``optim_wrapper``.

    Args:
        config: In the form of 0.x.
        facts: Takes remarks.

    Raises:
        ConfigError: The gradients went through a hook that is not known.
    """
    optimizer = dict(config['optimizer'])
    paramwise = optimizer.pop('paramwise_cfg', None)
    constructor = optimizer.pop('constructor', 'DefaultOptimizerConstructor')
    gradients = dict(config.get('optimizer_config') or {})
    hook = gradients.get('type', 'OptimizerHook')
    if hook not in HOOKS_OF_GRADIENTS:
        raise ConfigError(
            f'optimizer_config.type {hook!r} has no counterpart; write optim_wrapper instead, see '
            'docs/foreign_configs.md'
        )
    fp16 = config.get('fp16')
    scale = gradients.get('loss_scale', (fp16 or {}).get('loss_scale', 512.0))
    # an empty fp16 alone is the mark for testing that the zoo's files have
    mixed = 'Fp16' in hook or bool(fp16)
    wrapper: Section = {'type': 'AmpOptimWrapper' if mixed else 'OptimWrapper'}
    wrapper['optimizer'] = optimizer
    wrapper['clip_grad'] = gradients.get('grad_clip')
    if mixed:
        wrapper['loss_scale'] = scale
    if gradients.get('cumulative_iters', 1) > 1:
        wrapper['accumulative_counts'] = gradients['cumulative_iters']
        facts.note(
            'max_iters and all intervals count batches, as they did; an update is made at every '
            f'{gradients["cumulative_iters"]}th'
        )
    if paramwise:
        wrapper['paramwise_cfg'] = paramwise
    if constructor != 'DefaultOptimizerConstructor':
        wrapper['constructor'] = constructor
    return wrapper


def convert_schedule(
    config: Mapping[str, Any], length: int, by_epoch: bool, facts: Facts
) -> list[Section]:
    """``lr_config`` as a list of schedulers.

    Args:
        config: In the form of 0.x.
        length: Of training.
        by_epoch: Whether ``length`` counts epochs.
        facts: Takes remarks.

    Raises:
        ConfigError: A policy that is not known.
    """
    lr = dict(config.get('lr_config') or {'policy': 'fixed'})
    counts_epochs = lr.get('by_epoch', by_epoch)
    if counts_epochs and not by_epoch:
        raise ConfigError(
            'lr_config.by_epoch=True does not go with a runner of iterations; leave it out'
        )
    policies = {
        'poly': _poly, 'step': _step, 'exp': _exponential, 'cosineannealing': _cosine,
        'fixed': lambda lr, span: [],
    }  # fmt: skip
    policy = str(lr.get('policy', 'fixed')).lower()
    if policy not in policies:
        raise ConfigError(
            f'lr_config.policy must be one of {", ".join(policies)}, got {lr["policy"]!r}; write '
            'param_scheduler instead, see docs/foreign_configs.md'
        )
    warmup = _warmup(lr, counts_epochs)
    begin = 0
    if policy in SPANNING and warmup and warmup[0]['by_epoch'] == by_epoch:
        begin = warmup[0]['end']
        facts.note(
            f'the schedule begins at {begin}, where the warm-up ends; in 0.x it had been running '
            'from 0 underneath'
        )
    span = {'begin': begin, 'end': length, 'by_epoch': by_epoch}
    if by_epoch and not counts_epochs:
        span['convert_to_iter_based'] = True
    return [*warmup, *policies[policy](lr, span)]


def _warmup(lr: Mapping[str, Any], counts_epochs: bool) -> list[Section]:
    kind = lr.get('warmup')
    if kind is None:
        return []
    classes = {'linear': ('LinearLR', 'start_factor'), 'constant': ('ConstantLR', 'factor')}
    if kind not in classes:
        raise ConfigError(f"lr_config.warmup must be 'linear' or 'constant', got {kind!r}")
    name, argument = classes[kind]
    by_epoch = counts_epochs and lr.get('warmup_by_epoch', False)
    return [{'type': name, argument: lr.get('warmup_ratio', 0.1), 'begin': 0,
             'end': lr['warmup_iters'], 'by_epoch': by_epoch}]  # fmt: skip


def _poly(lr: Mapping[str, Any], span: Section) -> list[Section]:
    return [{'type': 'PolyLR', 'eta_min': lr.get('min_lr', 0.0), 'power': lr.get('power', 1.0),
             **span}]  # fmt: skip


def _step(lr: Mapping[str, Any], span: Section) -> list[Section]:
    if lr.get('min_lr') is not None:
        raise ConfigError(
            "lr_config.min_lr of the policy 'step' has no counterpart; leave it out, or write "
            'param_scheduler instead'
        )
    steps, gamma = lr['step'], lr.get('gamma', 0.1)
    if isinstance(steps, int):
        return [{'type': 'StepLR', 'step_size': steps, 'gamma': gamma, **span}]
    return [{'type': 'MultiStepLR', 'milestones': list(steps), 'gamma': gamma, **span}]


def _exponential(lr: Mapping[str, Any], span: Section) -> list[Section]:
    return [{'type': 'ExponentialLR', 'gamma': lr['gamma'], **span}]


def _cosine(lr: Mapping[str, Any], span: Section) -> list[Section]:
    if lr.get('min_lr_ratio') is not None:
        end = {'eta_min_ratio': lr['min_lr_ratio']}
    else:
        end = {'eta_min': lr.get('min_lr', 0.0)}
    return [{'type': 'CosineAnnealingLR', 'T_max': span['end'] - span['begin'], **end, **span}]
