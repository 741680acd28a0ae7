"""Refuse a config with a misspelt or contradictory entry before anything is built from it."""

from __future__ import annotations

import inspect
from typing import Any

from mmengine.config import Config

from mmseg_deeplab.config.cross_check import check_agreement
from mmseg_deeplab.config.sections import COMMON_VARIABLES, DEFAULT_HOOKS, LOADERS, SETTINGS
from mmseg_deeplab.config.values import check_monitors, check_values
from mmseg_deeplab.config.walk import Walker, did_you_mean, is_near_miss, resolve_type
from mmseg_deeplab.registry import (
    DATA_SAMPLERS,
    DATASETS,
    EVALUATOR,
    HOOKS,
    LOG_PROCESSORS,
    LOOPS,
    METRICS,
    MODEL_WRAPPERS,
    MODELS,
    OPTIM_WRAPPER_CONSTRUCTORS,
    OPTIM_WRAPPERS,
    OPTIMIZERS,
    PARAM_SCHEDULERS,
    TRANSFORMS,
    VISUALIZERS,
)
from mmseg_deeplab.utils.errors import ConfigError

LAUNCHERS = ('none', 'pytorch', 'slurm', 'mpi')


def check_config(config: Config) -> None:
    """Refuse a config that names something that does not exist or contradicts itself.

    Checked are the top-level keys (a near miss of a known key is refused, any other key is a
    free variable), every ``type``, every constructor argument against the class and its bases,
    and that class counts, crop sizes and slide windows agree. Nothing is built.

    Args:
        config: As :func:`mmseg_deeplab.config.load_config` returns it; it is not changed.

    Raises:
        ConfigError: With one line for each mistake: its dotted place, what is wrong, and the
            nearest right name.
    """
    import mmengine.evaluator
    import mmengine.hooks
    import mmengine.runner  # noqa: F401 - these imports fill MMEngine's registries

    HOOKS.import_from_location()  # and this one those that the engine adds to
    walker = Walker()
    _check_top_level(walker, config)
    for section, check in _SECTIONS.items():
        value = config.get(section)
        if value is not None:
            check(walker, value, section)
    check_values(walker, config)
    if not walker.mistakes:
        check_agreement(walker, config)
        check_monitors(walker, config)
    if walker.mistakes:
        where = f' in {config.filename}' if config.filename else ''
        lines = walker.mistakes
        start = f'the config{where} has {len(lines)} mistakes:\n  ' if len(lines) > 1 else ''
        end = '' if start or not where else f' (config{where})'
        raise ConfigError(start + '\n  '.join(lines) + end)


def _check_top_level(walker: Walker, config: Config) -> None:
    imported = getattr(config, '_imported_names', set())
    for key in set(config.keys()) - set(SETTINGS) - COMMON_VARIABLES - set(imported):
        value = config._cfg_dict.get(key)
        for known, kinds in SETTINGS.items():
            if (value is None or isinstance(value, kinds)) and is_near_miss(key, known):
                walker.note(key, f'unknown key; did you mean {known}?')
    for key, kinds in SETTINGS.items():
        value = config.get(key)
        if value is not None and not isinstance(value, kinds) and key != 'work_dir':
            wanted = ' or '.join(kind.__name__ for kind in kinds if kind is not tuple)
            walker.note(key, f'must be a {wanted}, got {value!r:.80}')
    if config.get('launcher', 'none') not in LAUNCHERS:
        walker.note('launcher', f'must be one of {", ".join(LAUNCHERS)}, got {config.launcher!r}')
    if config.get('model') is None and not any('did you mean model' in m for m in walker.mistakes):
        walker.note('model', 'missing: a config must define the model')


def _check_loader(walker: Walker, value: Any, path: str) -> None:
    from torch.utils.data import DataLoader

    if not isinstance(value, dict):
        return
    known = set(inspect.signature(DataLoader.__init__).parameters) - {'self'}
    known |= {'num_batch_per_epoch', 'disable_subprocess_warning'}
    walker.keys(value, known, path, 'a data loader')
    if 'dataset' not in value:
        walker.note(path, '`dataset` is missing')
    walker.parts(value.get('dataset'), DATASETS, f'{path}.dataset')
    for key in ('sampler', 'batch_sampler'):
        walker.parts(value.get(key), DATA_SAMPLERS, f'{path}.{key}')


def _check_loop(walker: Walker, value: Any, path: str) -> None:
    if not isinstance(value, dict):
        return
    default = {'val_cfg': 'ValLoop', 'test_cfg': 'TestLoop'}.get(path)
    extra: set[str] = set()
    if path == 'train_cfg' and 'type' not in value:
        if 'by_epoch' not in value:
            walker.note(path, "needs `type` (as 'IterBasedTrainLoop') or `by_epoch`")
            return
        default = 'EpochBasedTrainLoop' if value['by_epoch'] else 'IterBasedTrainLoop'
        extra = {'by_epoch'}
    walker.parts(value, LOOPS, path, default_type=default, extra=extra)


def _check_optimizer(walker: Walker, value: Any, path: str) -> None:
    if not isinstance(value, dict) or 'optimizer' not in value:
        return  # a user's constructor of several optimisers has its own keys
    # finite_check: the engine puts its own wrapper, which knows it, in place of MMEngine's
    extra = {'constructor', 'paramwise_cfg', 'optimizer', 'finite_check'}
    walker.parts(value, OPTIM_WRAPPERS, path, default_type='OptimWrapper', extra=extra)
    walker.parts(value['optimizer'], OPTIMIZERS, f'{path}.optimizer')
    if value.get('constructor') is not None:
        try:
            resolve_type(value['constructor'], OPTIM_WRAPPER_CONSTRUCTORS)
        except ConfigError as error:
            walker.note(f'{path}.constructor', str(error))
    clip = value.get('clip_grad')
    if isinstance(clip, dict):
        from torch.nn.utils import clip_grad_norm_, clip_grad_value_

        function = clip_grad_value_ if clip.get('type') == 'value' else clip_grad_norm_
        known = set(inspect.signature(function).parameters) - {'parameters'}
        walker.keys(clip, known, f'{path}.clip_grad', function.__name__)


def _check_scheduler(walker: Walker, value: Any, path: str) -> None:
    walker.parts(value, PARAM_SCHEDULERS, path, extra={'convert_to_iter_based'})


def _check_evaluator(walker: Walker, value: Any, path: str) -> None:
    if isinstance(value, dict) and 'metrics' in value:
        walker.parts(value, EVALUATOR, path, default_type='Evaluator')
    else:
        walker.parts(value, METRICS, path)


def _check_default_hooks(walker: Walker, value: Any, path: str) -> None:
    if not isinstance(value, dict):
        return
    walker.near_misses(value, DEFAULT_HOOKS, path)
    noted = ' '.join(walker.mistakes)
    for name, hook in value.items():
        if f'{path}.{name}:' not in noted:
            walker.parts(hook, HOOKS, f'{path}.{name}')


def _check_environment(walker: Walker, value: Any, path: str) -> None:
    known = ('cudnn_benchmark', 'mp_cfg', 'dist_cfg', 'resource_limit')
    walker.near_misses(value, known, path)
    inner = value.get('mp_cfg') if isinstance(value, dict) else None
    walker.near_misses(inner, ('mp_start_method', 'opencv_num_threads'), f'{path}.mp_cfg')


def _check_randomness(walker: Walker, value: Any, path: str) -> None:
    if isinstance(value, dict):
        walker.keys(value, ('seed', 'diff_rank_seed', 'deterministic'), path, 'randomness')


def _check_fine_tune(walker: Walker, value: Any, path: str) -> None:
    if isinstance(value, dict):
        walker.keys(value, ('drop_head', 'first_conv'), path, 'fine_tune')


def _of(registry: Any, default_type: str | None = None, extra: tuple[str, ...] = ()) -> Any:
    """A check of a section that simply holds objects of one registry."""

    def check(walker: Walker, value: Any, path: str) -> None:
        walker.parts(value, registry, path, default_type=default_type, extra=extra)

    return check


_SECTIONS = {
    'model': _of(MODELS),
    'data_preprocessor': _of(MODELS),
    'tta_model': _of(MODELS),
    'tta_pipeline': _of(TRANSFORMS),
    **dict.fromkeys(LOADERS, _check_loader),
    'train_cfg': _check_loop,
    'val_cfg': _check_loop,
    'test_cfg': _check_loop,
    'optim_wrapper': _check_optimizer,
    'param_scheduler': _check_scheduler,
    'val_evaluator': _check_evaluator,
    'test_evaluator': _check_evaluator,
    'default_hooks': _check_default_hooks,
    'custom_hooks': _of(HOOKS, extra=('priority',)),
    'visualizer': _of(VISUALIZERS, 'Visualizer'),
    'log_processor': _of(LOG_PROCESSORS, 'LogProcessor'),
    'model_wrapper_cfg': _of(MODEL_WRAPPERS),
    'env_cfg': _check_environment,
    'randomness': _check_randomness,
    'fine_tune': _check_fine_tune,
}

__all__ = ['check_config', 'did_you_mean']
