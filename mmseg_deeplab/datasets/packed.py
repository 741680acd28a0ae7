"""Files packed into shards, read as byte ranges: tar archives with an index, and MindRecord.

A packed file has the address ``packed://SHARD#OFFSET+SIZE/NAME``. A data set names the index of
the shards as its ``ann_file``; everything behind it, from samplers to metrics, works as with
single files.
"""

from __future__ import annotations

import json
import mmap
import os
import re
import sqlite3
import struct
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple

from mmseg_deeplab.utils.errors import DataError, DatasetNotFoundError

PREFIX = 'packed://'
INDEX_SUFFIX = '.shards.json'
FORMAT = 'mmseg_deeplab shards 1'
_ADDRESS = re.compile(r'packed://(?P<shard>.+)#(?P<offset>\d+)\+(?P<size>\d+)/(?P<name>[^#]*)')
_LONGEST_HEADER = 1 << 28  # bytes; MindRecord's own limit is half of it


class Span(NamedTuple):
    """A file inside a shard: its name, and its place and length in bytes."""

    name: str
    offset: int
    size: int


def address(shard: str | Path, span: Span) -> str:
    """How a data set's record names a file inside a shard.

    Args:
        shard: The shard's path.
        span: The file.
    """
    return f'{PREFIX}{shard}#{span.offset}+{span.size}/{span.name}'


def read_packed(path: str) -> bytes:
    """The bytes of a packed file.

    Args:
        path: As :func:`address` makes it.

    Raises:
        DatasetNotFoundError: The shard is not there.
        DataError: It is shorter than its index says, or the address is none.
    """
    shard, offset, size = _place(path)
    with _named(shard), open(shard, 'rb') as file:
        file.seek(offset)
        content = file.read(size)
    if len(content) != size:
        raise DataError(f'{path}: the shard ends before it does; pack it again or copy it again')
    return content


@contextmanager
def mapped(path: str) -> Iterator[memoryview]:
    """The bytes of a file or of a packed file, of which only those that are used get read.

    Nothing stays open afterwards, so that the file can be replaced, on Windows too.

    Args:
        path: A path, or as :func:`address` makes it.

    Raises:
        DatasetNotFoundError: The file is not there.
        DataError: It is shorter than its index says, empty, or the address is none.
    """
    shard, offset, size = _place(path) if path.startswith(PREFIX) else (path, 0, None)
    with _named(shard), open(shard, 'rb') as file:
        there = os.fstat(file.fileno()).st_size
        size = there if size is None else size
        if not 0 < size <= there - offset:
            raise DataError(
                f'{path}: the shard ends before it does; pack it again or copy it again'
            )
        before = offset % mmap.ALLOCATIONGRANULARITY
        pages = mmap.mmap(
            file.fileno(), before + size, access=mmap.ACCESS_READ, offset=offset - before
        )
    try:
        yield memoryview(pages)[before:]
    finally:
        with suppress(BufferError):  # an error on its way up still holds a part of it
            pages.close()


@contextmanager
def _named(shard: str) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError as error:
        raise DatasetNotFoundError(f'{shard}: no such shard; check where the index lies') from error
    except OSError as error:
        raise DataError(f'{shard}: cannot be read ({error.strerror or error})') from error


def _place(path: str) -> tuple[str, int, int]:
    """Shard, offset and size of an address."""
    match = _ADDRESS.fullmatch(path)
    if match is None:
        raise DataError(f'{path}: no address of a packed file ({PREFIX}SHARD#OFFSET+SIZE/NAME)')
    return match['shard'], int(match['offset']), int(match['size'])


def is_packed(path: str) -> bool:
    """Whether a list of images is an index of shards: ours, or a MindRecord with its ``.db``.

    Args:
        path: The ``ann_file`` of a data set.
    """
    return path.endswith(INDEX_SUFFIX) or os.path.isfile(f'{path}.db')


def packed_pairs(path: str) -> list[tuple[str, str]]:
    """Addresses of all images and their labels, in the order of the shards.

    Args:
        path: The index; of a MindRecord its first file.

    Raises:
        DatasetNotFoundError: The index or a shard is not there, or it holds nothing.
        DataError: It is damaged, or a shard is truncated.
    """
    found = list(_of_index(Path(path)) if path.endswith(INDEX_SUFFIX) else _of_mindrecord(path))
    if not found:
        raise DatasetNotFoundError(f'{path}: the shards hold no image')
    return found


def _of_index(path: Path) -> Iterator[tuple[str, str]]:
    try:
        index = json.loads(path.read_text(encoding='utf-8'))
        if index['format'] != FORMAT:
            raise ValueError(f'its format is {index["format"]!r}, wanted {FORMAT!r}')
        files = [(path.parent / _plain(name), int(size)) for name, size in index['files']]
        records = [
            (files[number][0], Span(image, *map(int, at)), Span(label, *map(int, place)))
            for number, image, at, label, place in index['records']
        ]
    except FileNotFoundError as error:
        raise DatasetNotFoundError(f'{path}: no such index of shards; check ann_file') from error
    except OSError as error:
        raise DataError(f'{path}: cannot be read ({error.strerror or error})') from error
    except (ValueError, KeyError, TypeError, IndexError) as error:
        raise DataError(f'{path}: no index of shards ({error}); pack the data set again') from error
    for shard, size in files:
        _check_size(shard, size)
    for shard, image, label in records:
        yield address(shard, image), address(shard, label)


def _plain(name: str) -> str:
    if os.path.basename(name) != name:
        raise ValueError(f'a shard named {name!r}, which is not beside it')
    return name


def _check_size(shard: Path, size: int) -> None:
    try:
        there = shard.stat().st_size
    except OSError as error:
        raise DatasetNotFoundError(f'{shard}: no such shard; copy it beside its index') from error
    if there != size:
        raise DataError(f'{shard}: {there} of {size} bytes; copy it again, or pack it again')


def _of_mindrecord(path: str) -> Iterator[tuple[str, str]]:
    first = Path(path)
    header = _header(first)
    names = [os.path.basename(name) for name in header.get('shard_addresses', [first.name])]
    for shard in [first.parent / name for name in names] if first.name in names else [first]:
        yield from _shard_of_mindrecord(shard)


def _header(shard: Path) -> dict[str, Any]:
    """The JSON text in front of a MindRecord file."""
    try:
        with open(shard, 'rb') as file:
            (length,) = struct.unpack('<Q', file.read(8))
            header = json.loads(file.read(min(length, _LONGEST_HEADER)))
    except FileNotFoundError as error:
        raise DatasetNotFoundError(f'{shard}: no such MindRecord file') from error
    except OSError as error:
        raise DataError(f'{shard}: cannot be read ({error.strerror or error})') from error
    except (struct.error, ValueError, RecursionError) as error:
        raise DataError(f'{shard}: no MindRecord file, or a damaged one ({error})') from error
    if not isinstance(header, dict):
        raise DataError(f'{shard}: no MindRecord file (its header is no JSON object)')
    return header


def _shard_of_mindrecord(shard: Path) -> Iterator[tuple[str, str]]:
    header = _header(shard)
    try:
        fields = list(header['schema'][0]['blob_fields'])
        base, page = int(header['header_size']), int(header['page_size'])
        database = f'file:{Path(f"{shard}.db").resolve().as_posix()}?mode=ro&immutable=1'
        connection = sqlite3.connect(database, uri=True)
        try:
            rows = connection.execute(
                'SELECT file_name_0, PAGE_ID_BLOB, PAGE_OFFSET_BLOB, PAGE_OFFSET_BLOB_END '
                'FROM INDEXES ORDER BY ROW_ID'
            ).fetchall()
        finally:
            connection.close()
        places = [
            (str(name), base + at * page + begin, end - begin) for name, at, begin, end in rows
        ]
    except (sqlite3.Error, KeyError, IndexError, TypeError, ValueError) as error:
        raise DataError(
            f'{shard}: no MindRecord of images and labels, or a damaged one ({error}); its fields '
            'must be file_name, data and label'
        ) from error
    if not {'data', 'label'} <= set(fields):
        raise DataError(f'{shard}: its fields must be file_name, data and label, got {fields}')
    with open(shard, 'rb') as file:
        for name, offset, size in places:
            spans = _blobs(file, fields, offset, size, shard)
            stem = os.path.splitext(os.path.basename(name))[0]
            yield (
                address(shard, Span(f'{stem}.jpg', *spans['data'])),
                address(shard, Span(f'{stem}.png', *spans['label'])),
            )


def _blobs(
    file: Any, fields: list[str], offset: int, size: int, shard: Path
) -> dict[str, tuple[int, int]]:
    """Place and length of each field of a record."""
    spans = {}
    end, place = offset + size, offset + 8  # behind the length of the whole
    for field in fields:
        file.seek(place)
        head = file.read(8)
        length = int.from_bytes(head, 'big')
        if len(head) < 8 or place + 8 + length > end:
            raise DataError(f'{shard}: truncated or damaged; copy it again')
        spans[field] = (place + 8, length)
        place += 8 + length
    return spans
