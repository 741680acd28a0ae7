"""Small tar archives of gzip files, held in memory."""

from __future__ import annotations

import io
import tarfile
import zlib
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from mmseg_deeplab.datasets.prepare.archives import Member
from mmseg_deeplab.utils.errors import DataError, DatasetNotFoundError

_MAX_FILE = 1 << 26  # bytes; STARE's have 1.3 million
_MAX_FILES = 100  # STARE's hold 20
_GZIP = 16 + zlib.MAX_WBITS


class TarSource:
    """A tar archive whose files may be packed by gzip; then they lose ``.gz``.

    Args:
        path: The archive.

    Raises:
        DataError: It is missing, cut off, or larger than any of the known ones.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._files: dict[str, bytes] = {}
        try:
            with tarfile.open(path, 'r:*') as archive:
                for info in archive:
                    if info.isfile():
                        self._add(archive, info)
        except FileNotFoundError as error:
            raise DatasetNotFoundError(f'{path}: no such file') from error
        except (tarfile.TarError, zlib.error, EOFError, OSError) as error:
            raise DataError(f'{path}: not a whole tar file ({error}); download it again') from error

    def members(self) -> list[Member]:
        """All files."""
        return [
            Member(self, name, len(content), zlib.crc32(content))
            for name, content in self._files.items()
        ]

    def open(self, name: str) -> BinaryIO:
        """Open a file."""
        return io.BytesIO(self._files[name])

    def close(self) -> None:
        """Forget the files."""
        self._files = {}

    def _add(self, archive: tarfile.TarFile, info: tarfile.TarInfo) -> None:
        name = PurePosixPath(info.name).name
        if info.size > _MAX_FILE or len(self._files) >= _MAX_FILES:
            raise DataError(f'{self.path}: larger than the published archive; do not use it')
        content = archive.extractfile(info).read()
        if name.endswith('.gz'):
            unpacker = zlib.decompressobj(_GZIP)
            content = unpacker.decompress(content, _MAX_FILE)
            if not unpacker.eof:
                raise DataError(f'{self.path}: {name} is cut off, or larger than any of STARE')
        self._files[name.removesuffix('.gz')] = content
