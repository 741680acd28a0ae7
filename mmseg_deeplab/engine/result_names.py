"""Refuse, before a test begins, images whose result files would replace each other."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from mmseg_deeplab.utils.errors import DataError
from mmseg_deeplab.utils.files import UniqueNames


def check_result_names(loop: Any, hooks: Iterable[Any]) -> None:
    """Look at the names of all images of a test that writes one file for each.

    Args:
        loop: The test loop.
        hooks: The runner's.

    Raises:
        DataError: Two images have one name, or the data set holds one image twice.
    """
    metrics = getattr(getattr(loop, 'evaluator', None), 'metrics', ())
    writes = any(getattr(metric, 'output_dir', None) is not None for metric in metrics)
    writes = writes or any(getattr(hook, 'show_dir', None) is not None for hook in hooks)
    dataset = getattr(getattr(loop, 'dataloader', None), 'dataset', None)
    if not writes or not hasattr(dataset, 'get_data_info'):
        return
    names, seen = UniqueNames(), set()
    for index in range(len(dataset)):
        path = dataset.get_data_info(index).get('img_path')
        if path is None:
            continue
        name = names.stem(path)
        if name in seen:
            raise DataError(
                f'{Path(path)}: is in the test set more than once, so its result would be '
                'written twice; list each image once, or test without --out and --show-dir'
            )
        seen.add(name)
