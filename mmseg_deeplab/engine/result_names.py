"""Give the result files of a test names that do not replace each other."""

from __future__ import annotations

import os
from collections.abc import Iterable
from os import PathLike
from pathlib import Path
from typing import Any

from mmseg_deeplab.utils.errors import DataError
from mmseg_deeplab.utils.files import UniqueNames


def names_root(images: Iterable[str | PathLike]) -> str | None:
    """The folder below which the results of a test keep the images' sub-folders.

    Args:
        images: Files of the whole data set.

    Returns:
        The folder that all images have in common, if two of them have one name; None if a
        result is named after its image without folder.
        :class:`~mmseg_deeplab.utils.files.UniqueNames` makes the names.
    """
    paths = {Path(image) for image in images}
    if len({path.stem for path in paths}) == len(paths):
        return None
    return os.path.commonpath([path.absolute().parent for path in paths])


def settle_result_names(loop: Any, hooks: Iterable[Any]) -> None:
    """Look, before a test begins, at the names of all images that it writes files for.

    A result is named after its image without folder. Where images of several folders have one
    name, all results keep the sub-folders: the writers get the folder that all images have in
    common as their ``names_root``.

    Args:
        loop: The test loop.
        hooks: The runner's.

    Raises:
        DataError: The data set holds one image twice, or two that differ in the suffix alone.
    """
    metrics = getattr(getattr(loop, 'evaluator', None), 'metrics', ())
    writers = [metric for metric in metrics if getattr(metric, 'output_dir', None) is not None]
    writers += [hook for hook in hooks if getattr(hook, 'show_dir', None) is not None]
    dataset = getattr(getattr(loop, 'dataloader', None), 'dataset', None)
    if not writers or not hasattr(dataset, 'get_data_info'):
        return
    found = (dataset.get_data_info(index).get('img_path') for index in range(len(dataset)))
    paths = [Path(path) for path in found if path is not None]
    _refuse_twice(paths)
    root = names_root(paths)
    if root is None:
        return
    names = UniqueNames(root)
    for path in paths:
        names.stem(path)
    for writer in writers:
        writer.names_root = root


def _refuse_twice(paths: Iterable[Path]) -> None:
    seen = set()
    for path in paths:
        if path in seen:
            raise DataError(
                f'{path}: is in the test set more than once, so its result would be written '
                'twice; list each image once, or test without --out and --show-dir'
            )
        seen.add(path)
