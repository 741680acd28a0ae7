"""The published weights that belong to a config, or to a name: fetched, converted, cached."""

from __future__ import annotations

import shutil
import sys
import tempfile
import zipfile
from os import PathLike
from pathlib import Path
from typing import Any

from mmengine.config import Config

from mmseg_deeplab.apis.foreign_weights import convert_weights
from mmseg_deeplab.engine.checkpoint import read_meta
from mmseg_deeplab.hub import Row, fetch, find_exact, find_model
from mmseg_deeplab.hub.foreign import format_of_file
from mmseg_deeplab.hub.places import cache_place
from mmseg_deeplab.utils.errors import CheckpointError, ConfigError, DataError
from mmseg_deeplab.utils.files import file_hash


def download_weights(
    name: str,
    *,
    dest: str | PathLike | None = None,
    offline: bool | None = None,
    progress: bool = True,
) -> Path:
    """A published file as a checkpoint of ours; those of other systems are converted.

    The converted file lies beside the original in the cache, or in ``dest``, and is used again
    until the original changes.

    Args:
        name: As for :func:`hub.fetch`.
        dest: As there.
        offline: As there.
        progress: As there.

    Raises:
        CheckpointError: As there, or the file does not fit its config.
    """
    path = fetch(name, dest=dest, offline=offline, progress=progress)
    row = _row_of(name)
    foreign = row is not None and row.is_foreign
    if not foreign and format_of_file(path) is None:
        return path
    member = row.url.partition('#')[2] if row is not None else ''
    stem = Path(member or path.name).stem
    place = path if dest is not None or row is None else cache_place(row.url)
    target = place.with_name(f'{stem}-converted.pth')
    if not _is_made_of(target, path, member):
        if progress:
            print(f'{path.name}: converted to {target}', file=sys.stderr)
        _convert(path, target, member, row)
    return target


def has_published_weights(config: str | PathLike | Config | Any) -> bool:
    """Whether a config is given by a name in the catalogue, and weights were published for it.

    Args:
        config: As the user gave it; a file, a ``Config`` or a mapping is no name.
    """
    if not isinstance(config, str) or Path(config).is_file():
        return False
    row = find_exact(config)
    return row is not None and row.kind == 'model' and bool(row.addresses)


def published_weights(config: str | PathLike | Config | Any) -> Path:
    """The checkpoint that was published for a config, downloaded if it is not here yet.

    Only the very name of a config in the catalogue will do: weights of a model with a like name
    would fit some other config, or worse, seem to fit this one.

    Args:
        config: Path or name of a config, 1.x or 0.x, or a ``Config`` read from such a file.

    Raises:
        ConfigError: The config has no name.
        CheckpointError: Nothing was published under its name, or no source has the file.
    """
    name = config.filename if isinstance(config, Config) else config
    if not isinstance(name, (str, PathLike)):
        raise ConfigError(
            'pretrained=True goes by the name of a config file, got a config without one; give '
            'checkpoint=FILE instead'
        )
    row = find_exact(str(name))
    if row is None or row.kind != 'model':
        raise CheckpointError(
            f'no weights were published under the name {Path(name).stem!r}; give checkpoint=FILE, '
            'or the name of a config that docs/download.md tells how to find'
        )
    return download_weights(row.name)


def _row_of(name: str) -> Row | None:
    try:
        return find_model(name)
    except CheckpointError:
        return None  # an address


def _is_made_of(target: Path, source: Path, member: str) -> bool:
    """Whether a converted file is there, and was made of this very source."""
    try:
        noted = read_meta(target)['converted_from']
    except (CheckpointError, KeyError):
        return False
    return (noted['published'], noted['member']) == (file_hash(source), member)


def _convert(source: Path, target: Path, member: str, row: Row | None) -> None:
    published = {'published': file_hash(source), 'member': member}
    config = row.config if row is not None and row.config else None
    with tempfile.TemporaryDirectory(prefix='.unpacked.', dir=target.parent) as folder:
        if member:
            source = _unpacked(source, member, Path(folder))
        convert_weights(source, target, config=config, note=published, overwrite=True)


def _unpacked(archive: Path, member: str, folder: Path) -> Path:
    target = folder / Path(member).name
    try:
        with zipfile.ZipFile(archive) as opened:
            # the archive may have a folder around its files
            inside = [n for n in opened.namelist() if n == member or n.endswith(f'/{member}')]
            if not inside:
                raise CheckpointError(
                    f'{archive}: must hold {member}, got {", ".join(opened.namelist()[:5])}'
                )
            with opened.open(inside[0]) as content, target.open('wb') as file:
                shutil.copyfileobj(content, file)
    except (zipfile.BadZipFile, EOFError) as error:
        raise CheckpointError(f'{archive}: is cut short or damaged ({error})') from error
    except OSError as error:
        raise DataError(f'{target}: cannot be written ({error.strerror or error})') from error
    return target
