"""Hooks, logs and processes in the form of 0.x."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mmseg_deeplab.config.legacy.pipelines import Facts

Section = dict[str, Any]

BACKENDS = {
    'TensorboardLoggerHook': 'TensorboardVisBackend',
    'WandbLoggerHook': 'WandbVisBackend',
    'MMSegWandbHook': 'WandbVisBackend',
    'MlflowLoggerHook': 'MLflowVisBackend',
}
CHECKPOINT_KEYS = ('interval', 'save_optimizer', 'out_dir', 'max_keep_ckpts', 'save_last')
# Of `evaluation`, for the hook that keeps the best.
BEST_KEYS = ('save_best', 'rule', 'greater_keys', 'less_keys')
# Kept under the names that they have.
SAME = ('custom_hooks', 'custom_imports', 'log_level', 'load_from', 'work_dir', 'device',
        'find_unused_parameters')  # fmt: skip


def convert_hooks(config: Mapping[str, Any], *, by_epoch: bool) -> Section:
    """``checkpoint_config``, ``log_config`` and part of ``evaluation`` as ``default_hooks``.

    Args:
        config: In the form of 0.x.
        by_epoch: Whether training counts epochs.
    """
    saving = config.get('checkpoint_config') or {}
    evaluation = config.get('evaluation') or {}
    return {
        'timer': {'type': 'IterTimerHook'},
        'logger': {
            'type': 'LoggerHook',
            'interval': (config.get('log_config') or {}).get('interval', 10),
            'log_metric_by_epoch': by_epoch,
        },
        'param_scheduler': {'type': 'ParamSchedulerHook'},
        'checkpoint': {
            'type': 'CheckpointHook',
            'by_epoch': saving.get('by_epoch', by_epoch),
            **{key: saving[key] for key in CHECKPOINT_KEYS if saving.get(key) is not None},
            **{key: evaluation[key] for key in BEST_KEYS if evaluation.get(key) is not None},
        },
        'sampler_seed': {'type': 'DistSamplerSeedHook'},
        'visualization': {'type': 'SegVisualizationHook'},
    }


def convert_visualizer(config: Mapping[str, Any], facts: Facts) -> Section:
    """The logger hooks as back ends of the visualiser.

    Args:
        config: In the form of 0.x.
        facts: Takes remarks on hooks that are left out.
    """
    backends: list[Section] = [{'type': 'LocalVisBackend'}]
    for hook in (config.get('log_config') or {}).get('hooks', ()):
        kind = hook.get('type')
        if kind in BACKENDS:
            arguments = {'init_kwargs': hook['init_kwargs']} if hook.get('init_kwargs') else {}
            backends.append({'type': BACKENDS[kind], **arguments})
        elif kind != 'TextLoggerHook':
            facts.note(f'log_config.hooks: {kind} is left out')
    return {'type': 'SegLocalVisualizer', 'vis_backends': backends, 'name': 'visualizer'}


def convert_runtime(config: Mapping[str, Any], facts: Facts) -> Section:
    """What is left: processes, seeds, where to go on.

    Args:
        config: In the form of 0.x.
        facts: Takes remarks.
    """
    runtime: Section = {
        'env_cfg': {
            'cudnn_benchmark': config.get('cudnn_benchmark', False),
            'mp_cfg': {
                'mp_start_method': config.get('mp_start_method', 'fork'),
                'opencv_num_threads': config.get('opencv_num_threads', 0),
            },
            'dist_cfg': dict(config.get('dist_params') or {'backend': 'nccl'}),
        }
    }
    seeds = {'seed': config.get('seed'), 'deterministic': config.get('deterministic'),
             'diff_rank_seed': config.get('diff_seed')}  # fmt: skip
    if any(value is not None for value in seeds.values()):
        runtime['randomness'] = {key: v for key, v in seeds.items() if v is not None}
    runtime.update({key: config[key] for key in SAME if key in config})
    if config.get('resume_from') is not None:
        runtime['load_from'] = config['resume_from']
    runtime['resume'] = bool(config.get('resume_from') or config.get('auto_resume'))
    if any(name == 'val' for name, _ in config.get('workflow') or ()):
        facts.note("workflow: the phase 'val', which computed the loss on it, is left out")
    if any(config.get(key) is not None for key in ('gpus', 'gpu_ids')):
        facts.note('gpus and gpu_ids are left out: say --device, or start with dist_train.sh')
    return runtime
