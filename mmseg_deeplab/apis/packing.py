"""Pack a data set into shards: what the command line and Python callers share."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from contextlib import closing
from functools import partial
from os import PathLike
from pathlib import Path
from typing import Any

from mmseg_deeplab.apis.run_config import ConfigLike, load_with_loader
from mmseg_deeplab.datasets.prepare.pixel_store import verify
from mmseg_deeplab.datasets.prepare.shards import pack, read_samples
from mmseg_deeplab.datasets.tiles import best_codec
from mmseg_deeplab.engine.console import ProgressBar
from mmseg_deeplab.registry import DATASETS
from mmseg_deeplab.utils.errors import ConfigError
from mmseg_deeplab.utils.log import warn_once

PHASES = ('train', 'val', 'test')


def pack_list(
    data_lst: str | PathLike,
    dst_path: str | PathLike,
    *,
    data_root: str | PathLike = '',
    num_shards: int = 8,
    shuffle: bool = True,
    seed: int = 0,
    pixels: bool = False,
    codec: str | None = None,
) -> Path:
    """Pack the images and labels of a list into tar archives with an index.

    Args:
        data_lst: Its lines are an image and a label.
        dst_path: ``DIR/NAME`` of ``NAME0.tar``, ... and ``NAME.shards.json``.
        data_root: Folder that the paths in the list are relative to.
        num_shards: How many archives.
        shuffle: Change the order before packing.
        seed: Of that order.
        pixels: Store pixels that are quick to read, instead of the files.
        codec: Of the images' pixels: ``'zstd'``, small; ``'raw'``, the fastest; ``'zlib'``. None is
            ``'zstd'``, or ``'raw'`` where Zstandard is not installed.

    Returns:
        The index; a data set reads it as its ``ann_file``.

    Raises:
        SegError: Files are missing, or the destination cannot be written.
    """
    samples = read_samples(data_lst, data_root)
    return _pack(
        samples, dst_path, num_shards, shuffle=shuffle, seed=seed, pixels=pixels, codec=codec
    )


def pack_dataset(
    config: ConfigLike,
    dst_path: str | PathLike,
    *,
    phase: str = 'train',
    num_shards: int = 8,
    pixels: bool = True,
    codec: str | None = None,
    cfg_options: Mapping[str, Any] | None = None,
    data_root: str | PathLike | None = None,
) -> Path:
    """Pack the data set of a config, in its order.

    Args:
        config: Path, name of a shipped config, ``Config`` or mapping; it is not changed.
        dst_path: As for :func:`pack_list`.
        phase: ``'train'``, ``'val'`` or ``'test'``: whose loader's data set.
        num_shards: How many archives; at most one for each image.
        pixels: Store pixels that are quick to read, instead of the files.
        codec: As for :func:`pack_list`.
        cfg_options: Dotted keys and values that replace the config's.
        data_root: Folder of the data, if not the config's.

    Returns:
        As :func:`pack_list`.

    Raises:
        SegError: The config is wrong, images have no labels, files are missing or unfit, or the
            destination cannot be written.
    """
    if phase not in PHASES:
        raise ConfigError(f'phase must be one of {", ".join(PHASES)}, got {phase!r}')
    name = f'{phase}_dataloader'
    loaded = load_with_loader(config, name, cfg_options=cfg_options, data_root=data_root)
    dataset = DATASETS.build(loaded[name].dataset)
    records = [dataset.get_data_info(index) for index in range(len(dataset))]
    if any('seg_map_path' not in record for record in records):
        raise ConfigError(f'{name}: its images have no labels, and only pairs can be packed')
    # a data set that repeats another names a pair more than once
    samples = dict.fromkeys((record['img_path'], record['seg_map_path']) for record in records)
    shards = min(num_shards, len(samples))
    return _pack(list(samples), dst_path, shards, shuffle=False, seed=0, pixels=pixels, codec=codec)


def verify_pack(index: str | PathLike) -> tuple[int, list[str]]:
    """Read every picture of a store of pixels, and compare the files that it was made from.

    Args:
        index: ``NAME.shards.json``.

    Returns:
        The number of samples, and the files that have changed since.

    Raises:
        SegError: A picture is damaged, or the index is none of such a store.
    """
    with closing(ProgressBar(logging.getLogger(__name__))) as bar:
        return verify(index, on_progress=partial(bar.update, 'verify'))


def _pack(
    samples: Sequence[tuple[str, str]],
    dst_path: str | PathLike,
    num_shards: int,
    *,
    shuffle: bool,
    seed: int,
    pixels: bool,
    codec: str | None,
) -> Path:
    if pixels and codec is None and best_codec() != 'zstd':
        warn_once(
            'Zstandard is not installed: images are stored uncompressed; pip install zstandard'
        )
    with closing(ProgressBar(logging.getLogger(__name__))) as bar:
        return pack(
            samples,
            Path(dst_path),
            num_shards=num_shards,
            shuffle=shuffle,
            seed=seed,
            pixels=pixels,
            codec=codec,
            on_progress=partial(bar.update, 'pack'),
        )
