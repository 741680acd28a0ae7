"""Read a config file into MMEngine's ``Config``, with errors that name the file."""

from __future__ import annotations

import ast
import copy
import sys
import threading
import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from os import PathLike
from pathlib import Path
from typing import Any

import mmengine.config.config as engine_config
from mmengine.config import Config

from mmseg_deeplab.config.bases import (
    BASE_KEY,
    SUFFIXES,
    TEXT_ENCODING,
    YAML_SUFFIXES,
    check_chain,
    shipped_base,
    text_files,
)
from mmseg_deeplab.config.custom import import_custom_modules, prepare_imports
from mmseg_deeplab.config.foreign_yaml import read_yaml, translate
from mmseg_deeplab.config.legacy import (
    convert_legacy,
    idle_sections,
    is_legacy,
    is_legacy_key,
)
from mmseg_deeplab.config.legacy.convert import refuse_misspelt
from mmseg_deeplab.config.names import shipped_configs
from mmseg_deeplab.config.normalize import normalize_config
from mmseg_deeplab.config.options import apply_options
from mmseg_deeplab.config.unused import refuse_late_variables
from mmseg_deeplab.registry import nearest_names
from mmseg_deeplab.utils.config_names import known_config
from mmseg_deeplab.utils.errors import ConfigError, ConfigNotFoundError, ConfigTypeError
from mmseg_deeplab.utils.log import warn_once
from mmseg_deeplab.utils.processes import started_rank

_READING = threading.RLock()


def find_config(name: str | PathLike) -> Path:
    """The file that a path or the bare name of a shipped config means.

    Args:
        name: A path, or a name such as ``deeplabv3plus_r18-d8_4xb4-80k_loveda-512x512`` or, as
            in MMSegmentation 0.x, ``deeplabv3plus_r18-d8_512x512_80k_loveda``, with or without
            ``.py``. A file that is there goes before a name; if it is not there, a path with a
            folder ``configs`` and ``mmseg::FOLDER/NAME.py`` mean the shipped config.

    Raises:
        ConfigNotFoundError: There is no such file; near names of shipped configs are given.
    """
    path = Path(name).expanduser()
    if path.is_file():
        return path
    if path.is_dir():
        raise ConfigError(f'config {path} is a folder; name a file in it')
    shipped = shipped_configs()
    stem = path.stem if path.suffix in SUFFIXES else path.name
    # a path that leads into a checkout's configs/ also works where only the wheel is installed
    today = known_config(str(name), shipped)
    if today is not None:
        return shipped[today]
    near = nearest_names(stem, shipped)
    hint = f'; shipped configs with a like name: {", ".join(near)}' if near else ''
    raise ConfigNotFoundError(f'config file {path} does not exist{hint}')


def load_config(
    config: str | PathLike | Mapping | Config, cfg_options: Mapping[str, Any] | None = None
) -> Config:
    """Read a config, apply options, and bring it into this project's scope.

    Text style (``_base_``, ``_delete_``, ``{{_base_.x}}``), lazy style (``with read_base()``),
    YAML and JSON are read. A config in the form of MMSegmentation 0.x is converted, with a
    warning, and so is a YAML file of another DeepLab system (see :mod:`foreign_yaml`). The
    object given is never changed.

    Args:
        config: A path, the bare name of a shipped config, a ``Config`` or a mapping.
        cfg_options: Dotted key to value, as ``{'train_dataloader.batch_size': 2}``; for a config
            of 0.x also in its form, as ``{'data.samples_per_gpu': 2}``.

    Returns:
        A new ``Config`` whose ``default_scope`` is set; see :func:`normalize_config`.

    Raises:
        ConfigError: The file or a base is missing, broken or in a circle, or an option does
            not fit; the message names the file.
    """
    if isinstance(config, (str, PathLike)):
        loaded = read_config(find_config(config))
    elif isinstance(config, Config):
        loaded = copy.deepcopy(config)
    elif isinstance(config, Mapping):
        loaded = Config(copy.deepcopy(dict(config)))
    else:
        raise ConfigTypeError(f'config must be a path, Config or dict, got {type(config).__name__}')
    loaded, options = _in_todays_form(loaded, dict(cfg_options or {}))
    loaded = apply_options(loaded, options)
    import_custom_modules(loaded)
    return normalize_config(loaded)


def _in_todays_form(config: Config, options: dict[str, Any]) -> tuple[Config, dict[str, Any]]:
    """A config of 0.x converted, with the options that are in its form; the other options."""
    name = config.filename or 'the config'
    if not is_legacy(config):
        if idle := idle_sections(config):
            warn_once(
                f'{name}: {", ".join(idle)} have the form of MMSegmentation 0.x and mean nothing '
                "beside today's sections"
            )
        return config, options
    old = {key: value for key, value in options.items() if is_legacy_key(key)}
    refuse_misspelt(key.partition('.')[0] for key in options)
    converted, notes = convert_legacy(apply_options(config, old))
    warn_once(
        '\n  '.join(
            [
                f'{name} has the form of MMSegmentation 0.x and is converted on loading; '
                "tools/misc/convert_config.py writes it in today's form",
                *notes,
            ]
        )
    )
    return converted, {key: value for key, value in options.items() if key not in old}


def read_config(path: Path) -> Config:
    """What stands in a config file and its bases, as it stands there.

    Args:
        path: As :func:`find_config` gives it.

    Raises:
        ConfigError: The file or a base is missing, broken or in a circle.
    """
    foreign = _of_another_system(path)
    if foreign is not None:
        return foreign
    check_chain(path)
    prepare_imports(path)
    try:
        with _our_way_of_reading():
            style = {'lazy_import': False} if _is_text_style(path) else {}
            config = Config.fromfile(path, import_custom_modules=False, **style)
    except ConfigError:
        raise
    except Exception as error:  # a config is a program: anything can go wrong in it
        raise ConfigError(f'config {_place(path, error)}: {_reason(error)}') from error
    refuse_late_variables(path, config)
    return config


def _of_another_system(path: Path) -> Config | None:
    """A YAML file of another DeepLab system as a config of ours; None for any other file."""
    return foreign_config(read_yaml(path), path) if path.suffix in YAML_SUFFIXES else None


def foreign_config(tree: Any, path: Path) -> Config | None:
    """The settings of another DeepLab system as a config of ours; None if they are of none.

    Args:
        tree: What stands in its YAML file, or what an option has made of it.
        path: The file; what it names may be relative to it.

    Raises:
        ConfigError: A setting is unknown, or has a value that cannot be had here.
    """
    found = translate(tree, path)
    if found is None:
        return None
    changes, notes = found
    base = read_config(find_config(changes.pop(BASE_KEY)))
    if started_rank() == 0:
        warn_once('\n  '.join(notes))
    try:
        merged = Config._merge_a_into_b(changes, base.to_dict())
    except (TypeError, KeyError) as error:
        raise ConfigError(f'config {path}: {_reason(error)}') from error
    return Config(merged, filename=str(path))


def _is_text_style(path: Path) -> bool:
    """Whether nothing in a file and its bases needs the lazy style.

    MMEngine takes a file for one of the lazy style as soon as it imports anything, ``os`` too,
    and then refuses its ``_base_``.
    """
    nodes = [
        node
        for file in text_files(path)
        for node in ast.parse(file.read_text(**TEXT_ENCODING)).body
    ]
    if any(isinstance(n, ast.With) and 'read_base' in ast.unparse(n.items[0]) for n in nodes):
        return False
    targets = [target for n in nodes if isinstance(n, ast.Assign) for target in n.targets]
    if any(isinstance(target, ast.Name) and target.id == BASE_KEY for target in targets):
        return True
    imported = [alias.name for n in nodes if isinstance(n, ast.Import) for alias in n.names]
    imported += ['.' * n.level + (n.module or '') for n in nodes if isinstance(n, ast.ImportFrom)]
    return all(name.partition('.')[0] in sys.stdlib_module_names for name in imported)


def _reason(error: Exception) -> str:
    text = str(error.args[0]) if isinstance(error, KeyError) and error.args else str(error)
    return text if type(error) in (RuntimeError, ValueError) else f'{type(error).__name__}: {text}'


def _place(path: Path, error: Exception) -> str:
    """The config file and line that an error was raised in, as far as can be told."""
    frames = traceback.extract_tb(error.__traceback__)
    files = {Path(frame.filename): frame.lineno for frame in frames}
    for file, line in reversed(files.items()):
        if file.suffix == '.py' and file.is_file() and 'site-packages' not in file.parts:
            inside = file.resolve() == path.resolve()
            if not file.resolve().is_relative_to(Path(__file__).resolve().parent):
                return f'{file}, line {line}' if inside else f'{path} (in {file}, line {line})'
    return str(path)


@contextmanager
def _our_way_of_reading() -> Iterator[None]:
    """Let MMEngine find shipped bases, and read files that begin with a byte-order mark.

    ``_base_ = 'mmseg::...'`` means the configs that come with this package. MMEngine looks such
    bases up through pkg_resources, which setuptools no longer has, and in a package that need
    not be installed; and it takes a byte-order mark for a syntax error.
    """
    original = Config._get_cfg_path

    def resolve(reference: str, filename: str) -> tuple[str, str | None]:
        shipped = shipped_base(reference)
        return (str(shipped), None) if shipped else original(reference, filename)

    def open_text(file: Any, mode: str = 'r', **options: Any) -> Any:
        return open(file, mode, **(options if mode != 'r' else {**options, **TEXT_ENCODING}))

    with _READING:
        Config._get_cfg_path = staticmethod(resolve)
        engine_config.open = open_text  # stands before the built-in one in that module
        try:
            yield
        finally:
            Config._get_cfg_path = staticmethod(original)
            del engine_config.open
