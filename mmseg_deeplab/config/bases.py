"""The chain of files that a config is made of, proven before any of them is executed.

MMEngine reads bases by recursion: a missing base is named without the file that asked for it,
and a cycle ends in a RecursionError. Here the chain is walked first, on the syntax tree alone.
"""

from __future__ import annotations

import ast
import json
from pathlib import Path

from mmseg_deeplab.config.foreign_yaml import read_yaml
from mmseg_deeplab.utils.config_names import SHIPPED_PREFIXES
from mmseg_deeplab.utils.errors import ConfigError
from mmseg_deeplab.utils.paths import config_root

BASE_KEY = '_base_'
YAML_SUFFIXES = ('.yaml', '.yml')
SUFFIXES = ('.py', *YAML_SUFFIXES, '.json')
TEXT_ENCODING = {'encoding': 'utf-8-sig'}  # an editor may have put a byte-order mark in front


def shipped_base(reference: str) -> Path | None:
    """The shipped file that a base like ``mmseg::_base_/default_runtime.py`` means, else None."""
    for prefix in SHIPPED_PREFIXES:
        if reference.startswith(prefix):
            return config_root() / reference.removeprefix(prefix)
    return None


def check_chain(path: Path, chain: tuple[Path, ...] = ()) -> None:
    """Walk a config file and all its bases.

    Args:
        path: The file.
        chain: The files that led here, outermost first.

    Raises:
        ConfigError: A file is missing, has a syntax error, or is its own base; the message
            names the file and the files that led to it.
    """
    path = path.resolve()
    if path in chain:
        circle = ' -> '.join(str(link) for link in (*chain[chain.index(path) :], path))
        raise ConfigError(f'the bases of {path} go round in a circle: {circle}; remove one of them')
    if not path.is_file():
        raise ConfigError(_missing(path, chain))
    for base in _bases(path, chain):
        check_chain(base, (*chain, path))


def text_files(path: Path) -> list[Path]:
    """A file and all its bases, without the YAML and JSON ones, the file itself first.

    Args:
        path: A file whose chain :func:`check_chain` has found whole.
    """
    path = path.resolve()
    if path.suffix != '.py':
        return []
    found = [path]
    for base in _bases(path, ()):
        found += text_files(base)
    return list(dict.fromkeys(found))


def _missing(path: Path, chain: tuple[Path, ...]) -> str:
    if not chain:
        return f'config file {path} does not exist'
    how = ' <- '.join(str(link) for link in reversed(chain))
    return f'base config {path} does not exist; it is asked for by {how}'


def _bases(path: Path, chain: tuple[Path, ...]) -> list[Path]:
    if path.suffix not in SUFFIXES:
        raise ConfigError(f'config file {path} must end in one of {", ".join(SUFFIXES)}')
    if path.suffix != '.py':
        return [_resolve(name, path) for name in _data_file_bases(path)]
    try:
        tree = ast.parse(path.read_text(**TEXT_ENCODING), filename=str(path))
    except (SyntaxError, UnicodeDecodeError, ValueError) as error:
        line = getattr(error, 'lineno', None)
        where = f'{path}, line {line}' if line else str(path)
        asked = f' (a base of {chain[0]})' if chain else ''
        raise ConfigError(f'syntax error in config {where}{asked}: {error}') from error
    return [*_text_bases(tree, path), *_lazy_bases(tree, path)]


def _data_file_bases(path: Path) -> list[str]:
    if path.suffix in YAML_SUFFIXES:
        content = read_yaml(path)  # MMEngine's reader would run what a tag asks for
    else:
        try:
            content = json.loads(path.read_text(**TEXT_ENCODING))
        except (ValueError, RecursionError) as error:
            raise ConfigError(f'config {path} cannot be read: {error}') from error
    if not isinstance(content, dict):
        raise ConfigError(f'config {path} must hold a mapping, got {type(content).__name__}')
    bases = content.get(BASE_KEY, [])
    return bases if isinstance(bases, list) else [bases]


def _text_bases(tree: ast.Module, path: Path) -> list[Path]:
    """The files named by ``_base_ = ...``; one that is computed is left for MMEngine to find."""
    for node in tree.body:
        targets = node.targets if isinstance(node, ast.Assign) else []
        if not any(isinstance(t, ast.Name) and t.id == BASE_KEY for t in targets):
            continue
        try:
            value = ast.literal_eval(node.value)
        except ValueError:
            return []
        names = value if isinstance(value, (list, tuple)) else [value]
        return [_resolve(name, path) for name in names if '{{' not in str(name)]
    return []


def _lazy_bases(tree: ast.Module, path: Path) -> list[Path]:
    """The files named by relative imports inside ``with read_base():``."""
    found = []
    for node in tree.body:
        if not isinstance(node, ast.With) or 'read_base' not in ast.unparse(node.items[0]):
            continue
        for inner in node.body:
            if isinstance(inner, ast.ImportFrom) and inner.level and inner.module:
                folder = path.parents[inner.level - 1]
                found.append(folder.joinpath(*inner.module.split('.')).with_suffix('.py'))
    return found


def _resolve(name: object, path: Path) -> Path:
    if not isinstance(name, str):
        raise ConfigError(f'{BASE_KEY} in {path} must be a path or a list of paths, got {name!r}')
    shipped = shipped_base(name)
    if shipped is not None:
        return shipped
    if '::' in name:
        package = name.partition('::')[0]
        raise ConfigError(
            f'{BASE_KEY} {name!r} in {path} asks for a config of the package {package}; '
            'copy that file and name its path'
        )
    return path.parent / name
