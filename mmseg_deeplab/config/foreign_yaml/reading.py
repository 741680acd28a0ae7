"""YAML read as data alone: a tag that would build a Python object is refused."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml

from mmseg_deeplab.utils.errors import ConfigError


class _Loader(yaml.SafeLoader):
    """PyYAML's safe loader, to which ``1e-4`` is a number, as YAML 1.2 has it."""


_Loader.add_implicit_resolver(
    'tag:yaml.org,2002:float',
    re.compile(r'[-+]?(\d[\d_]*\.?[\d_]*|\.\d[\d_]*)[eE][-+]?\d+$'),
    list('-+.0123456789'),
)


def read_yaml(path: Path) -> Any:
    """What stands in a YAML file.

    Args:
        path: The file.

    Raises:
        ConfigError: It is no YAML, is not UTF-8, or holds a tag that is no plain value.
    """
    try:
        return yaml.load(path.read_text(encoding='utf-8-sig'), Loader=_Loader)  # noqa: S506
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError) as error:
        text = ' '.join(str(error).split())
        raise ConfigError(f'config {path} cannot be read: {text}') from error
