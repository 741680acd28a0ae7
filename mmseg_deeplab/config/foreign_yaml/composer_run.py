"""Optimiser, length and schedules in a settings file of Composer's DeepLab."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from mmseg_deeplab.config.foreign_yaml.keys import Keys
from mmseg_deeplab.utils.durations import Duration
from mmseg_deeplab.utils.errors import ConfigError

_OPTIMIZERS = {'sgd': 'SGD', 'decoupled_sgdw': 'DecoupledSGDW'}
_PRECISIONS = {'amp': 'AmpOptimWrapper', 'amp_fp16': 'AmpOptimWrapper', 'fp32': 'OptimWrapper'}
# what a bare number of each means
_INTERVALS = {
    'validate_every_n_epochs': 'ep',
    'validate_every_n_batches': 'ba',
    'eval_interval': 'ep',
}


def named(keys: Keys, section: str, path: Path) -> Iterator[tuple[str, Keys]]:
    """The entries of a name, of a list of ``name: options``, or of a mapping of such.

    Args:
        keys: The settings.
        section: Where they stand; it may be missing.
        path: The file, for messages.

    Yields:
        A name, and its options under full names (``SECTION.NAME.OPTION``, in lower case).

    Raises:
        ConfigError: It is anything else.
    """
    listed = keys.take(section, None)
    if listed is None:
        listed = _nested(keys.take_all(section))
    for entry in listed if isinstance(listed, list) else [listed]:
        pairs = {entry: None} if isinstance(entry, str) else entry
        right = isinstance(pairs, Mapping)
        if not right or not all(isinstance(of or {}, Mapping) for of in pairs.values()):
            raise ConfigError(
                f'{path}: {section} must be a list of names with options, got {entry!r}'
            )
        for name, options in pairs.items():
            lower = {str(option).lower(): value for option, value in (options or {}).items()}
            yield name, Keys({section: {name: lower}} if lower else {}, path)


def _nested(flat: Mapping[str, Any]) -> dict[str, Any]:
    """``{name.option: value}`` as ``{name: {option: value}}``."""
    found: dict[str, Any] = {}
    for key, value in flat.items():
        name, _, option = key.partition('.')
        found[name] = {**found.get(name, {}), option: value} if option else value
    return found


def optimizer(keys: Keys, path: Path) -> dict[str, Any]:
    """The ``optim_wrapper``; ``optimizer`` is called ``optimizers`` since Composer 0.9.

    Args:
        keys: The settings.
        path: The file, for messages.

    Raises:
        ConfigError: The optimiser, one of its options or the precision cannot be had here.
    """
    found = [
        (f'{section}.{name}', name, given)
        for section in ('optimizer', 'optimizers')
        for name, given in named(keys, section, path)
    ]
    if len(found) != 1 or found[0][1] not in _OPTIMIZERS:
        names = ', '.join(str(name) for _, name, _ in found) or 'none'
        raise ConfigError(f'{path}: optimizer must be one of {", ".join(_OPTIMIZERS)}, got {names}')
    ((section, name, given),) = found
    options = {'lr': given.number(f'{section}.lr', above=0)}
    for option in ('momentum', 'weight_decay', 'dampening'):
        if (key := f'{section}.{option}') in given:
            options[option] = given.number(key)
    if (key := f'{section}.nesterov') in given:
        options['nesterov'] = given.flag(key)
    given.done()
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
        section = f'schedulers.{name}'
        if name not in ('polynomial', 'cosine_decay', 'constant'):
            raise ConfigError(
                f'{path}: schedulers must be polynomial (alpha_f, t_max, power), cosine_decay '
                f'(alpha_f, t_max) or constant, got {name}'
            )
        idle = ('verbose', 'interval', 'scale_warmup')
        given.idle('it changes no number', *(f'{section}.{option}' for option in idle))
        given.only(f'{section}.eta_min', 0, why='use alpha_f')
        if name != 'constant':
            kind = 'PolynomialDecayLR' if name == 'polynomial' else 'CosineDecayLR'
            length = _in_unit(given.take(f'{section}.t_max', '1dur'), 'ep')
            Duration.parse(length, f'{path}: {section}.t_max')
            options = {'alpha_f': given.number(f'{section}.alpha_f', 0.0, least=0)}
            if name == 'polynomial':
                options['power'] = given.number(f'{section}.power', 1.0)
            found.append(dict(type=kind, by_epoch=False, t_max=length, **options))
        given.done()
    return found
