"""What a conversion is going to do, file by file, before it does anything."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from mmseg_deeplab.datasets.prepare.archives import Member
from mmseg_deeplab.utils.errors import DataError, DatasetNotFoundError

Say = Callable[[str], None]


class Closable(Protocol):
    """An archive."""

    def close(self) -> None:
        """Close it."""


class Output(NamedTuple):
    """A file to be written.

    Attributes:
        path: Relative to the output folder, with forward slashes.
        content: All of its bytes.
    """

    path: str
    content: bytes


@dataclass(frozen=True)
class Job:
    """The smallest part of a conversion: it is done whole or not at all.

    Attributes:
        key: Its name, the same in every run.
        sources: The files that it reads.
        make: Yields the files; what the user should know goes to the function that it gets.
        count: How many files it makes in which folder, without making them.
        mark: Changes with what the job makes, where that does not come from the sources alone.
    """

    key: str
    sources: tuple[Member, ...]
    make: Callable[[Say], Iterator[Output]]
    count: Callable[[], Mapping[str, int]]
    mark: int = 0


@dataclass(frozen=True)
class Plan:
    """A whole conversion.

    Attributes:
        name: Of the converter.
        out_dir: Where the data set comes to lie.
        settings: All that the files depend on besides the archives; JSON values.
        jobs: The parts.
        archives: To be closed in the end.
        folders: Made even if nothing comes to lie in them.
        documented: How many files MMSegmentation's documentation promises in which folder.
        notes: What the user should know beforehand.
        merge: The output folder may hold other files already, as where labels are put beside
            the images of a data set.
    """

    name: str
    out_dir: Path
    settings: Mapping[str, Any]
    jobs: Sequence[Job]
    archives: Sequence[Closable] = ()
    folders: Sequence[str] = ()
    documented: Mapping[str, int] = field(default_factory=dict)
    notes: Sequence[str] = ()
    merge: bool = False

    def close(self) -> None:
        """Close the archives."""
        for archive in self.archives:
            archive.close()

    def count(self) -> dict[str, int]:
        """How many files there will be in which folder, from the headers of the images."""
        total: dict[str, int] = dict.fromkeys(self.folders, 0)
        for job in self.jobs:
            for folder, number in job.count().items():
                total[folder] = total.get(folder, 0) + number
        return total


def file_job(key: str, content: bytes) -> Job:
    """A job that writes one file whose content is known.

    Args:
        key: Its path.
        content: Its bytes.
    """
    return Job(
        key=key,
        sources=(),
        make=lambda say: iter([Output(key, content)]),
        count=lambda: {key.rpartition('/')[0]: 1},
        mark=zlib.crc32(content),
    )


def read_stems(path: Path) -> list[str]:
    """The names that a published list holds, in its order.

    Args:
        path: A text file; the names are separated by white space.

    Raises:
        DatasetNotFoundError: It is missing, empty, or cannot be read.
        DataError: It is no text.
    """
    try:
        names = path.read_text(encoding='utf-8').split()
    except OSError as error:
        raise DatasetNotFoundError(f'{path}: cannot be read ({error.strerror})') from error
    except UnicodeDecodeError as error:
        raise DataError(f'{path}: not a list of names ({error}); download it again') from error
    if not names:
        raise DatasetNotFoundError(f'{path}: the list is empty; unpack or download it again')
    return names


def check_pairs(images: Mapping[str, Member], labels: Mapping[str, Member], where: str) -> None:
    """Every image has a label and every label an image.

    Args:
        images: By key.
        labels: By key.
        where: The split, for the message.

    Raises:
        DataError: One is alone; up to five are named.
    """
    for alone, one, other in (
        (set(labels) - set(images), 'label', 'image'),
        (set(images) - set(labels), 'image', 'label'),
    ):
        if alone:
            raise DataError(
                f'{where}: {len(alone)} {one}(s) without {other}: {_some(alone)}; an archive is '
                'missing or was not downloaded whole'
            )


def _some(names: Iterable[str], most: int = 5) -> str:
    ordered = sorted(names)
    return ', '.join(ordered[:most]) + (', ...' if len(ordered) > most else '')
