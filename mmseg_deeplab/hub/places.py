"""Where files lie on the disk: a folder that no address can lead out of."""

from __future__ import annotations

import hashlib
import os
import re
from pathlib import Path
from urllib.parse import unquote, urlsplit

from mmseg_deeplab.utils.errors import CheckpointError

_UNUSUAL = re.compile(r'[^\w.+=@,()-]')
_LONGEST = 200  # file systems end at 255, and `.part` and the like are added


def cache_root() -> Path:
    """The cache folder: $MMSEG_DEEPLAB_CACHE, else mmseg_deeplab in the user's cache folder."""
    own = os.environ.get('MMSEG_DEEPLAB_CACHE')
    if own:
        return Path(own).expanduser().resolve()
    users = os.environ.get('XDG_CACHE_HOME') or '~/.cache'
    return (Path(users).expanduser() / 'mmseg_deeplab').resolve()


def relative_place(address: str) -> Path:
    """``HOST/PATH`` of a web address, as a relative path without surprises.

    Args:
        address: An ``http`` or ``https`` address.

    Raises:
        CheckpointError: It has no file name, or a part that climbs up (``..``), also in
            percent signs.
    """
    return Path(*map(_plain, _parts(address)))


def identity(address: str) -> str:
    """What tells a web address's file from others: all but the scheme, password and fragment.

    Args:
        address: As for :func:`relative_place`, and with the same errors.
    """
    return '/'.join(_parts(address))


def _parts(address: str) -> list[str]:
    split = urlsplit(address)
    parts = [unquote(part) for part in split.path.split('/') if part]
    host = split.netloc.rsplit('@', 1)[-1]
    if not host or not parts or split.path.endswith('/'):
        raise CheckpointError(f'{address} names no file: wanted https://HOST/PATH/FILE')
    for part in (host, *parts):
        if part in ('.', '..') or re.search(r'[/\\\0]', part):
            raise CheckpointError(f'{address} is refused: {part!r} in it would leave the cache')
    if split.query:  # the same path with another query is another file
        stem, dot, suffix = parts[-1].rpartition('.')
        digest = hashlib.sha256(split.query.encode()).hexdigest()[:8]
        parts[-1] = f'{stem}-query-{digest}{dot}{suffix}' if stem else f'{suffix}-query-{digest}'
    return [host, *parts]


def cache_place(address: str) -> Path:
    """The file in the cache that belongs to a web address; see :func:`relative_place`."""
    place = cache_root() / relative_place(address)
    if not place.is_relative_to(cache_root()):
        raise CheckpointError(f'{address} is refused: it would leave the cache')
    return place


def _plain(part: str) -> str:
    plain = _UNUSUAL.sub('_', part)
    if plain == part and len(part) <= _LONGEST:
        return part
    # other parts become the same text; in front, so that suffix and digits stay at the end
    return f'{hashlib.sha256(part.encode()).hexdigest()[:16]}_{plain[-100:]}'
