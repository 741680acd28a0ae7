"""Read a config file into MMEngine's ``Config``, with errors that name the file."""

from __future__ import annotations

import copy
import threading
import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from os import PathLike
from pathlib import Path
from typing import Any

from mmengine.config import Config

from mmseg_deeplab.config.bases import SUFFIXES, check_chain, shipped_base
from mmseg_deeplab.config.custom import import_custom_modules, prepare_imports
from mmseg_deeplab.config.normalize import normalize_config
from mmseg_deeplab.config.options import apply_options
from mmseg_deeplab.config.unused import refuse_late_variables
from mmseg_deeplab.registry import nearest_names
from mmseg_deeplab.utils.errors import ConfigError
from mmseg_deeplab.utils.paths import config_root

_READING = threading.RLock()


def find_config(name: str | PathLike) -> Path:
    """The file that a path or the bare name of a shipped config means.

    Args:
        name: A path, or a name such as ``deeplabv3plus_r18-d8_4xb4-80k_loveda-512x512``, with
            or without ``.py``.

    Raises:
        ConfigError: There is no such file; near names of shipped configs are given.
    """
    path = Path(name).expanduser()
    if path.is_file():
        return path
    if path.is_dir():
        raise ConfigError(f'config {path} is a folder; name a file in it')
    shipped = {file.stem: file for file in sorted(config_root().rglob('*.py'))}
    stem = path.stem if path.suffix in SUFFIXES else path.name
    # a path that leads into a checkout's configs/ also works where only the wheel is installed
    if (path.parent == Path() or path.parts[0] == 'configs') and stem in shipped:
        return shipped[stem]
    near = nearest_names(stem, shipped)
    hint = f'; shipped configs with a like name: {", ".join(near)}' if near else ''
    raise ConfigError(f'config file {path} does not exist{hint}')


def load_config(
    config: str | PathLike | Mapping | Config, cfg_options: Mapping[str, Any] | None = None
) -> Config:
    """Read a config, apply options, and bring it into this project's scope.

    Text style (``_base_``, ``_delete_``, ``{{_base_.x}}``), lazy style (``with read_base()``),
    YAML and JSON are read. The object given is never changed.

    Args:
        config: A path, the bare name of a shipped config, a ``Config`` or a mapping.
        cfg_options: Dotted key to value, as ``{'train_dataloader.batch_size': 2}``.

    Returns:
        A new ``Config`` whose ``default_scope`` is set; see :func:`normalize_config`.

    Raises:
        ConfigError: The file or a base is missing, broken or in a circle, or an option does
            not fit; the message names the file.
    """
    if isinstance(config, (str, PathLike)):
        loaded = _read_file(find_config(config))
    elif isinstance(config, Config):
        loaded = copy.deepcopy(config)
    elif isinstance(config, Mapping):
        loaded = Config(copy.deepcopy(dict(config)))
    else:
        raise ConfigError(f'config must be a path, Config or dict, got {type(config).__name__}')
    loaded = apply_options(loaded, cfg_options or {})
    import_custom_modules(loaded)
    return normalize_config(loaded)


def _read_file(path: Path) -> Config:
    check_chain(path)
    prepare_imports(path)
    try:
        with _shipped_bases():
            config = Config.fromfile(path, import_custom_modules=False)
    except ConfigError:
        raise
    except Exception as error:  # a config is a program: anything can go wrong in it
        raise ConfigError(f'config {_place(path, error)}: {_reason(error)}') from error
    refuse_late_variables(path, config)
    return config


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
def _shipped_bases() -> Iterator[None]:
    """Let ``_base_ = 'mmseg::...'`` mean the configs that come with this package.

    MMEngine looks such bases up through pkg_resources, which setuptools no longer has, and in
    a package that need not be installed.
    """
    original = Config._get_cfg_path

    def resolve(reference: str, filename: str) -> tuple[str, str | None]:
        shipped = shipped_base(reference)
        return (str(shipped), None) if shipped else original(reference, filename)

    with _READING:
        Config._get_cfg_path = staticmethod(resolve)
        try:
            yield
        finally:
            Config._get_cfg_path = staticmethod(original)
