"""Tell the form of MMSegmentation 0.x from today's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mmseg_deeplab.config.sections import LOADERS

# What only 0.x has, as dicts.
SIGNS = ('lr_config', 'optimizer_config', 'checkpoint_config', 'log_config', 'evaluation')
# What only today's form has.
TODAY = (
    *LOADERS, 'optim_wrapper', 'param_scheduler',
    'val_evaluator', 'test_evaluator', 'default_hooks',
)  # fmt: skip
DATA_KEYS = ('train', 'val', 'test', 'samples_per_gpu', 'workers_per_gpu')
# Top-level keys that the conversion uses up.
SECTIONS = (
    *SIGNS, 'data', 'optimizer', 'runner', 'fp16', 'dist_params', 'workflow', 'resume_from',
    'auto_resume', 'cudnn_benchmark', 'mp_start_method', 'opencv_num_threads', 'seed', 'diff_seed',
    'deterministic', 'gpus', 'gpu_ids', 'total_iters', 'total_epochs', 'img_norm_cfg',
)  # fmt: skip


def is_legacy(config: Mapping[str, Any]) -> bool:
    """Whether a config is in the form of 0.x: has one of its sections and none of today's.

    Args:
        config: After its bases were merged.
    """
    return bool(_signs(config)) and not any(key in config for key in TODAY)


def is_legacy_key(key: str) -> bool:
    """Whether a dotted key, as of ``--cfg-options``, names a place in the form of 0.x."""
    return key.partition('.')[0] in SECTIONS


def idle_sections(config: Mapping[str, Any]) -> list[str]:
    """The sections of 0.x that mean nothing because the config is in today's form.

    Args:
        config: After its bases were merged.
    """
    return [] if is_legacy(config) else _signs(config)


def _signs(config: Mapping[str, Any]) -> list[str]:
    found = [key for key in SIGNS if isinstance(config.get(key), Mapping)]
    data = config.get('data')
    if isinstance(data, Mapping) and any(key in data for key in DATA_KEYS):
        found.append('data')
    runner = config.get('runner')
    if isinstance(runner, Mapping) and {'max_iters', 'max_epochs'} & set(runner):
        found.append('runner')
    return found
