"""Where a file may come from, in order: cache, mirror, the address itself, further addresses."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from mmseg_deeplab.hub.addresses import WEB, as_path, as_web
from mmseg_deeplab.hub.catalogue import catalogue
from mmseg_deeplab.hub.places import cache_place, relative_place
from mmseg_deeplab.hub.progress import Progress
from mmseg_deeplab.hub.transfer import copy_stream, download
from mmseg_deeplab.hub.web import Unavailable

MIRROR = 'MMSEG_DEEPLAB_MIRROR'
OFFLINE = 'MMSEG_DEEPLAB_OFFLINE'
# a date and time, or the digits of a hash
_SINGLE = re.compile(r'-[0-9a-f]{8}\.|[_-]\d{8}_\d{6}')


def is_single(name: str) -> bool:
    """Whether a file name means one file wherever it lies, unlike ``model.safetensors``."""
    return _SINGLE.search(name) is not None


@dataclass(frozen=True)
class Source:
    """One place to look in.

    Attributes:
        label: For messages.
        address: The web address whose file it is.
        places: Files, web addresses or fsspec addresses, tried in turn; none if the mirror is a
            folder that is not there.
    """

    label: str
    address: str
    places: tuple[Path | str, ...]

    @property
    def local(self) -> bool:
        """Whether it is on this machine's disks."""
        return all(isinstance(place, Path) for place in self.places)


def sources(addresses: Sequence[str]) -> list[Source]:
    """Everywhere a file may be, in the order of asking.

    Args:
        addresses: Web addresses of the same weights, the place of publication first.
    """
    found = [Source(f'cache {cache_place(a)}', a, (cache_place(a),)) for a in addresses]
    mirror = os.environ.get(MIRROR)
    if mirror:
        found += [Source(f'{MIRROR}={mirror}', a, _in_mirror(mirror, a)) for a in addresses]
    return found + [Source(address, address, (address,)) for address in addresses]


def is_offline(argument: bool | None) -> bool:
    """Whether the network must not be touched: the argument, else $MMSEG_DEEPLAB_OFFLINE."""
    if argument is not None:
        return argument
    return os.environ.get(OFFLINE, '').strip().lower() not in ('', '0', 'false', 'no', 'off')


def take(place: Path | str, part: Path, progress: Progress) -> None:
    """Copy what is at a place into a file.

    Args:
        place: One of :attr:`Source.places`.
        part: The file to write; it may hold the beginning of a broken transfer.
        progress: Is told of every block.

    Raises:
        Unavailable: It is not there, or cannot be read.
        CheckpointError: The disk is full or cannot be written.
    """
    if isinstance(place, str) and place.startswith(WEB):
        download(place, part, progress)
    elif isinstance(place, str):
        _take_by_fsspec(place, part, progress)
    else:
        try:
            with place.open('rb') as file:
                copy_stream(file, place.stat().st_size, part, progress, str(place.parent))
        except OSError as error:
            absent = isinstance(error, FileNotFoundError)
            raise Unavailable('not there' if absent else str(error), absent=absent) from error


def _in_mirror(mirror: str, address: str) -> tuple[Path | str, ...]:
    """The file as the address has it, with and without the host, or lying on its own."""
    place = relative_place(address)
    ways = [place.as_posix(), Path(*place.parts[1:]).as_posix()]
    if is_single(place.name) or _has_own_name(address):
        ways.insert(0, place.name)
    mirror = as_path(mirror)
    if '://' not in mirror:
        folder = Path(mirror).expanduser().resolve()
        return tuple(folder / way for way in ways) if folder.is_dir() else ()
    if mirror.startswith('hf://'):
        return tuple(as_web(f'{mirror.rstrip("/")}/{quote(way)}') for way in ways)
    return tuple(f'{mirror.rstrip("/")}/{quote(way)}' for way in ways)


def _has_own_name(address: str) -> bool:
    """Whether no other published file has the name of this one."""
    published = {as_web(url) for row in catalogue() for url in row.addresses}
    name = address.rpartition('/')[2]
    return [url for url in published if url.rpartition('/')[2] == name] == [address]


def _take_by_fsspec(place: str, part: Path, progress: Progress) -> None:
    try:
        import fsspec
    except ImportError as error:
        raise Unavailable('this needs fsspec: pip install fsspec, and s3fs for S3') from error
    try:
        with fsspec.open(place, 'rb') as file:
            copy_stream(file, getattr(file, 'size', None), part, progress, place)
    except FileNotFoundError as error:
        raise Unavailable('not there', absent=True) from error
    except (OSError, ImportError, ValueError) as error:  # ValueError: an unknown protocol
        raise Unavailable(str(error)) from error
