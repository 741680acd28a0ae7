"""Whether a file is what it should be: its container's checksums, and the sha256 seen first.

The first sight of a file is trusted and written down in ``FILE.mmseg-record.json`` below the
cache folder; from then on, no other content is taken for the same address, from no source.
"""

from __future__ import annotations

import datetime
import json
import logging
import os
import pickle
import re
import zipfile
from contextlib import suppress
from pathlib import Path
from typing import Any

from mmseg_deeplab.hub.places import cache_place, identity
from mmseg_deeplab.utils.errors import CheckpointError, DataError
from mmseg_deeplab.utils.files import file_hash, write_text
from mmseg_deeplab.utils.weight_formats import SAFETENSORS_SUFFIX

# not MMEngine's logger, which writes to standard output: a script takes the path from there
_LOGGER = logging.getLogger(__name__)
WEIGHT_SUFFIXES = ('.pth', '.pt', '.bin', '.ckpt')
_RECORD = '.mmseg-record.json'  # no published file has such a name
_DIGITS = re.compile(r'-([0-9a-f]{8,64})\.\w+$')
_ZIP, _PICKLE, _TAR = b'PK\x03\x04', b'\x80', b'ustar'


class Rejected(Exception):
    """A file that is there but must not be used; the text says why."""


def verify(path: Path, address: str) -> str:
    """Check a file that stands for a web address.

    A file whose length and time of change are those written down was checked before and is
    not read again.

    Args:
        path: The file, under any name.
        address: Where it was published; its last part says what kind of file it is.

    Returns:
        The sha256 of the content, 64 hex digits.

    Raises:
        Rejected: It is broken, is of another kind, or is not the file that was seen first.
    """
    record = read_record(address)
    size, changed = path.stat().st_size, path.stat().st_mtime_ns
    if record and (record['bytes'], record['changed_ns']) == (size, changed):
        return record['sha256']
    fault = content_fault(path, Path(address.split('?')[0]).suffix)
    if fault:
        raise Rejected(fault)
    digest = file_hash(path)
    if record and record['sha256'] != digest:
        raise Rejected(
            f'its sha256 begins with {digest[:8]}, but with {record["sha256"][:8]} when it was '
            f'first seen on {record["first_seen"]}; if the file was renewed on purpose, delete '
            f'{record_place(address)}'
        )
    if record is None:
        _compare_digits(address, digest)
        today = datetime.datetime.now(datetime.timezone.utc).date().isoformat()
        record = {'address': identity(address), 'sha256': digest, 'first_seen': today}
    _write_record(address, {**record, 'bytes': size, 'changed_ns': changed})
    return digest


def content_fault(path: Path, suffix: str) -> str | None:
    """What is wrong with a file by its content alone, or None.

    Args:
        path: The file.
        suffix: Of its published name. ``.pth`` and its like must be zip archives whose
            checksums are right, or pickles of PyTorch before 1.6, which have none;
            ``.safetensors`` must be as long as its header says; ``.pkl`` and MindSpore's
            ``.ckpt`` must be whole; web pages are never right.
    """
    with path.open('rb') as file:
        start = file.read(512)
    if not start:
        return 'it is empty'
    if start.lstrip().lower().startswith((b'<!doctype', b'<html', b'<?xml')):
        return 'it is a web page, not the file'
    if suffix == SAFETENSORS_SUFFIX:
        return _safetensors_fault(path)
    if suffix == '.pkl':
        return _pickle_fault(path)
    if suffix not in (*WEIGHT_SUFFIXES, '.zip'):
        return None
    if start.startswith(_ZIP):
        return _zip_fault(path)
    if suffix == '.zip':
        return 'it is no zip archive'
    if start.startswith(_PICKLE) or start[257:262] == _TAR:
        return None
    if suffix == '.ckpt':
        return _mindspore_fault(path)
    return 'it is neither a zip archive nor a pickle, so no PyTorch file'


def record_place(address: str) -> Path:
    """The file that keeps what is known of a web address."""
    place = cache_place(address)
    return place.with_name(f'{place.name}{_RECORD}')


def read_record(address: str) -> dict[str, Any] | None:
    """What was written down when the file of an address was first seen, or None.

    Raises:
        Rejected: There is a record, but it cannot be read, or is of another address.
    """
    place = record_place(address)
    try:
        record = json.loads(place.read_text(encoding='utf-8'))
        record = {**record, 'bytes': int(record['bytes']), 'sha256': str(record['sha256'])}
        known = str(record['address'])
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise Rejected(f'its record {place} cannot be read ({error}); delete it') from error
    if known != identity(address):
        raise Rejected(f'its record {place} is of {known}; delete it, and the file beside it')
    return record


def _write_record(address: str, record: dict[str, Any]) -> None:
    # a mirror's folder is used in place also where the cache cannot be written
    with suppress(DataError):
        write_text(record_place(address), json.dumps(record, indent=1) + '\n')


def _compare_digits(address: str, digest: str) -> None:
    named = _DIGITS.search(address)
    if named and not digest.startswith(named[1]):
        _LOGGER.warning(
            f'{address.rsplit("/", 1)[-1]}: the name says that its sha256 begins with '
            f'{named[1]}, it begins with {digest[:8]}. Some published names carry the digits of '
            'the file before its optimizer was removed, so this need not be an error.'
        )


def _zip_fault(path: Path) -> str | None:
    try:
        with zipfile.ZipFile(path) as archive:
            broken = archive.testzip()
    except (zipfile.BadZipFile, EOFError, NotImplementedError, OSError) as error:
        return f'it is cut short or damaged ({error})'
    return f'it is damaged: the checksum of {broken} in it is wrong' if broken else None


def _pickle_fault(path: Path) -> str | None:
    with path.open('rb') as file:
        first = file.read(1)
        file.seek(-1, os.SEEK_END)
        last = file.read(1)
    if first == _PICKLE and last == pickle.STOP:
        return None
    return 'it is cut short' if first == _PICKLE else 'it is no pickle'


def _mindspore_fault(path: Path) -> str | None:
    from mmseg_deeplab.utils.mindspore_file import read_entries

    try:
        read_entries(path)
    except CheckpointError as error:
        return str(error).split(': ', 1)[-1]
    return None


def _safetensors_fault(path: Path) -> str | None:
    from mmseg_deeplab.utils.safetensors_file import read_header

    try:
        read_header(path)
    except CheckpointError as error:
        return str(error).split(': ', 1)[-1]
    return None
