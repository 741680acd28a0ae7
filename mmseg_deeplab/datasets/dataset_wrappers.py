"""Several data sets as one, and one data set several times."""

from __future__ import annotations

from collections.abc import Sequence

import mmengine.dataset
from mmengine.dataset import BaseDataset

from mmseg_deeplab.registry import DATASETS
from mmseg_deeplab.utils.errors import ConfigError


@DATASETS.register_module()
class ConcatDataset(mmengine.dataset.ConcatDataset):
    """Data sets one after the other.

    Args:
        datasets: Data sets or their configs. Their classes and palettes must be the same.
        lazy_init: Look for files only when the first sample is asked for.
        ignore_keys: Keys of ``metainfo`` that may differ, such as ``'reduce_zero_label'``.

    Raises:
        ConfigError: The data sets' ``metainfo`` differs.
    """

    def __init__(
        self,
        datasets: Sequence[BaseDataset | dict],
        lazy_init: bool = False,
        ignore_keys: str | list[str] | None = None,
    ) -> None:
        if not datasets:
            raise ConfigError('ConcatDataset needs at least one data set, got none')
        self.datasets = [_build(dataset) for dataset in datasets]
        self.ignore_keys = [ignore_keys] if isinstance(ignore_keys, str) else ignore_keys or []
        self._metainfo = self.datasets[0].metainfo
        _refuse_different_meta(self.datasets, self.ignore_keys)
        self._fully_initialized = False
        if not lazy_init:
            self.full_init()


@DATASETS.register_module()
class RepeatDataset(mmengine.dataset.RepeatDataset):
    """A data set several times over, so that a short epoch becomes a long one.

    Args:
        dataset: A data set or its config.
        times: How often, at least once.
        lazy_init: Look for files only when the first sample is asked for.
    """

    def __init__(self, dataset: BaseDataset | dict, times: int, lazy_init: bool = False) -> None:
        if times < 1:
            raise ConfigError(f'RepeatDataset.times must be at least 1, got {times}')
        self.dataset = _build(dataset)
        self.times = times
        self._metainfo = self.dataset.metainfo
        self._fully_initialized = False
        if not lazy_init:
            self.full_init()


def _build(dataset: BaseDataset | dict) -> BaseDataset:
    """By our registry: MMEngine's own way finds our data sets only while a run is set up."""
    return DATASETS.build(dataset) if isinstance(dataset, dict) else dataset


def _refuse_different_meta(datasets: Sequence[BaseDataset], ignore_keys: Sequence[str]) -> None:
    first = datasets[0].metainfo
    for number, dataset in enumerate(datasets[1:], start=2):
        other = dataset.metainfo
        for key in sorted({*first, *other} - set(ignore_keys)):
            if first.get(key) != other.get(key):
                raise ConfigError(
                    f'the data sets of a ConcatDataset must agree in metainfo.{key}, got '
                    f'{first.get(key)} in the first and {other.get(key)} in number {number}; '
                    'list what may differ in ignore_keys'
                )
