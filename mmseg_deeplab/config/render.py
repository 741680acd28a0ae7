"""A config as a readable Python file without bases."""

from __future__ import annotations

import keyword
from collections.abc import Mapping
from typing import Any

from mmengine.config import Config

from mmseg_deeplab.config.sections import LOADERS, SETTINGS
from mmseg_deeplab.utils.errors import ConfigError

WIDTH = 100
PIPELINES = ('train_pipeline', 'test_pipeline', 'tta_pipeline')
# Sections in the order in which a reader asks for them; others follow as they come.
ORDER = (
    'default_scope', 'custom_imports', *PIPELINES, 'model', *LOADERS, 'val_evaluator',
    'test_evaluator', 'optim_wrapper', 'param_scheduler', 'train_cfg', 'val_cfg', 'test_cfg',
    'default_hooks', 'custom_hooks', 'visualizer', 'log_processor', 'log_level', 'env_cfg',
    'randomness', 'tta_model', 'load_from', 'resume',
)  # fmt: skip
# The variable that may stand for a value, by the key that holds it.
NAMED_BY_KEY = {
    'norm_cfg': ('norm_cfg',),
    'conv_cfg': ('conv_cfg',),
    'act_cfg': ('act_cfg',),
    'data_root': ('data_root',),
    'crop_size': ('crop_size',),
    'size': ('crop_size',),
    'type': ('dataset_type',),
    'pipeline': ('train_pipeline', 'test_pipeline'),
    'num_classes': ('num_classes',),
}
TWINS = {'test_dataloader': 'val_dataloader', 'test_evaluator': 'val_evaluator'}


def render_config(config: Config, header: str = '') -> str:
    """The text of a Python file that says what a config says.

    Variables such as ``crop_size`` and ``norm_cfg`` are used where their values stand.

    Args:
        config: As :func:`mmseg_deeplab.config.load_config` returns it.
        header: Lines of comment, without their marks.

    Returns:
        Text that ends with a newline.

    Raises:
        ConfigError: A value cannot be written, such as a class of a lazy-style config.
    """
    values = config.to_dict()
    names = {key for keys in NAMED_BY_KEY.values() for key in keys}
    variables = {key: value for key, value in values.items() if key not in SETTINGS}
    shared = {key: variables[key] for key in variables if key in names}
    lines = [f'# {line}'.rstrip() for line in header.splitlines()]
    own = [key for key in variables if key not in PIPELINES]
    rest = [key for key in values if key not in (*own, *ORDER)]
    written: dict[str, Any] = {}
    for key in [*own, *(key for key in ORDER if key in values), *rest]:
        twin = TWINS.get(key)
        if twin is not None and written.get(twin) == values[key]:
            lines.append(f'{key} = {twin}')
            continue
        # a variable may stand in what comes after it only
        known = {name: value for name, value in shared.items() if name in written}
        lines.append(f'{key} = {_Writer(known).text(values[key], 0, len(key) + 3, key)}')
        written[key] = values[key]
    return '\n'.join(lines) + '\n'


class _Writer:
    """Writes values, with the names of variables in the place of theirs."""

    def __init__(self, variables: Mapping[str, Any]) -> None:
        self._variables = variables

    def text(self, value: Any, indent: int, column: int, path: str) -> str:
        """A value as Python source: on the rest of the line if it fits, else broken up.

        Args:
            value: Dicts, lists, tuples, text, numbers, None.
            indent: Of the line on which it begins.
            column: Where on that line it begins.
            path: Its dotted place.
        """
        short = self._line(value, path)
        # a comma may follow
        if column + len(short) < WIDTH or not isinstance(value, (dict, list, tuple)) or not value:
            return short
        inner = indent + 4
        if isinstance(value, dict):
            marks, parts = self._marks(value), self._pairs(value, inner, path)
        else:
            marks = '()' if isinstance(value, tuple) else '[]'
            parts = [self._named(None, v, inner, inner, f'{path}.{i}') for i, v in enumerate(value)]
        body = ''.join(f'{" " * inner}{part},\n' for part in parts)
        opening = 'dict(' if marks == 'dict()' else marks[0]
        return f'{opening}\n{body}{" " * indent}{marks[-1]}'

    def _pairs(self, value: dict, inner: int, path: str) -> list[str]:
        plain = self._marks(value) == 'dict()'
        parts = []
        for key, one in value.items():
            start = f'{key}=' if plain else f'{key!r}: '
            text = self._named(key, one, inner, inner + len(start), f'{path}.{key}')
            parts.append(start + text)
        return parts

    def _named(self, key: Any, value: Any, indent: int, column: int, path: str) -> str:
        name = self._variable(key, value, path)
        return name if name is not None else self.text(value, indent, column, path)

    def _variable(self, key: Any, value: Any, path: str) -> str | None:
        if key == 'type' and not path.endswith('dataset.type') and '.datasets.' not in path:
            return None
        for name in NAMED_BY_KEY.get(key, ()):
            if name in self._variables and self._variables[name] == value:
                return name
        return None

    def _line(self, value: Any, path: str) -> str:
        """A value on one line."""
        if isinstance(value, dict):
            marks = self._marks(value)
            parts = []
            for key, one in value.items():
                name = self._variable(key, one, f'{path}.{key}')
                text = name if name is not None else self._line(one, f'{path}.{key}')
                parts.append(f'{key}={text}' if marks == 'dict()' else f'{key!r}: {text}')
            return f'dict({", ".join(parts)})' if marks == 'dict()' else f'{{{", ".join(parts)}}}'
        if isinstance(value, (list, tuple)):
            inner = ', '.join(self._line(one, f'{path}.{i}') for i, one in enumerate(value))
            if isinstance(value, tuple):
                return f'({inner},)' if len(value) == 1 else f'({inner})'
            return f'[{inner}]'
        if value is None or isinstance(value, (str, bool, int, float)):
            return _number(value) if isinstance(value, float) else repr(value)
        raise ConfigError(
            f'{path}: {value!r} cannot be written into a file; only text, numbers, lists and '
            'dicts can'
        )

    @staticmethod
    def _marks(value: dict) -> str:
        plain = all(
            isinstance(key, str) and key.isidentifier() and not keyword.iskeyword(key)
            for key in value
        )
        return 'dict()' if plain else '{}'


def _number(value: float) -> str:
    text = repr(value)
    return f"float('{text}')" if text in ('inf', '-inf', 'nan') else text
