"""Look a config's data over before training on it."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from itertools import combinations
from os import PathLike
from typing import Any

from mmengine.config import Config

from mmseg_deeplab.apis.audit_report import AuditReport
from mmseg_deeplab.apis.run_config import ConfigLike
from mmseg_deeplab.config import load_config, set_data_root
from mmseg_deeplab.datasets.audit import Finding, SplitAudit, audit_split, compare_splits
from mmseg_deeplab.registry import DATASETS
from mmseg_deeplab.utils.errors import ConfigError, DatasetNotFoundError

QUICK_SECONDS = 4.0
_SPLITS = ('train', 'val', 'test')
_QUICK_SPLITS = ('train', 'val')  # what training reads
_SETTINGS = {'quick', 'seconds'}

Progress = Callable[[str, int, int], None]


def audit_dataset(
    config: ConfigLike,
    *,
    quick: bool = False,
    seconds: float | None = None,
    cfg_options: Mapping[str, Any] | None = None,
    data_root: str | PathLike | None = None,
    on_progress: Progress | None = None,
) -> AuditReport:
    """Look over the data that a config trains, validates and tests on.

    Found are: images without masks and masks without images; files that cannot be read; masks
    of another size than their image, with values outside the classes, saved with too few bits,
    or all ignored; classes that never occur; images that are in two splits, exactly or nearly.

    Args:
        config: Path, name of a shipped config, ``Config`` or mapping; it is not changed. Its
            ``audit`` may be a dict of ``quick`` and ``seconds``, which then are the defaults.
        quick: Only training and validation data, and only so many files, drawn at random, as
            there is time for. Whether files are missing is looked at for all.
        seconds: Time for opening files with ``quick``; 4 if None.
        cfg_options: Dotted keys and values that replace the config's.
        data_root: Folder that every data set reads from, if not the config's.
        on_progress: Called with the name of the split, the images done and their total.

    Returns:
        What was found; ``report.raise_errors()`` raises if an error is among it.

    Raises:
        ConfigError: The config is wrong, or has no data set.
    """
    prepared = load_config(config, cfg_options)
    if data_root is not None:
        prepared = set_data_root(prepared, data_root)
    settings = audit_settings(prepared)
    quick = quick or bool(settings.get('quick', False))
    seconds = settings.get('seconds', QUICK_SECONDS) if seconds is None else seconds
    datasets = _dataset_configs(prepared, _QUICK_SPLITS if quick else _SPLITS)
    begun = time.monotonic()
    splits, findings = [], []
    for number, (name, dataset) in enumerate(datasets.items()):
        # what is left is shared by the splits that are left, the first two thirds of it
        left = begun + seconds - time.monotonic()
        share = 1.0 if number == len(datasets) - 1 else 2 / 3
        deadline = time.monotonic() + share * left if quick else None
        found = _audit_one(name, dataset, deadline, on_progress)
        splits.append(found)
        told = {(finding.kind, finding.message) for finding in findings}
        # a file that two splits share is told of once
        findings += [one for one in found.findings if (one.kind, one.message) not in told]
    for first, second in combinations(splits, 2):
        names = (first.name, second.name)
        if 'train' in names:  # val and test often are one set, on purpose
            findings += compare_splits(first.fingerprints, second.fingerprints, names)
    name = str(prepared.filename or 'config')
    return AuditReport(name, splits, findings, quick, time.monotonic() - begun)


def audit_settings(config: Config) -> dict[str, Any]:
    """The settings in a config's ``audit``; none where it is True, False or missing.

    Args:
        config: The whole config.

    Raises:
        ConfigError: It is something else, or a dict with unknown keys.
    """
    settings = config.get('audit')
    if settings is None or isinstance(settings, bool):
        return {}
    if not isinstance(settings, dict):
        raise ConfigError(
            f'audit must be True, False or a dict of {" and ".join(sorted(_SETTINGS))}, '
            f'got {settings!r}'
        )
    unknown = sorted(set(settings) - _SETTINGS)
    if unknown:
        raise ConfigError(
            f'audit may hold {" and ".join(sorted(_SETTINGS))}, got {", ".join(unknown)}'
        )
    return dict(settings)


def _dataset_configs(config: Config, names: tuple[str, ...]) -> dict[str, Any]:
    """Each split's data set; one that reads the same files as an earlier split is left out."""
    found: dict[str, Any] = {}
    for name in names:
        loader = config.get(f'{name}_dataloader')
        dataset = None if loader is None else loader.get('dataset')
        if dataset is not None and dataset not in found.values():
            found[name] = dataset
    if not found:
        raise ConfigError('the config has no data set: train_dataloader.dataset is missing')
    return found


def _audit_one(
    name: str, dataset: Any, deadline: float | None, on_progress: Progress | None
) -> SplitAudit:
    try:
        built = DATASETS.build(dataset)
        built.full_init()
    except DatasetNotFoundError as error:
        return SplitAudit(name, (), findings=[Finding('not-found', name, str(error))])

    def progress(done: int, total: int) -> None:
        if on_progress is not None:
            on_progress(name, done, total)

    return audit_split(built, name, deadline=deadline, on_progress=progress)
