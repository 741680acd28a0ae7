"""Packing a data set into shards: a few large files for sequential reading.

A shard is a tar archive in which image and label of a sample lie side by side under one stem, as
WebDataset wants them too. The index beside the shards gives the place of every file, so that
samples can be counted, shuffled and divided among processes exactly.
"""

from __future__ import annotations

import io
import json
import os
import secrets
import tarfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path

import numpy as np

from mmseg_deeplab.datasets.packed import FORMAT, INDEX_SUFFIX
from mmseg_deeplab.datasets.prepare.pixel_store import (
    IMAGE_SUFFIX,
    LABEL_SUFFIX,
    image_tile,
    label_tile,
)
from mmseg_deeplab.utils.errors import ConfigError, DataError, DatasetNotFoundError
from mmseg_deeplab.utils.files import UniqueNames, file_hash, write_text

_NAMED = 5  # missing files in the message
Contents = Callable[[str, str], Iterator[tuple[str, bytes]]]


def pack(
    samples: Sequence[tuple[str, str]],
    destination: str | Path,
    *,
    num_shards: int = 8,
    shuffle: bool = False,
    seed: int = 0,
    pixels: bool = False,
    codec: str | None = None,
    on_progress: Callable[[int, int], None] | None = None,
) -> Path:
    """Pack images and labels; what lies at the destination stays until all is written.

    Args:
        samples: Paths of an image and of its label.
        destination: ``DIR/NAME``: the shards are ``DIR/NAME0.tar`` and so on, in which the
            samples keep their order and are divided as evenly as can be, the index
            ``DIR/NAME.shards.json``.
        num_shards: 1 or more, at most one for each sample.
        shuffle: Change the order first. Readers shuffle as well.
        seed: Of that order.
        pixels: Store pixels that are quick to read, see :mod:`mmseg_deeplab.datasets.tiles`,
            instead of the files; the index then holds the hash of every file.
        codec: Of the images' pixels, ``'zstd'``, ``'zlib'`` or ``'raw'``; None is ``'zstd'``, or
            ``'raw'`` where Zstandard is not installed. Labels are always compressed.
        on_progress: Called with ``(samples written, samples in all)``.

    Returns:
        The index, for a data set's ``ann_file``.

    Raises:
        DataError: Files are missing, have equal names, or cannot be written.
        ConfigError: ``num_shards`` does not fit.
    """
    if not 1 <= num_shards <= max(len(samples), 1):
        raise ConfigError(
            f'num_shards must be from 1 to the number of samples ({len(samples)}), got {num_shards}'
        )
    _refuse_missing([path for sample in samples for path in sample])
    order = np.random.RandomState(seed).permutation(len(samples)) if shuffle else None
    chosen = [samples[index] for index in (range(len(samples)) if order is None else order)]
    destination = Path(destination)
    names = UniqueNames()
    files, records, done = [], [], 0
    with ExitStack() as undo:
        moves = []
        for number, part in enumerate(np.array_split(np.arange(len(chosen)), num_shards)):
            shard = destination.with_name(f'{destination.name}{number}.tar')
            temporary = shard.with_name(f'.{shard.name}.{secrets.token_hex(4)}')
            undo.callback(_remove, temporary)
            contents = _pixels(codec) if pixels else _files
            for record in _write(temporary, [chosen[index] for index in part], names, contents):
                records.append([number, *record])
                done += 1
                if on_progress is not None:
                    on_progress(done, len(chosen))
            files.append([shard.name, temporary.stat().st_size])
            moves.append((temporary, shard))
        try:
            for temporary, shard in moves:
                os.replace(temporary, shard)
        except OSError as error:
            raise DataError(f'{shard}: cannot be written ({error.strerror})') from error
    index = {'format': FORMAT, 'files': files, 'records': records}
    if pixels:
        index['sources'] = [
            [[os.path.abspath(path), file_hash(path)] for path in sample] for sample in chosen
        ]
    text = json.dumps(index, separators=(',', ':'))
    return write_text(destination.with_name(f'{destination.name}{INDEX_SUFFIX}'), text)


def read_samples(path: str | Path, root: str | Path = '') -> list[tuple[str, str]]:
    """The pairs of a list whose lines are an image and a label.

    Args:
        path: The list.
        root: Folder that its paths are relative to; absolute ones stay as they are.

    Raises:
        DatasetNotFoundError: There is no such list, or it is empty.
        DataError: A line is no pair.
    """
    try:
        lines = Path(path).read_text(encoding='utf-8').splitlines()
    except FileNotFoundError as error:
        raise DatasetNotFoundError(f'{path}: no such list') from error
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f'{path}: the list cannot be read ({error})') from error
    pairs = []
    for number, line in enumerate(lines, start=1):
        columns = line.split('\t') if '\t' in line else line.split()
        if not columns:
            continue
        if len(columns) != 2:
            raise DataError(f'{path}, line {number}: must be an image and a label, got {line!r}')
        image, label = (os.path.join(root, column.strip()) for column in columns)
        pairs.append((image, label))
    if not pairs:
        raise DatasetNotFoundError(f'{path}: the list is empty')
    return pairs


def _refuse_missing(paths: Sequence[str]) -> None:
    missing = [path for path in paths if not os.path.isfile(path)]
    if missing:
        more = ', ...' if len(missing) > _NAMED else ''
        raise DatasetNotFoundError(
            f'{len(missing)} of {len(paths)} files are missing: {", ".join(missing[:_NAMED])}'
            f'{more}; check the list and the folder that its paths are relative to'
        )


def _files(image: str, label: str) -> Iterator[tuple[str, bytes]]:
    """Suffix and content of an image and its label."""
    for path in (image, label):
        yield Path(path).suffix, Path(path).read_bytes()


def _pixels(codec: str | None) -> Contents:
    def contents(image: str, label: str) -> Iterator[tuple[str, bytes]]:
        yield IMAGE_SUFFIX, image_tile(image, codec)
        yield LABEL_SUFFIX, label_tile(label)

    return contents


def _write(
    path: Path, samples: Sequence[tuple[str, str]], names: UniqueNames, contents: Contents
) -> Iterator[tuple[str, list[int], str, list[int]]]:
    """Write one shard; names and places of each sample's two files."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tarfile.open(path, 'x', format=tarfile.USTAR_FORMAT) as archive:
            for image, label in samples:
                # up to the first dot a name is the sample's key to readers of WebDataset
                stem = names.stem(image).replace('.', '_')
                places = [
                    _add(archive, f'{stem}{suffix}', content)
                    for suffix, content in contents(image, label)
                ]
                yield (*places[0], *places[1])
    except (OSError, tarfile.TarError) as error:
        raise DataError(f'{path.parent}: a shard cannot be written ({error})') from error


def _add(archive: tarfile.TarFile, name: str, content: bytes) -> tuple[str, list[int]]:
    member = tarfile.TarInfo(name)
    member.size = len(content)
    archive.addfile(member, io.BytesIO(content))
    # archives are padded to blocks of 512 bytes behind each file
    return name, [archive.offset - -(-len(content) // tarfile.BLOCKSIZE) * tarfile.BLOCKSIZE,
                  len(content)]  # fmt: skip


def _remove(path: Path) -> None:
    with suppress(OSError):
        path.unlink()
