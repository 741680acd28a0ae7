"""Exported models on the disk: made once for all processes, whole or not at all, checked."""

from __future__ import annotations

import json
import os
import secrets
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from mmseg_deeplab.hub.lock import exclusive
from mmseg_deeplab.hub.places import cache_root
from mmseg_deeplab.utils.errors import DataError
from mmseg_deeplab.utils.files import file_hash
from mmseg_deeplab.utils.log import get_logger

_MANIFEST = 'manifest.json'


class ModelStore:
    """Folders of files under keys.

    An entry is a folder of a few files and ``manifest.json``, which holds their SHA-256 and facts
    about them. Nothing is ever written into an entry that is there.

    Args:
        root: Where the entries are; None takes ``engine`` in the cache folder, see
            :func:`~mmseg_deeplab.hub.places.cache_root`.
    """

    def __init__(self, root: Path | None = None) -> None:
        self.root = cache_root() / 'engine' if root is None else Path(root)

    def find(self, key: str) -> Path | None:
        """The folder of an entry that is there and whole; a line says where one is damaged.

        Args:
            key: Of the entry, a file name.
        """
        folder = self.root / key
        damage = _damage(folder) if folder.exists() else 'nothing is there'
        if damage and folder.exists():
            get_logger().warning(f'{folder} is damaged ({damage}) and is not used')
        return None if damage else folder

    def find_or_make(
        self, key: str, make: Callable[[Path], Mapping[str, Any]], *, replace: bool = False
    ) -> Path:
        """The folder of an entry, made if it is not there or damaged.

        Of several processes that want one entry, one makes it and the others wait for it.

        Args:
            key: Of the entry, a file name.
            make: Writes the entry's files into the empty folder that it is called with, and
                returns facts for the manifest.
            replace: Make it although it is there.

        Raises:
            CheckpointError: The cache folder cannot be written.
            DataError: The entry cannot be.
        """
        path = self.root / key
        if not replace and path.exists() and _damage(path) is None:
            return path
        with exclusive(path.with_name(f'{key}.lock'), lambda: _waiting(path)):
            found = None if replace else self.find(key)  # another process may have been first
            return self._make(path, make) if found is None else found

    def facts(self, key: str) -> dict[str, Any]:
        """What ``make`` returned for an entry that is there."""
        return _manifest(self.root / key)['facts']

    def _make(self, path: Path, make: Callable[[Path], Mapping[str, Any]]) -> Path:
        building = path.with_name(f'.{path.name}.{secrets.token_hex(4)}')
        try:
            building.mkdir(parents=True)
            facts = dict(make(building))
            hashes = {file.name: file_hash(file) for file in sorted(building.iterdir())}
            manifest = {'files': hashes, 'facts': facts}
            (building / _MANIFEST).write_text(json.dumps(manifest, indent=1), encoding='utf-8')
            _put(building, path)
        except OSError as error:
            raise DataError(
                f'{path} cannot be written ({error.strerror or error}); check the disk, or choose '
                'another folder with MMSEG_DEEPLAB_CACHE'
            ) from error
        finally:
            shutil.rmtree(building, ignore_errors=True)
        return path


def _put(building: Path, path: Path) -> None:
    """Let a folder take a name, which a damaged or older one may have."""
    old = path.with_name(f'.{path.name}.{secrets.token_hex(4)}')
    try:
        os.rename(path, old)
    except FileNotFoundError:
        old = None
    os.rename(building, path)
    if old is not None:
        shutil.rmtree(old, ignore_errors=True)


def _manifest(folder: Path) -> dict[str, Any]:
    return json.loads((folder / _MANIFEST).read_text(encoding='utf-8'))


def _damage(folder: Path) -> str | None:
    """What is wrong with an entry, or None."""
    try:
        files = dict(_manifest(folder)['files'])
        wrong = [name for name, digest in files.items() if file_hash(folder / name) != digest]
    except (OSError, ValueError, KeyError, TypeError) as error:
        return f'{type(error).__name__}: {error}'
    if not files or wrong:
        return f'{", ".join(wrong) or "no files"} changed since it was written'
    return None


def _waiting(path: Path) -> None:
    get_logger().info(f'another process is writing {path}; waiting for it')
