"""Files inside a downloaded archive, read without unpacking it, whatever the archive holds.

An archive is untrusted: its names may point outside, its files may be bombs, its bytes may be
cut off. Nothing is ever written under a name that an archive gives without a look at it.
"""

from __future__ import annotations

import re
import stat
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import BinaryIO, Protocol

from mmseg_deeplab.utils.errors import DataError, DatasetNotFoundError

MAX_MEMBER = 1 << 30  # bytes; the largest file of the known sets has a tenth of it
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)  # these are decoded in bounded memory
_ENCRYPTED = 1  # bit of a member's flags
_JUNK = re.compile(r'(^|/)(__MACOSX/|\._|\.DS_Store$|Thumbs\.db$)')


class MemberError(DataError):
    """One file of an archive is unusable; the others may be whole."""


class _Source(Protocol):
    path: Path

    def open(self, name: str) -> BinaryIO: ...


@dataclass(frozen=True)
class Member:
    """One file of an archive.

    Attributes:
        source: The archive or folder that holds it.
        name: Its path inside, with forward slashes.
        size: Bytes, unpacked.
        mark: Changes with the content: the checksum, or for a file in a folder its time.
    """

    source: _Source
    name: str
    size: int
    mark: int

    @property
    def base(self) -> str:
        """The name without folders."""
        return PurePosixPath(self.name).name

    @property
    def stem(self) -> str:
        """The name without folders and suffix."""
        return PurePosixPath(self.name).stem

    @property
    def parts(self) -> tuple[str, ...]:
        """Folders and name."""
        return PurePosixPath(self.name).parts

    def __str__(self) -> str:
        between = '/' if Path(self.source.path).is_dir() else ':'
        return f'{self.source.path}{between}{self.name}'

    def read(self) -> bytes:
        """All bytes, their number and checksum proved.

        Raises:
            MemberError: The file is damaged, cut off, or larger than :data:`MAX_MEMBER`.
        """
        content = self._read(self.size)
        if len(content) != self.size:
            raise MemberError(
                f'{self}: {len(content)} of {self.size} bytes; download the archive again'
            )
        return content

    def head(self, length: int) -> bytes:
        """The first bytes, at most ``length`` of them, not proved by a checksum."""
        return self._read(min(length, self.size))

    def _read(self, length: int) -> bytes:
        if self.size > MAX_MEMBER:
            raise MemberError(
                f'{self}: {self.size} bytes, more than any file of a known data set '
                f'({MAX_MEMBER}); the archive is not what it should be'
            )
        with self.opened() as file:
            # one read more reaches the end, where zipfile compares the checksum
            return file.read(length) + (file.read(1) if length == self.size else b'')

    @contextmanager
    def opened(self) -> Iterator[BinaryIO]:
        """The file, open; whoever reads it bounds what is read.

        Raises:
            MemberError: The file cannot be opened, or turned out to be damaged while it was read.
        """
        try:
            with self.source.open(self.name) as file:
                yield file
        except (zipfile.BadZipFile, zlib.error, EOFError, OSError) as error:
            raise MemberError(
                f'{self}: damaged ({error}); download the archive again and compare its size '
                'or checksum with the published one'
            ) from error


class ZipSource:
    """A zip file.

    Args:
        path: The file.

    Raises:
        DataError: It is no whole zip file, a name in it points outside, or it is encrypted or
            compressed in a way that is not read.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self._file = zipfile.ZipFile(path)
        except (zipfile.BadZipFile, EOFError, OSError, ValueError) as error:
            raise DataError(
                f'{path}: not a whole zip file ({error}); the download was probably cut off: '
                'download it again'
            ) from error

    def members(self) -> list[Member]:
        """All files, without folders and what operating systems add."""
        found = []
        for info in self._file.infolist():
            name = info.filename.replace('\\', '/')
            _refuse_unsafe(self.path, name, info)
            if not (info.is_dir() or _JUNK.search(name)):
                found.append(Member(self, info.filename, info.file_size, info.CRC))
        return found

    def open(self, name: str) -> BinaryIO:
        """Open a file inside; several may be open at once, in several threads."""
        return self._file.open(name)  # type: ignore[return-value]

    def close(self) -> None:
        """Close the archive."""
        self._file.close()


class FolderSource:
    """A folder into which an archive was unpacked by other means.

    Args:
        path: The folder.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def members(self) -> list[Member]:
        """All files below the folder, by name."""
        found = []
        for path in sorted(self.path.rglob('*')):
            name = path.relative_to(self.path).as_posix()
            if path.is_file() and not _JUNK.search(name):
                about = path.stat()
                found.append(Member(self, name, about.st_size, about.st_mtime_ns))
        return found

    def open(self, name: str) -> BinaryIO:
        """Open a file."""
        return open(self.path / name, 'rb')

    def close(self) -> None:
        """Nothing is held open."""


Source = ZipSource | FolderSource


def open_archive(path: str | Path) -> Source:
    """Open a zip file, or in its absence the folder of the same name without ``.zip``.

    Args:
        path: The zip file.

    Raises:
        DatasetNotFoundError: Neither is there.
        DataError: The zip file cannot be used.
    """
    path = Path(path)
    folder = path.with_suffix('')
    if path.is_dir():
        return FolderSource(path)
    if not path.exists() and path.suffix == '.zip' and folder.is_dir():
        return FolderSource(folder)
    if not path.exists():
        there = sorted(entry.name for entry in path.parent.glob('*'))[:10]
        holds = f'it holds {", ".join(there)}' if there else 'it is empty or not there'
        raise DatasetNotFoundError(
            f'{path}: no such file; {path.parent} must hold the archives as downloaded ({holds})'
        )
    return ZipSource(path)


def archives_in(folder: Path) -> list[Source]:
    """All zip files of a folder by name, or the folder itself if it holds none.

    Raises:
        DatasetNotFoundError: There is no such folder.
    """
    if not folder.is_dir():
        raise DatasetNotFoundError(f'{folder}: no such folder; see docs/prepare_data.md')
    zips = sorted(folder.glob('*.zip'))
    return [ZipSource(path) for path in zips] or [FolderSource(folder)]


def where_packed(name: str, sources: Iterable[Source]) -> str:
    """What to add to the message that an archive is missing.

    Args:
        name: Of the archive that is missing.
        sources: Those that are there, of which one may be the download that holds it.
    """
    for source in sources:
        if isinstance(source, ZipSource) and any(m.base == name for m in source.members()):
            return f'; {source.path.name} holds it: unpack that one first'
    return ''


def by_key(members: Iterable[tuple[str, Member]]) -> dict[str, Member]:
    """Members by a key, each key once.

    Raises:
        DataError: Two members have the same key, so that one would overwrite the other.
    """
    found: dict[str, Member] = {}
    for key, member in members:
        before = found.setdefault(key, member)
        if before is not member:
            raise DataError(
                f'{member}: is {key}, and so is {before}; leave only one of them in the folder'
            )
    return found


def _refuse_unsafe(path: Path, name: str, info: zipfile.ZipInfo) -> None:
    parts = name.split('/')
    if name.startswith('/') or '..' in parts or ':' in parts[0] or '\0' in name:
        raise DataError(
            f'{path}: names a file outside of itself ({name!r}), so it is not the published '
            'archive; do not use it'
        )
    if stat.S_ISLNK(info.external_attr >> 16):
        raise DataError(f'{path}: holds a link ({name!r}), so it is not the published archive')
    if info.flag_bits & _ENCRYPTED:
        raise DataError(
            f'{path}: {name} is encrypted; unpack it with its password into '
            f'{path.with_suffix("")} and leave that folder in its place'
        )
    if info.compress_type not in _METHODS:
        raise DataError(
            f'{path}: {name} is compressed by method {info.compress_type}, which Python does not '
            f'read; unpack the archive into {path.with_suffix("")} and move the zip file away'
        )
