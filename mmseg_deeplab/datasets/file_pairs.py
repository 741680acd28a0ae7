"""Finding the images of a data set and the label that belongs to each."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from mmseg_deeplab.datasets.packed import is_packed, packed_pairs
from mmseg_deeplab.utils.errors import DataError, DatasetNotFoundError


class Pair(NamedTuple):
    """Paths of an image and of its label; None where the data set has no labels."""

    image: str
    label: str | None


class Folders(NamedTuple):
    """Where images and labels lie and how their names end.

    Attributes:
        image: Folder of the images.
        label: Folder of the labels, or None if there are none.
        image_suffixes: Endings of image names, tried in this order.
        label_suffixes: What stands in an image's name instead to give its label's.
        backend_args: MMEngine's file backend; None means local files.
    """

    image: str
    label: str | None
    image_suffixes: tuple[str, ...]
    label_suffixes: tuple[str, ...]
    backend_args: Mapping[str, Any] | None = None


def scan(folders: Folders) -> list[Pair]:
    """All images below a folder, at any depth, sorted by path.

    Raises:
        DatasetNotFoundError: The folder is missing, or holds no image with the suffix.
    """
    names = list(_files_below(folders.image, folders.backend_args))
    stems = {}
    for name in names:
        suffix = _ending(name, folders.image_suffixes)
        if suffix is not None:
            stems[name] = name[: len(name) - len(suffix)]
    if not stems:
        raise DatasetNotFoundError(_nothing_found(folders, names))
    found = [
        Pair(_join(folders.image, name), _label_of(stem, folders)) for name, stem in stems.items()
    ]
    return sorted(found, key=lambda pair: pair.image)


def read_list(path: str, folders: Folders) -> list[Pair]:
    """The images that a text file lists, in its order.

    A line holds a stem, which gets the suffixes; or an image's file name; or the file names of
    an image and of its label, separated by white space (by a tab where names hold spaces).
    Paths are relative to the folders. Empty lines are skipped. Or the list is the index of shards
    into which images and labels are packed; see :mod:`mmseg_deeplab.datasets.packed`.

    Raises:
        DatasetNotFoundError: The list is missing or empty.
    """
    if is_packed(path):
        labelled = folders.label is not None
        return [Pair(image, label if labelled else None) for image, label in packed_pairs(path)]
    text = read_text(path, folders.backend_args)
    found = [_parse(line.strip(), folders) for line in text.splitlines() if line.strip()]
    if not found:
        raise DatasetNotFoundError(f'{path}: the list of images is empty')
    return found


def read_text(path: str, backend_args: Mapping[str, Any] | None) -> str:
    """The content of a list of images.

    Args:
        path: The file.
        backend_args: MMEngine's file backend; None means a local file.

    Raises:
        DatasetNotFoundError: There is no such file.
        DataError: It cannot be read, or is no text.
    """
    try:
        if backend_args is not None:
            from mmengine import fileio

            return fileio.get_text(path, backend_args=dict(backend_args))
        return Path(path).read_text(encoding='utf-8')
    except FileNotFoundError as error:
        raise DatasetNotFoundError(
            f'{path}: no such list of images; check ann_file, which is relative to data_root'
        ) from error
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f'{path}: the list of images cannot be read ({error})') from error


def _parse(line: str, folders: Folders) -> Pair:
    columns = line.split('\t') if '\t' in line else line.split()
    # without a tab a space may be part of a name, unless the first part is a file name
    if len(columns) == 2 and ('\t' in line or _ending(columns[0], folders.image_suffixes)):
        image, label = (column.strip() for column in columns)
        wanted = None if folders.label is None else _join(folders.label, label)
        return Pair(_join(folders.image, image), wanted)
    suffix = _ending(line, folders.image_suffixes)
    if suffix is not None:
        stem = line[: len(line) - len(suffix)]
        return Pair(_join(folders.image, line), _label_of(stem, folders))
    image = _first_there(_join(folders.image, line), folders.image_suffixes)
    return Pair(image, _label_of(line, folders))


def _label_of(stem: str, folders: Folders) -> str | None:
    if folders.label is None:
        return None
    return _first_there(_join(folders.label, stem), folders.label_suffixes)


def _first_there(stem: str, suffixes: Sequence[str]) -> str:
    """The first suffix whose file exists; the first of all if none does or there is one only."""
    if len(suffixes) > 1:
        for suffix in suffixes:
            if os.path.isfile(stem + suffix):
                return stem + suffix
    return stem + suffixes[0]


def _files_below(folder: str, backend_args: Mapping[str, Any] | None) -> Iterable[str]:
    """Paths relative to ``folder``, with forward slashes, hidden files left out."""
    if backend_args is not None:
        from mmengine import fileio

        yield from fileio.list_dir_or_file(
            folder, list_dir=False, recursive=True, backend_args=dict(backend_args)
        )
        return
    if not os.path.isdir(folder):
        raise DatasetNotFoundError(_no_folder(folder))
    for parent, _, names in os.walk(folder, followlinks=True):
        relative = Path(parent).relative_to(folder)
        for name in names:
            if not name.startswith('.'):
                yield (relative / name).as_posix()


def _ending(name: str, suffixes: Iterable[str]) -> str | None:
    return next((suffix for suffix in suffixes if name.endswith(suffix)), None)


def _join(folder: str, name: str) -> str:
    if not folder:
        return name
    if os.path.isabs(name) and not os.path.exists(name):
        name = name.lstrip('/')  # lists of VOC for DeepLab say /JPEGImages/2007_000032.jpg
    return os.path.join(folder, name)


def _no_folder(folder: str) -> str:
    there = Path(folder).absolute()
    while not there.is_dir() and there != there.parent:
        there = there.parent
    return (
        f'{folder}: no such folder ({there} is the deepest that exists); set data_root and '
        'data_prefix to where the images are'
    )


def _nothing_found(folders: Folders, names: Sequence[str]) -> str:
    suffixes = ' or '.join(repr(suffix) for suffix in folders.image_suffixes)
    others = Counter(os.path.splitext(name)[1] for name in names).most_common(3)
    shown = ', '.join(f'{count} {suffix!r}' for suffix, count in others)
    holds = f'it holds {shown}: set img_suffix' if shown else 'it is empty: set data_root'
    return f'{folders.image}: no images ending in {suffixes}; {holds}'
