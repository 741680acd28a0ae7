"""Values of a config that are of the wrong kind, or that would silently mean nothing."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

import mmengine.registry
from mmengine.config import Config
from mmengine.registry import FUNCTIONS, Registry

from mmseg_deeplab.config.cross_check import heads, segmentation_scores
from mmseg_deeplab.config.sections import LOADERS
from mmseg_deeplab.config.walk import Walker, resolve_type
from mmseg_deeplab.registry import HOOKS, PEER_SCOPE, SCOPE
from mmseg_deeplab.utils.durations import Duration
from mmseg_deeplab.utils.errors import ConfigError

COMPILE_KEYS = ('mode', 'backend', 'fullgraph', 'dynamic', 'options', 'disable')
DIST_KEYS = ('backend', 'timeout', 'port', 'init_backend')
CUSTOM_KEYS = ('lr_mult', 'decay_mult')
LEVELS = ('CRITICAL', 'FATAL', 'ERROR', 'WARNING', 'WARN', 'INFO', 'DEBUG', 'NOTSET')
OUR_SCOPES = (SCOPE, 'mmengine', PEER_SCOPE)
COUNTS = {
    'train_cfg': ('max_iters', 'max_epochs'),
    **dict.fromkeys(LOADERS, ('batch_size',)),
}


def check_values(walker: Walker, config: Config) -> None:
    """Note values that no class would refuse before the run, or that it would not refuse at all.

    Args:
        walker: Collects the mistakes.
        config: Any of its sections may be missing or of a wrong kind.
    """
    _check_counts(walker, config)
    _check_names(walker, config)
    _check_whole_sets(walker, config)
    _check_fixed_keys(walker, config)
    _check_model(walker, config)


def is_count(value: Any) -> bool:
    """Whether a value is a whole number of at least 1."""
    return isinstance(value, int) and not isinstance(value, bool) and value >= 1


def _check_counts(walker: Walker, config: Config) -> None:
    for section, keys in COUNTS.items():
        value = config.get(section)
        for key in keys if isinstance(value, dict) else ():
            if key == 'max_iters' and _is_duration(value.get(key)):
                continue
            if key in value and not is_count(value[key]):
                text = f'must be a whole number of at least 1, got {value[key]!r}'
                walker.note(f'{section}.{key}', text)


def _is_duration(value: Any) -> bool:
    """Whether a value is a text such as ``'127ep'``."""
    if not isinstance(value, str):
        return False
    try:
        return Duration.parse(value, parts=False).value >= 1
    except ConfigError:
        return False


def _check_names(walker: Walker, config: Config) -> None:
    level = config.get('log_level')
    if isinstance(level, str) and not isinstance(logging.getLevelName(level), int):
        walker.note('log_level', f'must be one of {", ".join(LEVELS)}, got {level!r}')
    scope = config.get('default_scope')
    if isinstance(scope, str) and scope not in OUR_SCOPES and not _has_registry(scope):
        walker.note(
            'default_scope',
            f'no registry has the scope {scope!r}; set default_scope={SCOPE!r}, or name the '
            'module that defines its registries in custom_imports',
        )
    for name in LOADERS:
        loader = config.get(name)
        collate = loader.get('collate_fn') if isinstance(loader, dict) else None
        if not isinstance(collate, dict):
            continue
        if 'type' not in collate:
            walker.note(f'{name}.collate_fn', 'its `type` is missing')
            continue
        try:
            import mmengine.dataset  # noqa: F401 - this import fills the registry

            resolve_type(collate['type'], FUNCTIONS)
        except ConfigError as error:
            walker.note(f'{name}.collate_fn.type', str(error))


def _has_registry(scope: str) -> bool:
    roots = [value for value in vars(mmengine.registry).values() if isinstance(value, Registry)]
    return any(scope in root._children for root in roots)


def _check_whole_sets(walker: Walker, config: Config) -> None:
    for stage in ('val', 'test'):
        keys = [f'{stage}_{part}' for part in ('dataloader', 'cfg', 'evaluator')]
        missing = [key for key in keys if config.get(key) is None]
        if missing and len(missing) < len(keys):
            there = ', '.join(key for key in keys if key not in missing)
            walker.note(
                missing[0],
                f'missing, but {there} is set; set all of {", ".join(keys)}, or all to None',
            )


def _check_fixed_keys(walker: Walker, config: Config) -> None:
    options = config.get('compile')
    if isinstance(options, dict):
        walker.keys(options, COMPILE_KEYS, 'compile', 'torch.compile')
    environment = config.get('env_cfg')
    inner = environment.get('dist_cfg') if isinstance(environment, dict) else None
    if isinstance(inner, dict):
        walker.keys(inner, DIST_KEYS, 'env_cfg.dist_cfg', 'dist_cfg')
    wrapper = config.get('optim_wrapper')
    if not isinstance(wrapper, dict):
        return
    usual = wrapper.get('constructor') in (None, 'DefaultOptimWrapperConstructor')
    params = wrapper.get('paramwise_cfg')
    custom = params.get('custom_keys') if isinstance(params, dict) and usual else None
    for name, value in custom.items() if isinstance(custom, dict) else ():
        path = f'optim_wrapper.paramwise_cfg.custom_keys.{name}'
        if isinstance(value, dict):
            walker.keys(value, CUSTOM_KEYS, path, 'custom_keys')
        else:
            walker.note(path, f'must be a dict such as dict(lr_mult=0.1), got {value!r}')


def _check_model(walker: Walker, config: Config) -> None:
    model = config.get('model')
    if not isinstance(model, dict):
        return
    if 'data_preprocessor' in model and model['data_preprocessor'] is None:
        walker.note(
            'model.data_preprocessor',
            "must not be None: set dict(type='SegDataPreProcessor', mean=[...], std=[...], "
            'size=crop_size)',
        )
    for path, head in heads(model):
        if 'num_classes' in head and not is_count(head['num_classes']):
            text = f'must be a whole number of at least 1, got {head["num_classes"]!r}'
            walker.note(f'{path}.num_classes', text)


def check_monitors(walker: Walker, config: Config) -> None:
    """Note hooks that watch a score which the validation does not give.

    Args:
        walker: Collects the mistakes.
        config: One whose names have all been found right.
    """
    known = segmentation_scores(config.get('val_evaluator'))
    if not known:
        return
    for path, hook in _hooks(config):
        name = _hook_name(hook, path)
        key = {'EarlyStoppingHook': 'monitor', 'CheckpointHook': 'save_best'}.get(name)
        wanted = hook.get(key) if key else None
        for score in [wanted] if isinstance(wanted, str) else wanted or ():
            if score not in known and not (key == 'save_best' and score == 'auto'):
                text = f'is {score!r}, but val_evaluator gives {", ".join(sorted(known))}'
                walker.note(f'{path}.{key}', text)


def _hooks(config: Config) -> Iterator[tuple[str, dict]]:
    default = config.get('default_hooks')
    for name, hook in default.items() if isinstance(default, dict) else ():
        if isinstance(hook, dict):
            yield f'default_hooks.{name}', hook
    for place, hook in enumerate(config.get('custom_hooks') or ()):
        if isinstance(hook, dict):
            yield f'custom_hooks.{place}', hook


def _hook_name(hook: dict, path: str) -> str:
    if 'type' not in hook:
        return 'CheckpointHook' if path == 'default_hooks.checkpoint' else ''
    try:
        return resolve_type(hook['type'], HOOKS).__name__
    except ConfigError:
        return ''
