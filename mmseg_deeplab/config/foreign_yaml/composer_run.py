"""Optimiser, length and schedules in a settings file of Composer's DeepLab."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from mmseg_deeplab.config.foreign_yaml.keys import Keys
from mmseg_deeplab.utils.durations import Duration
from mmseg_deeplab.utils.errors import ConfigError

_OPTIMIZERS = {'sgd': 'SGD', 'decoupled_sgdw': 'DecoupledSGDW'}
_OPTIONS = ('lr', 'momentum', 'weight_decay', 'dampening', 'nesterov')
_PRECISIONS = {'amp': 'AmpOptimWrapper', 'amp_fp16': 'AmpOptimWrapper', 'fp32': 'OptimWrapper'}
_SCHEDULES = {
    'polynomial': ('PolynomialDecayLR', {'alpha_f', 't_max', 'power'}),
    'cosine_decay': ('CosineDecayLR', {'alpha_f', 't_max'}),
}
# what a bare number of each means
_INTERVALS = {
    'validate_every_n_epochs': 'ep',
    'validate_every_n_batches': 'ba',
    'eval_interval': 'ep',
}


def named(keys: Keys, section: str, path: Path) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The entries of a name, of a list of ``name: options``, or of a mapping of such.

    Args:
        keys: The settings.
        section: Where they stand; it may be missing.
        path: The file, for messages.

    Raises:
        ConfigError: It is anything else.
    """
    listed = keys.take(section, None)
    if listed is None:
        listed = _nested(keys.take_all(section))
    for entry in listed if isinstance(listed, list) else [listed]:
        pairs = {entry: None} if isinstance(entry, str) else entry
        if not isinstance(pairs, Mapping):
            raise _no_entry(section, path, entry)
        for name, options in pairs.items():
            if not isinstance(options, Mapping | None):
                raise _no_entry(section, path, pairs)
            yield name, options or {}


def _nested(flat: Mapping[str, Any]) -> dict[str, Any]:
    """``{name.option: value}`` as ``{name: {option: value}}``."""
    found: dict[str, Any] = {}
    for key, value in flat.items():
        name, _, option = key.partition('.')
        if option:
            found.setdefault(name, {})[option] = value
        else:
            found[name] = value
    return found


def _no_entry(section: str, path: Path, got: Any) -> ConfigError:
    return ConfigError(
        f'{path}: {section} must hold names with options, such as NAME: {{OPTION: VALUE}}, '
        f'got {got!r}'
    )


def optimizer(keys: Keys, path: Path) -> dict[str, Any]:
    """The ``optim_wrapper``; ``optimizer`` is called ``optimizers`` since Composer 0.9.

    Args:
        keys: The settings.
        path: The file, for messages.

    Raises:
        ConfigError: The optimiser, one of its options or the precision cannot be had here.
    """
    found = [*named(keys, 'optimizer', path), *named(keys, 'optimizers', path)]
    if len(found) != 1 or found[0][0] not in _OPTIMIZERS:
        names = ', '.join(str(name) for name, _ in found) or 'none'
        raise ConfigError(
            f'{path}: optimizer must be one of {", ".join(_OPTIMIZERS)}, got {names}'
        )
    ((name, options),) = found
    if unknown := set(options) - set(_OPTIONS):
        raise ConfigError(
            f'{path}: optimizer.{name} has no {", ".join(sorted(unknown))}; it has '
            f'{", ".join(_OPTIONS)}'
        )
    if 'lr' not in options:
        raise ConfigError(f'{path}: optimizer.{name}.lr must be set, and is not')
    precision = str(keys.take('precision', 'amp'))
    if precision not in _PRECISIONS and precision not in ('bf16', 'amp_bf16'):
        raise ConfigError(f'{path}: precision must be amp, bf16 or fp32, got {precision}')
    wrapper = dict(type=_PRECISIONS.get(precision, 'AmpOptimWrapper'))
    if 'bf16' in precision:
        wrapper['dtype'] = 'bfloat16'
    return dict(**wrapper, optimizer=dict(_delete_=True, type=_OPTIMIZERS[name], **options))


def length_and_loop(keys: Keys, path: Path) -> dict[str, Any]:
    """``train_cfg``, and what counts iterations where that does.

    Epochs that are validated after epochs keep the loop of epochs; all other pairs are counted
    in iterations.

    Args:
        keys: The settings.
        path: The file, for messages.

    Raises:
        ConfigError: A length is none, or validation is asked for twice.
    """
    given = _in_unit(keys.take('max_duration'), 'ep')
    length = Duration.parse(given, f'{path}: max_duration', parts=False)
    if length.value < 1:
        raise ConfigError(f'{path}: max_duration must be at least one epoch or batch, got {given}')
    interval = _interval(keys, path) or length  # none: at the end alone
    by_epoch = length.unit == interval.unit == 'ep'
    kind, name = ('Epoch', 'epochs') if by_epoch else ('Iter', 'iters')
    loop = {'_delete_': True, 'type': f'{kind}BasedTrainLoop'}
    loop |= {f'max_{name}': _steps(length, by_epoch), 'val_interval': _steps(interval, by_epoch)}
    if by_epoch:
        return {'train_cfg': loop}
    hooks = {
        'logger': {'log_metric_by_epoch': False},
        'checkpoint': {'by_epoch': False, 'interval': '1ep'},
    }
    return {'train_cfg': loop, 'default_hooks': hooks, 'log_processor': {'by_epoch': False}}


def _interval(keys: Keys, path: Path) -> Duration | None:
    """How often is validated; None for never before the end."""
    given = {key: keys.take(key, None) for key in _INTERVALS}
    asked = {key: value for key, value in given.items() if value is not None}
    if not asked:
        return Duration(1, 'ep')
    found = {
        key: Duration.parse(_in_unit(value, _INTERVALS[key]), f'{path}: {key}')
        for key, value in asked.items()
        if value not in (-1, 0)
    }
    if len(found) > 1:
        raise ConfigError(f'{path}: {" and ".join(found)} are both set; leave one of them')
    return next(iter(found.values()), None)


def _in_unit(given: Any, unit: str) -> Any:
    """A bare number with the unit that Composer takes it in."""
    return f'{given}{unit}' if isinstance(given, int) and not isinstance(given, bool) else given


def _steps(duration: Duration, by_epoch: bool) -> int | str:
    """A number in the loop's own steps; a text that the loop turns into such otherwise."""
    if by_epoch or duration.unit == 'ba':
        return int(duration.value)
    return str(duration)


def schedulers(keys: Keys, path: Path) -> list[dict[str, Any]]:
    """The ``param_scheduler``; none for a constant rate.

    Args:
        keys: The settings.
        path: The file, for messages.

    Raises:
        ConfigError: A schedule cannot be had here.
    """
    found = []
    for name, given in named(keys, 'schedulers', path):
        options = {key.lower(): value for key, value in given.items()}
        for idle in ('verbose', 'interval', 'scale_warmup'):
            options.pop(idle, None)
        if options.pop('eta_min', 0):
            raise ConfigError(f'{path}: eta_min must be 0, use alpha_f')
        if name == 'constant' and not options:
            continue
        kind, known = _SCHEDULES.get(name, ('', set()))
        if set(options) - known or not kind:
            raise ConfigError(
                f'{path}: schedulers must be polynomial (alpha_f, t_max, power), cosine_decay '
                f'(alpha_f, t_max) or constant, got {name} with {", ".join(options) or "nothing"}'
            )
        options['t_max'] = _in_unit(options.get('t_max', '1dur'), 'ep')
        found.append(dict(type=kind, by_epoch=False, **options))
    return found
