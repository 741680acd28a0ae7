"""What a user writes for a config that is known by name: today's name, one of 0.x, a path."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache

# `mmseg::deeplabv3plus/NAME.py` means a config that comes with the package
SHIPPED_PREFIXES = ('mmseg::', 'mmseg_deeplab::')
_SUFFIX = re.compile(r'\.(py|ya?ml|json)$')
# Words that are spelt otherwise in names of 0.x, or wrongly in a published list.
_OTHER_SPELLINGS = {
    'fp16': 'amp',
    'm': 'mobilenet',  # m-v2-d8
    's101': 'resnest s101',
    'mapillary': 'mapillay',  # the file is named as the original one is
    'ddeeplabv3plus': 'deeplabv3plus',
}


def known_config(text: str, known: Iterable[str]) -> str | None:
    """The known config that a name or a path means; None if there is none, or more than one.

    Args:
        text: A name of 1.x or 0.x, bare, after ``mmseg::FOLDER/``, or at the end of a path with
            a folder ``configs``; with or without suffix. Any other path is somebody's own file.
        known: Names in 1.x.
    """
    reference = text.strip().replace('\\', '/')
    shipped = reference.startswith(SHIPPED_PREFIXES)
    *folders, file = reference.rpartition('::')[2].split('/') if shipped else reference.split('/')
    if folders and not shipped and 'configs' not in folders:
        return None
    return name_of_today(_SUFFIX.sub('', file), known)


def name_of_today(name: str, known: Iterable[str]) -> str | None:
    """The name in 1.x that a name of 0.x means.

    Both say the same in other orders: ``deeplabv3plus_r50-d8_512x512_80k_loveda`` is
    ``deeplabv3plus_r50-d8_4xb4-80k_loveda-512x512``. So two names mean one config if they have
    the same words. A name of 0.x need not give GPUs and batch (``4x4``).

    Args:
        name: Without a suffix.
        known: Names in 1.x.

    Returns:
        The known name itself, or the one that has these words; None if there is none, or more
        than one.
    """
    known = tuple(known)
    if name in known:
        return name
    wanted = _words(name)
    found = [other for other in known if _without_batch(_words(other)) <= wanted <= _words(other)]
    return found[0] if len(found) == 1 else None


@cache
def _words(name: str) -> frozenset[str]:
    """The words of a name in today's spelling."""
    words = re.split(r'[_-]', name.lower())
    spelt = ' '.join(_OTHER_SPELLINGS.get(word, word) for word in words).split()
    return frozenset(re.sub(r'^(\d)x(\d)$', r'\1xb\2', word) for word in spelt)


def _without_batch(words: frozenset[str]) -> set[str]:
    return {word for word in words if not re.fullmatch(r'\d+xb\d+', word)}
