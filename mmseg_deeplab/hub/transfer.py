"""One file over HTTP(S) with the standard library: goes on where it broke off, never for ever."""

from __future__ import annotations

import errno
import http.client
import json
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any
from urllib.error import HTTPError
from urllib.parse import urlsplit

from mmseg_deeplab.hub import web
from mmseg_deeplab.hub.progress import Progress, mebibytes
from mmseg_deeplab.hub.web import Interrupted, Unavailable, open_web
from mmseg_deeplab.utils.errors import CheckpointError

_BLOCK = 1 << 18
_WORTH = 1 << 20  # an attempt that brought so many bytes was no failure


def download(address: str, part: Path, progress: Progress) -> None:
    """Fetch a web address into a file that may hold its beginning already.

    Args:
        address: ``http://`` or ``https://``.
        part: The file to write. ``PART.json`` beside it keeps whose beginning it is.
        progress: Is told of every block.

    Raises:
        Unavailable: The server refuses, is not there, is not trusted, or fails again and again;
            what has come is kept for the next try.
        CheckpointError: The disk is full or cannot be written.
    """
    failures = 0
    while True:
        before = _size(part)
        try:
            return _attempt(address, part, progress)
        except Interrupted as error:
            failures = 1 if _size(part) - before >= _WORTH else failures + 1
            if failures >= web.PATIENCE.attempts:
                kept = f'; {mebibytes(_size(part))} are kept' if _size(part) else ''
                raise Unavailable(f'{error} ({failures} attempts{kept})') from error
            progress.say(f'{error}; trying again')
            time.sleep(web.PATIENCE.pause * 2 ** (failures - 1))


def copy_stream(
    source: IO[bytes], total: int | None, part: Path, progress: Progress, label: str
) -> None:
    """Copy a stream into a file from its beginning.

    Args:
        source: Is read to its end.
        total: Its length in bytes, if that is known.
        part: The file to write; what a broken transfer left there is overwritten.
        progress: Is told of every block.
        label: What the stream is, for the progress.

    Raises:
        Unavailable: The stream cannot be read, or ends early.
        CheckpointError: The disk is full or cannot be written.
    """
    progress.start(label, 0, total)
    check_room(part, total)
    with writing(part):
        _state(part).unlink(missing_ok=True)  # a download must not go on behind these bytes
        with part.open('wb') as file:
            while block := _read(source):
                file.write(block)
                progress.advance(len(block))
    if total is not None and _size(part) < total:
        raise Unavailable(f'it ended after {_size(part)} of {total} bytes')


def _read(source: IO[bytes]) -> bytes:
    try:
        return source.read(_BLOCK)
    except OSError as error:  # told apart from those of the disk that is written to
        raise Unavailable(f'it cannot be read ({error})') from error


@contextmanager
def writing(part: Path) -> Iterator[None]:
    """Turn an error of the disk into a message; no other source would help.

    Args:
        part: The file that is written.

    Raises:
        CheckpointError: The disk is full or cannot be written.
    """
    try:
        yield
    except OSError as error:
        if error.errno == errno.ENOSPC:
            raise CheckpointError(f'{part.parent}: {_make_room("the disk is full")}') from error
        raise CheckpointError(
            f'{part} cannot be written ({error.strerror}); set MMSEG_DEEPLAB_CACHE to a folder '
            'that can'
        ) from error


def check_room(part: Path, wanted: int | None) -> None:
    """Refuse a transfer that will not fit.

    Args:
        part: Where it goes.
        wanted: Bytes to come.

    Raises:
        CheckpointError: The disk has fewer bytes free.
    """
    free = shutil.disk_usage(part.parent).free
    if wanted is not None and wanted > free:
        text = f'{mebibytes(wanted)} do not fit, {mebibytes(free)} are free'
        raise CheckpointError(f'{part.parent}: {_make_room(text)}')


def _make_room(what: str) -> str:
    return (
        f'{what}; make room and run it again, it goes on where it stopped, or set '
        'MMSEG_DEEPLAB_CACHE to a folder on another disk'
    )


def _attempt(address: str, part: Path, progress: Progress) -> None:
    beginning = _beginning(address, part)
    offset = _size(part) if beginning is not None else 0
    try:
        response = open_web(address, offset, beginning)
    except HTTPError as error:
        if error.code == 416 and _total_of_range(error.headers) == offset > 0:
            return  # it was whole, and only not yet renamed
        if error.code == 416:
            part.unlink(missing_ok=True)
            raise Interrupted('the server has another length now') from error
        raise
    with response:
        resumes = response.status == 206 and _start_of_range(response.headers) == offset
        if response.status == 206 and not resumes:
            part.unlink(missing_ok=True)
            raise Interrupted('the server sent another part than was asked for')
        offset = offset if resumes else 0
        length = response.headers.get('Content-Length')
        total = offset + int(length) if length and length.isdigit() else None
        check_room(part, None if total is None else total - offset)
        _note_beginning(address, part, response.headers)
        progress.start(urlsplit(response.url).netloc, offset, total)
        with writing(part), part.open('ab' if resumes else 'wb') as file:
            _receive(response, file, progress)
    if total is not None and _size(part) < total:
        raise Interrupted(f'the connection ended after {_size(part)} of {total} bytes')


def _receive(response: Any, file: IO[bytes], progress: Progress) -> None:
    """Write what comes; a trickle counts as silence, since it would hold a run up for days."""
    since, got = time.monotonic(), 0
    while True:
        try:
            block = response.read1(_BLOCK)
        except TimeoutError as error:
            raise Interrupted(f'no byte came for {web.PATIENCE.timeout:g} s') from error
        except (http.client.HTTPException, OSError) as error:
            raise Interrupted(f'the connection broke ({web.reason(error)})') from error
        if not block:
            return
        file.write(block)
        file.flush()  # a killed process has lost nothing of what came
        progress.advance(len(block))
        got += len(block)
        passed = time.monotonic() - since
        if passed >= web.PATIENCE.timeout:
            if got < web.PATIENCE.slowest * passed:
                raise Interrupted(f'only {got} bytes came in {passed:.0f} s')
            since, got = time.monotonic(), 0


def _size(path: Path) -> int:
    return path.stat().st_size if path.is_file() else 0


def _state(part: Path) -> Path:
    return part.with_name(f'{part.name}.json')


def _beginning(address: str, part: Path) -> str | None:
    """The version of the file that ``part`` begins ('' if the server named none), or None."""
    try:
        state = json.loads(_state(part).read_text(encoding='utf-8'))
        return str(state['version']) if state['address'] == address else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _note_beginning(address: str, part: Path, headers: Any) -> None:
    tag = headers.get('ETag') or ''
    version = headers.get('Last-Modified') or '' if tag.startswith('W/') or not tag else tag
    with writing(part):
        _state(part).write_text(json.dumps({'address': address, 'version': version}))


def discard(part: Path) -> None:
    """Remove a partial file and what is known of it."""
    for path in (part, _state(part)):
        if os.path.lexists(path):
            path.unlink()


def _start_of_range(headers: Any) -> int | None:
    span = str(headers.get('Content-Range', '')).removeprefix('bytes ').split('-')[0]
    return int(span) if span.isdigit() else None


def _total_of_range(headers: Any) -> int | None:
    total = str(headers.get('Content-Range', '')).rpartition('/')[2]
    return int(total) if total.isdigit() else None
