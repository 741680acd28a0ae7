"""Settings files of MosaicML's Composer for its DeepLab (``model: deeplabv3: ...``)."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from mmseg_deeplab.config.foreign_yaml.keys import Keys
from mmseg_deeplab.utils.durations import Duration
from mmseg_deeplab.utils.errors import ConfigError

NAME = "MosaicML Composer's"
NOTES = '_notes_'
_MODEL = 'model.deeplabv3'
_CONFIGS = {
    True: 'deeplabv3plus_r101_typical-127ep_ade20k-512x512',
    False: 'deeplabv3_r101_typical-127ep_ade20k-512x512',
}
_DEPTHS = {'resnet50': 50, 'resnet101': 101, 'resnet152': 152}
_WEIGHTS_V2 = {
    50: 'https://download.pytorch.org/models/resnet50-11ad3fa6.pth',
    101: 'https://download.pytorch.org/models/resnet101-cd907fc2.pth',
    152: 'https://download.pytorch.org/models/resnet152-f82ba261.pth',
}
_OPTIMIZERS = {'sgd': 'SGD', 'decoupled_sgdw': 'DecoupledSGDW'}
_PRECISIONS = {'amp': 'AmpOptimWrapper', 'amp_fp16': 'AmpOptimWrapper', 'fp32': 'OptimWrapper'}
_RUN = (
    'run_name', 'save_folder', 'save_interval', 'save_num_checkpoints_to_keep', 'load_path',
    'load_weights_only', 'save_overwrite', 'load_strict_model_weights',
)  # fmt: skip
_LOGS = ('loggers', 'loggers.*', 'callbacks', 'callbacks.*', 'progress_bar', 'log_to_console')
_LOADER = ('pin_memory', 'timeout', 'prefetch_factor', 'persistent_workers')
_MACHINE = ('device', 'device.*', 'dist_timeout', 'ddp_sync_strategy', 'deterministic_mode')


def recognises(tree: Mapping[str, Any]) -> bool:
    """Whether a file's content is of Composer's DeepLab.

    Args:
        tree: What stands in the file.
    """
    model = tree.get('model')
    return isinstance(model, Mapping) and 'deeplabv3' in model


def translate(tree: Mapping[str, Any], path: Path) -> dict[str, Any]:
    """A config with ``_base_``, and what the file changes of it.

    Args:
        tree: What stands in the file.
        path: The file, for messages.

    Raises:
        ConfigError: A key is unknown, or a value cannot be had here.
    """
    keys = Keys(tree, path)
    config: dict[str, Any] = {'_base_': _CONFIGS[keys.take(f'{_MODEL}.use_plus', True)]}
    config['model'] = _model(keys, path)
    config['optim_wrapper'] = _optimizer(keys, path)
    length = Duration.parse(_epochs(keys.take('max_duration')), f'{path}: max_duration')
    config['train_cfg'] = _loop(length, keys, path)
    config['param_scheduler'] = _schedulers(keys, path)
    _loaders(config, keys, path)
    hooks = [dict(type='TimeToTrainHook', model=path.stem)]
    for name, options in _named(keys, 'algorithms', path):
        _algorithm(name, dict(options), config, hooks, path)
    config['custom_hooks'] = hooks
    config['randomness'] = dict(seed=keys.take('seed', 17))
    keys.idle('give --work-dir, --resume or --load-from', *_RUN)
    keys.idle('the log is the one of this package', *_LOGS)
    keys.idle('a process computes its whole batch at once', 'grad_accum')
    keys.idle('the launcher decides', *_MACHINE)
    keys.idle('the loader has its own', *(f'dataloader.{name}' for name in _LOADER))
    keys.done()
    return {**config, NOTES: keys.notes}


def _epochs(given: Any) -> Any:
    """Durations without a unit are epochs in Composer's files."""
    return f'{given}ep' if isinstance(given, int) else given


def _model(keys: Keys, path: Path) -> dict[str, Any]:
    arch = keys.take(f'{_MODEL}.backbone_arch', 'resnet101')
    if arch not in _DEPTHS:
        raise ConfigError(f'{path}: backbone_arch must be one of {", ".join(_DEPTHS)}, got {arch}')
    depth, names = _DEPTHS[arch], list(keys.take(f'{_MODEL}.initializers', ()) or ())
    source = _weights(keys, depth, path)
    kind = 'SyncBN' if keys.take(f'{_MODEL}.sync_bn', True) else 'BN'
    entropy = keys.take(f'{_MODEL}.cross_entropy_weight', 1.0)
    dice = keys.take(f'{_MODEL}.dice_weight', 0.0)
    losses = [
        dict(type='CrossEntropyLoss', loss_weight=entropy, avg_non_ignore=True),
        dict(type='BatchDiceLoss', loss_weight=dice),
    ]
    losses = [loss for loss in losses if loss['loss_weight'] > 0]
    if not losses or min(entropy, dice) < 0:
        raise ConfigError(
            f'{path}: cross_entropy_weight and dice_weight must be 0 or more and not both 0, got '
            f'{entropy} and {dice}'
        )
    keys.idle('255 is the label that is ignored', f'{_MODEL}.ignore_index')
    init = dict(type='ComposerInit', names=names) if names else None
    norm = dict(type=kind, requires_grad=True)
    head = dict(
        num_classes=keys.take(f'{_MODEL}.num_classes'),
        norm_cfg=norm,
        loss_decode=losses if len(losses) > 1 else dict(losses[0], _delete_=True),
        init_cfg=None if source is None else init,
    )
    model = dict(pretrained=source, backbone=dict(depth=depth, norm_cfg=norm), decode_head=head)
    # without weights, the whole network is initialised
    return model if source is not None else {**model, 'init_cfg': init}


def _weights(keys: Keys, depth: int, path: Path) -> str | None:
    newer = keys.take(f'{_MODEL}.backbone_weights', None)
    older = keys.take(f'{_MODEL}.is_backbone_pretrained', newer is None)
    url = keys.take(f'{_MODEL}.backbone_url', '')
    if newer is not None:
        known = {
            'IMAGENET1K_V1': f'torchvision://resnet{depth}',
            'IMAGENET1K_V2': _WEIGHTS_V2[depth],
        }
        if newer not in known:
            raise ConfigError(
                f'{path}: backbone_weights must be one of {", ".join(known)}, got {newer}'
            )
        return known[newer]
    return (url or f'torchvision://resnet{depth}') if older else None


def _optimizer(keys: Keys, path: Path) -> dict[str, Any]:
    name, options = _one(keys, 'optimizer', _OPTIMIZERS, path)
    known = {'lr', 'momentum', 'weight_decay', 'dampening', 'nesterov'}
    if unknown := set(options) - known:
        raise ConfigError(f'{path}: optimizer.{name} has no {", ".join(sorted(unknown))}')
    precision = str(keys.take('precision', 'amp'))
    if precision not in _PRECISIONS and precision not in ('bf16', 'amp_bf16'):
        raise ConfigError(f'{path}: precision must be amp, bf16 or fp32, got {precision}')
    wrapper = dict(type=_PRECISIONS.get(precision, 'AmpOptimWrapper'))
    if 'bf16' in precision:
        wrapper['dtype'] = 'bfloat16'
    return dict(**wrapper, optimizer=dict(_delete_=True, type=_OPTIMIZERS[name], **options))


def _loop(length: Duration, keys: Keys, path: Path) -> dict[str, Any]:
    every = keys.take('validate_every_n_epochs', None)
    interval = Duration.parse(_epochs(every or keys.take('eval_interval', 1)), 'eval_interval')
    if length.unit == 'dur' or length.unit != interval.unit:
        raise ConfigError(
            f'{path}: max_duration and eval_interval must both be in epochs or both in batches'
        )
    kind, name = ('Epoch', 'epochs') if length.unit == 'ep' else ('Iter', 'iters')
    return {
        '_delete_': True,
        'type': f'{kind}BasedTrainLoop',
        f'max_{name}': int(length.value),
        'val_interval': int(interval.value),
    }


def _schedulers(keys: Keys, path: Path) -> list[dict[str, Any]]:
    found = []
    for name, options in _named(keys, 'schedulers', path):
        options = {key.lower(): value for key, value in options.items()}
        for idle in ('verbose', 'interval', 'scale_warmup'):
            options.pop(idle, None)
        if options.pop('eta_min', 0):
            raise ConfigError(f'{path}: eta_min must be 0, use alpha_f')
        known = {'polynomial': {'alpha_f', 't_max', 'power'}, 'cosine_decay': {'alpha_f', 't_max'}}
        if name == 'constant' and not options:
            continue
        if name not in known or set(options) - known[name]:
            raise ConfigError(
                f'{path}: schedulers must be polynomial (alpha_f, t_max, power), cosine_decay '
                f'(alpha_f, t_max) or constant, got {name} with {", ".join(options) or "nothing"}'
            )
        kind = 'PolynomialDecayLR' if name == 'polynomial' else 'CosineDecayLR'
        options['t_max'] = _epochs(options.get('t_max', '1dur'))
        found.append(dict(type=kind, by_epoch=False, **options))
    return found


def _loaders(config: dict[str, Any], keys: Keys, path: Path) -> None:
    workers = keys.take('dataloader.num_workers', 8)
    for side, batch in (('train', 'train_batch_size'), ('val', 'eval_batch_size')):
        total, processes = keys.take(batch, 16), _processes()
        if total % processes:
            raise ConfigError(f'{path}: {batch}={total} must divide by the {processes} processes')
        loader: dict[str, Any] = dict(batch_size=total // processes, num_workers=workers)
        data = _dataset(keys, f'{side}_dataset.ade20k', path)
        loader['dataset'] = data
        config[f'{side}_dataloader'] = loader
    config['test_dataloader'] = config['val_dataloader']


def _dataset(keys: Keys, name: str, path: Path) -> dict[str, Any]:
    for setting, value in (('base_size', 512), ('final_size', 512), ('min_resize_scale', 0.5),
                           ('max_resize_scale', 2.0), ('ignore_background', True)):  # fmt: skip
        keys.only(f'{name}.{setting}', value, why='change the pipelines with --cfg-options')
    keys.only(f'{name}.drop_last', name.startswith('train'), why='the recipe needs it so')
    keys.only(f'{name}.shuffle', name.startswith('train'), why='the recipe needs it so')
    keys.idle('the data are read from their folder', f'{name}.use_synthetic',
              f'{name}.is_train', f'{name}.synthetic_num_unique_samples')  # fmt: skip
    found = {}
    for setting, ours in (('datadir', 'data_root'), ('split', 'split')):
        value = keys.take(f'{name}.{setting}', None)
        if value is not None:
            found[ours] = value
    return found


def _algorithm(
    name: str, options: dict[str, Any], config: dict[str, Any], hooks: list, path: Path
) -> None:
    """One of the recipe's methods: a hook, a wrapper or an augmentation."""
    if name == 'channels_last':
        hooks.append(dict(type='ChannelsLastHook'))
    elif name == 'ema':
        hooks.append(dict(type='HalfLifeEMAHook', **options))
    elif name == 'sam':
        options.pop('epsilon', None)
        wrapper = config['optim_wrapper']
        amp = wrapper['type'] == 'AmpOptimWrapper'
        wrapper.update(type='SAMOptimWrapper', amp=amp, **options)
    elif name == 'mixup':
        options.pop('interpolate_loss', None)
        classes = config['model']['decode_head']['num_classes']
        options.setdefault('num_classes', classes)
        config['model']['data_preprocessor'] = dict(batch_augments=dict(type='MixUp', **options))
    else:
        raise ConfigError(
            f'{path}: algorithms must be channels_last, ema, sam or mixup, got {name}'
        )


def _named(keys: Keys, section: str, path: Path) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The entries of a list of ``name: options``, or of a mapping of such."""
    listed = keys.take(section, None)
    if listed is None:
        grouped: dict[str, dict[str, Any]] = {}
        for key, value in keys.take_all(section).items():
            name, _, option = key.partition('.')
            grouped.setdefault(name, {}).update({option: value} if option else {})
        listed = [grouped] if grouped else []
    for entry in listed:
        pairs = {entry: {}} if isinstance(entry, str) else entry
        if not isinstance(pairs, Mapping):
            raise ConfigError(f'{path}: {section} must be a list of names with options')
        for name, options in pairs.items():
            yield name, options or {}


def _one(
    keys: Keys, section: str, known: Mapping[str, str], path: Path
) -> tuple[str, Mapping[str, Any]]:
    found = list(_named(keys, section, path))
    if len(found) != 1 or found[0][0] not in known:
        names = ', '.join(name for name, _ in found) or 'none'
        raise ConfigError(f'{path}: {section} must be one of {", ".join(known)}, got {names}')
    return found[0]


def _processes() -> int:
    """How many processes share a batch, where the launcher tells."""
    for name in ('WORLD_SIZE', 'OMPI_COMM_WORLD_SIZE', 'SLURM_NTASKS'):
        if os.environ.get(name, '').isdigit():
            return int(os.environ[name])
    return 1
