"""Options that change a config from the command line: ``KEY=VALUE`` with dotted keys."""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterator, Mapping
from os import PathLike
from typing import Any

from mmengine.config import Config

from mmseg_deeplab.config.sections import LOADERS
from mmseg_deeplab.utils.errors import ConfigError

WORDS = {'true': True, 'false': False, 'none': None}
# What MMEngine raises where an option cannot be merged.
MISFITS = (TypeError, KeyError, AttributeError, ValueError)


def parse_option(text: str) -> Any:
    """The value that the right-hand side of ``KEY=VALUE`` means.

    Numbers, ``True``/``false``, ``None``, quoted strings, lists, tuples and dicts as in
    Python; words inside brackets need no quotes; ``1,2,3`` is a list. All else is a string.

    Args:
        text: For example ``0.01``, ``[a,b]``, ``(512,512)``, ``{'lr': 0.1}``, ``None``.
    """
    text = text.strip()
    if text.lower() in WORDS:
        return WORDS[text.lower()]
    try:
        value = ast.literal_eval(text)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return _parse_loose(text)
    return list(value) if isinstance(value, tuple) and not text.startswith('(') else value


def _parse_loose(text: str) -> Any:
    """What Python cannot read: words without quotes, alone or in brackets."""
    brackets = (text[:1], text[-1:])
    if brackets in (('[', ']'), ('(', ')')):
        values = [parse_option(part) for part in _split(text[1:-1]) if part.strip()]
        return tuple(values) if text[0] == '(' else values
    if brackets == ('{', '}'):
        pairs = [part.partition(':') for part in _split(text[1:-1]) if part.strip()]
        return {str(parse_option(key)): parse_option(value) for key, _, value in pairs}
    if len(parts := _split(text)) > 1:
        return [parse_option(part) for part in parts if part.strip()]
    try:
        return float(text)  # inf, nan, 007
    except ValueError:
        return text


def _split(text: str) -> list[str]:
    """Split at the commas that stand in no bracket."""
    parts, depth, start = [], 0, 0
    for position, letter in enumerate(text):
        depth += (letter in '([{') - (letter in ')]}')
        if letter == ',' and depth == 0:
            parts.append(text[start:position])
            start = position + 1
    return [*parts, text[start:]]


def apply_options(config: Config, options: Mapping[str, Any]) -> Config:
    """A copy of a config with some values replaced.

    Args:
        config: Left as it is.
        options: Dotted key to value; a number in a key is a place in a list, as in
            ``train_pipeline.2.prob``; ``X._delete_=True`` drops what ``X`` held.

    Raises:
        ConfigError: A key leads through a value that has no keys, or names a variable of the
            file that was used up when the file was read, so setting it would do nothing.
    """
    if not options:
        return copy.deepcopy(config)
    for key in options:
        _refuse_used_variable(config, key)
    try:
        return _merged(config, options)
    except MISFITS:
        for number, (key, value) in enumerate(options.items(), start=1):
            try:
                _merged(config, dict(list(options.items())[:number]))
            except MISFITS as error:
                raise ConfigError(
                    f'--cfg-options {key}={value!r} does not fit: {_misfit(config, key, error)}'
                ) from error
        raise


def _merged(config: Config, options: Mapping[str, Any]) -> Config:
    config = copy.deepcopy(config)
    config.merge_from_dict({k: _replacing(config, k, v) for k, v in options.items()})
    return config


def _misfit(config: Config, key: str, error: Exception) -> str:
    """What stands in the way of a dotted key, else what MMEngine says."""
    held: Any = config._cfg_dict
    parts = key.split('.')
    for depth, part in enumerate(parts):
        place = '.'.join(parts[:depth])
        if isinstance(held, (list, tuple)):
            if not part.isdecimal() or int(part) >= len(held):
                return f'{place} is a list of {len(held)}, which has no place {part!r}'
            held = held[int(part)]
        elif not isinstance(held, dict):
            return f'{place} is {held!r}, in which there are no keys'
        elif part in held:
            held = held[part]
        else:
            break
    return str(error.args[0] if error.args else error)


def _replacing(config: Config, key: str, value: Any) -> Any:
    """A dict that takes the place of None or of a plain value, which MMEngine would refuse."""
    value = copy.deepcopy(value)
    if not isinstance(value, dict):
        return value
    held: Any = config._cfg_dict
    for part in key.split('.'):
        held = held.get(part, value) if isinstance(held, dict) else value
    return value if isinstance(held, dict) else {**value, '_delete_': True}


def _refuse_used_variable(config: Config, key: str) -> None:
    """A variable such as ``crop_size`` has already been put in its places: changing it later
    would silently change nothing."""
    if '.' in key or key not in config or is_setting(key):
        return
    found = list(places(config._cfg_dict, config[key], ''))
    # where a name like num_classes is kept, an equal number elsewhere is chance
    found = [place for place in found if place.endswith(f'.{key}')] or found
    if found:
        example = ' '.join(f'{place}=...' for place in found[:6])
        raise ConfigError(
            f'{key} is a variable of the config file that was used when the file was read, so '
            f'setting it changes nothing; set where it went instead: {example}'
        )


def is_setting(key: str) -> bool:
    """Whether a top-level key means something to the runner or to this package."""
    from mmseg_deeplab.config.sections import SETTINGS

    return key in SETTINGS


def places(value: Any, wanted: Any, path: str) -> Iterator[str]:
    """Dotted paths below the top level at which ``wanted`` stands."""
    if isinstance(value, dict):
        pairs = list(dict.items(value))
    elif isinstance(value, (list, tuple)):
        pairs = list(enumerate(value))
    else:
        return
    for key, inner in pairs:
        place = f'{path}.{key}' if path else str(key)
        if path and type(inner) is type(wanted) and inner == wanted:
            yield place
        elif path or is_setting(str(key)):
            yield from places(inner, wanted, place)


def set_data_root(config: Config, root: str | PathLike) -> Config:
    """A copy of a config in which every data set reads from ``root``.

    Args:
        config: Left as it is.
        root: The folder that replaces ``data_root`` in the three loaders, wrapped data sets
            (``RepeatDataset``, ``ConcatDataset``) included.
    """
    config = copy.deepcopy(config)
    for name in LOADERS:
        loader = config.get(name)
        if isinstance(loader, dict):
            _set_root(loader.get('dataset'), str(root))
    return config


def _set_root(dataset: Any, root: str) -> None:
    if isinstance(dataset, dict):
        if 'data_root' in dataset:
            dataset['data_root'] = root
        _set_root(dataset.get('dataset'), root)
        _set_root(dataset.get('datasets'), root)
    elif isinstance(dataset, (list, tuple)):
        for inner in dataset:
            _set_root(inner, root)
