"""A data set whose samples are made from several of another's."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any

from mmseg_deeplab.datasets.transforms.build import build_transforms
from mmseg_deeplab.registry import DATASETS
from mmseg_deeplab.utils.errors import ConfigError


@DATASETS.register_module()
class MultiImageMixDataset:
    """Runs transforms that need further images, such as ``RandomMosaic``.

    A transform with a method ``get_indices(dataset)`` finds the samples of those indices in
    ``results['mix_results']``.

    Args:
        dataset: The data set or its config; its pipeline loads image and label.
        pipeline: Transforms, as configs or callables, for what it gives.
        skip_type_keys: Class names of transforms to leave out, for example at the end of a
            training.
        lazy_init: Look for files only when the first sample is asked for.

    Raises:
        ConfigError: The pipeline is no list.
    """

    def __init__(
        self,
        dataset: Any,
        pipeline: Sequence[dict],
        skip_type_keys: Sequence[str] | None = None,
        lazy_init: bool = False,
    ) -> None:
        if not isinstance(pipeline, Sequence) or isinstance(pipeline, str):
            raise ConfigError(
                f'MultiImageMixDataset.pipeline must be a list of transforms, got {pipeline!r}'
            )
        self.dataset = DATASETS.build(dataset) if isinstance(dataset, dict) else dataset
        self.pipeline = build_transforms(pipeline)
        self.update_skip_type_keys(skip_type_keys or ())
        self._fully_initialized = False
        if not lazy_init:
            self.full_init()

    @property
    def metainfo(self) -> dict:
        """Class names, palette and the like of the data set inside."""
        return copy.deepcopy(self.dataset.metainfo)

    def full_init(self) -> None:
        """Look for the files, unless that is done."""
        if not self._fully_initialized:
            self.dataset.full_init()
            self._fully_initialized = True

    def get_data_info(self, idx: int) -> dict:
        """One record of the data set inside.

        Args:
            idx: From 0.
        """
        return self.dataset.get_data_info(idx)

    def get_cat_ids(self, idx: int) -> list[int]:
        """Train ids that occur in the label of an image, before mixing.

        Args:
            idx: From 0.
        """
        return self.dataset.get_cat_ids(idx)

    def __len__(self) -> int:
        return len(self.dataset)

    def __getitem__(self, idx: int) -> Any:
        results = copy.deepcopy(self.dataset[idx])
        for transform in self.pipeline:
            if type(transform).__name__ in self._skip_type_keys:
                continue
            if hasattr(transform, 'get_indices'):
                others = transform.get_indices(self.dataset)
                others = [others] if isinstance(others, int) else others
                results['mix_results'] = [copy.deepcopy(self.dataset[other]) for other in others]
            results = transform(results)
            results.pop('mix_results', None)
        return results

    def update_skip_type_keys(self, skip_type_keys: Sequence[str]) -> None:
        """Leave other transforms out from now on; for a hook.

        Args:
            skip_type_keys: Class names.

        Raises:
            ConfigError: They are no list of names.
        """
        if isinstance(skip_type_keys, str) or not all(isinstance(k, str) for k in skip_type_keys):
            raise ConfigError(f'skip_type_keys must be a list of names, got {skip_type_keys!r}')
        self._skip_type_keys = tuple(skip_type_keys)
