"""Pack a data set into shards: what the command line and Python callers share."""

from __future__ import annotations

import logging
from contextlib import closing
from functools import partial
from os import PathLike
from pathlib import Path

from mmseg_deeplab.datasets.prepare.shards import pack, read_samples
from mmseg_deeplab.engine.console import ProgressBar


def pack_list(
    data_lst: str | PathLike,
    dst_path: str | PathLike,
    *,
    data_root: str | PathLike = '',
    num_shards: int = 8,
    shuffle: bool = True,
    seed: int = 0,
) -> Path:
    """Pack the images and labels of a list into tar archives with an index.

    Args:
        data_lst: Its lines are an image and a label.
        dst_path: ``DIR/NAME`` of ``NAME0.tar``, ... and ``NAME.shards.json``.
        data_root: Folder that the paths in the list are relative to.
        num_shards: How many archives.
        shuffle: Change the order before packing.
        seed: Of that order.

    Returns:
        The index; a data set reads it as its ``ann_file``.

    Raises:
        SegError: Files are missing, or the destination cannot be written.
    """
    samples = read_samples(data_lst, data_root)
    with closing(ProgressBar(logging.getLogger(__name__))) as bar:
        return pack(
            samples,
            Path(dst_path),
            num_shards=num_shards,
            shuffle=shuffle,
            seed=seed,
            on_progress=partial(bar.update, 'pack'),
        )
