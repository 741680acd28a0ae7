"""Get a published file from the first source that has it, checked, once for all processes."""

from __future__ import annotations

import os
from collections.abc import Sequence
from os import PathLike
from pathlib import Path

from mmseg_deeplab.hub.addresses import addresses_of
from mmseg_deeplab.hub.catalogue import find_model
from mmseg_deeplab.hub.lock import exclusive
from mmseg_deeplab.hub.places import cache_place
from mmseg_deeplab.hub.progress import Progress
from mmseg_deeplab.hub.sources import MIRROR, OFFLINE, Source, is_offline, is_single, sources, take
from mmseg_deeplab.hub.transfer import discard, writing
from mmseg_deeplab.hub.verify import Rejected, read_record, verify
from mmseg_deeplab.hub.web import Unavailable
from mmseg_deeplab.utils.errors import CheckpointError


def fetch(
    name_or_url: str,
    *,
    dest: str | PathLike | None = None,
    offline: bool | None = None,
    progress: bool = True,
) -> Path:
    """A published file on this machine's disk.

    Asked in this order: the cache (``$MMSEG_DEEPLAB_CACHE``), ``$MMSEG_DEEPLAB_MIRROR`` (a
    folder, a web address, ``hf://OWNER/REPOSITORY``, or what fsspec opens), the place of
    publication, further addresses of the same weights. Every file is checked before it gets
    its name; processes that ask for the same one wait for the first.

    Args:
        name_or_url: Config name (1.x or 0.x), words that single a model out, a URI such as
            ``open-mmlab://resnet50_v1c``, ``timm/NAME`` or ``hf://OWNER/REPOSITORY/FILE``, or a
            web address.
        dest: Folder to put the file in; None leaves it in the cache, or in a mirror's folder.
        offline: True never touches the network; None does what ``$MMSEG_DEEPLAB_OFFLINE`` says.
        progress: Show on standard error what is going on.

    Raises:
        CheckpointError: The name means no file, no source has it, what they have is broken, or
            the disk is full; the message says what each source answered.
    """
    return _obtain(addresses_of(name_or_url), dest, is_offline(offline), progress)


def fetch_log(
    words: str,
    *,
    dest: str | PathLike | None = None,
    offline: bool | None = None,
    progress: bool = True,
) -> Path:
    """The published training log of a model, as :func:`fetch` gets its weights.

    Args:
        words: As for :func:`find_model`.
        dest, offline, progress: As for :func:`fetch`.

    Raises:
        CheckpointError: As for :func:`fetch`, or no log was published.
    """
    row = find_model(words)
    if not row.log_url:
        raise CheckpointError(f'{row.name}: no training log was published')
    return _obtain((row.log_url,), dest, is_offline(offline), progress)


def _obtain(
    addresses: Sequence[str], dest: str | PathLike | None, offline: bool, progress: bool
) -> Path:
    folder = None if dest is None else Path(dest).expanduser()
    wanted = _target(addresses[0], folder)
    asked = sources(addresses)
    ready = _ready(asked, folder)
    if ready is not None:
        return ready
    with Progress(wanted.name, progress) as shown:
        lock = wanted.with_name(f'.{wanted.name}.lock')
        with exclusive(lock, lambda: shown.say('waiting for another process to fetch it')) as held:
            ready = _ready(asked, folder)  # it may have come while we waited
            return ready if ready is not None else _ask(asked, folder, offline, shown, held)


def _ready(asked: Sequence[Source], folder: Path | None) -> Path | None:
    """A good file that is where the caller wants it: in ``folder``, or in any local source."""
    if folder is not None:
        return _already_in(folder, asked)
    for source in asked:
        for place in source.places:
            try:
                if isinstance(place, Path):
                    return _checked(place, source.address)
            except (Unavailable, Rejected):
                continue  # the reason is told when the source is asked
    return None


def _already_in(folder: Path, asked: Sequence[Source]) -> Path | None:
    """The file, if it is in a user's folder; another one of its name there is never touched."""
    for address in dict.fromkeys(source.address for source in asked):
        target = _target(address, folder)
        if not os.path.lexists(target):
            continue
        try:
            if is_single(target.name) or read_record(address) is not None:
                return _checked(target, address)
            why = 'nothing tells what it is'
        except (Unavailable, Rejected) as error:
            why = str(error)
        raise CheckpointError(
            f'{target} is there already, but is not to be taken for the file wanted: {why}. Move '
            'it away, or choose another folder'
        )
    return None


def _ask(
    asked: Sequence[Source], folder: Path | None, offline: bool, shown: Progress, held: bool
) -> Path:
    """Ask one source after the other; the first good file is taken."""
    answers = []
    for source in asked:
        if offline and not source.local:
            answers.append(f'{source.label}: not asked, offline')
            continue
        if not source.places:
            answers.append(f'{source.label}: there is no such folder')
        target = _target(source.address, folder)
        # without a lock, two processes must not write one file
        part = target.with_name(f'{target.name}{"" if held else f".{os.getpid()}"}.part')
        for place in source.places:
            try:
                if folder is None and isinstance(place, Path):
                    return _checked(place, source.address)
                return _brought(place, source.address, part, target, shown)
            except (Unavailable, Rejected) as error:
                where = f' ({place})' if str(place) not in source.label else ''
                answers.append(f'{source.label}{where}: {error}')
                if not getattr(error, 'absent', False):
                    break  # what is not reached, or is broken, is no better elsewhere there
    raise CheckpointError(
        f'{_target(asked[0].address, folder).name} could not be had:\n  '
        + '\n  '.join(dict.fromkeys(answers))  # addresses may share a place in a mirror
        + f'\nGet it elsewhere and put it where the cache was looked into, or into a folder and '
        f'set {MIRROR} to the folder' + (f'; or allow the network ({OFFLINE})' if offline else '')
    )


def _checked(place: Path, address: str) -> Path:
    try:
        verify(place, address)
    except OSError as error:
        absent = not place.exists()
        raise Unavailable('not there' if absent else str(error), absent=absent) from error
    return place


def _brought(place: Path | str, address: str, part: Path, target: Path, shown: Progress) -> Path:
    """Bring a file to its target, whole and checked, or leave the target as it was."""
    with writing(part):
        part.parent.mkdir(parents=True, exist_ok=True)
    resumed = part.is_file()
    take(place, part, shown)
    try:
        verify(part, address)
    except Rejected as error:
        discard(part)
        if not resumed:
            raise
        shown.say(f'{error}; fetching it anew')
        return _brought(place, address, part, target, shown)
    with writing(part):
        os.replace(part, target)
    discard(part)
    return target


def _target(address: str, folder: Path | None) -> Path:
    place = cache_place(address)
    return place if folder is None else folder / place.name
