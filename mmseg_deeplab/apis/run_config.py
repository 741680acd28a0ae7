"""Put what a caller asks for (flags, arguments) into a config, in one place."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from os import PathLike
from pathlib import Path
from typing import Any

from mmengine.config import Config, ConfigDict

from mmseg_deeplab.apis.sample_reader import without_annotations
from mmseg_deeplab.config import load_config, set_data_root
from mmseg_deeplab.config.cross_check import inner_datasets
from mmseg_deeplab.engine.distributed import pick_device
from mmseg_deeplab.inference import DenseCRF, check_jobs
from mmseg_deeplab.inference.backends import EngineChoice
from mmseg_deeplab.utils.errors import ConfigError
from mmseg_deeplab.utils.processes import started_by_mpi

_IOU_METRICS = ('IoUMetric', 'SemSegMetric')  # of one kind: files of theirs go to the same places

ConfigLike = str | PathLike | Mapping | Config


def prepare(
    config: ConfigLike,
    *,
    work_dir: str | PathLike | None,
    cfg_options: Mapping[str, Any] | None,
    data_root: str | PathLike | None,
    device: str | None,
    launcher: str | None,
) -> Config:
    """Read a config and set what training and testing have in common.

    Args:
        config: Path, name of a shipped config, ``Config`` or mapping; it is not changed.
        work_dir: Folder of the run; ``config.work_dir`` or ``work_dirs/NAME`` if None.
        cfg_options: Dotted keys and values that replace the config's.
        data_root: Folder that every data set reads from, if not the config's.
        device: ``'cpu'``, ``'cuda'``, ``'cuda:1'``, ``'mps'``, or None for the best one.
        launcher: ``'none'``, ``'pytorch'``, ``'slurm'`` or ``'mpi'``; None is ``'mpi'`` among
            processes of ``mpirun``, which would write over each other's files, else ``'none'``.

    Returns:
        A new config with ``work_dir`` and ``launcher`` set.
    """
    prepared = _load(config, cfg_options, data_root)
    name = Path(prepared.filename).stem if prepared.filename else 'run'
    chosen = work_dir or prepared.get('work_dir') or Path('work_dirs') / name
    prepared.work_dir = os.fspath(chosen)
    prepared.launcher = launcher or ('mpi' if started_by_mpi() else 'none')
    if device is not None:
        pick_device(device)  # an unknown or absent device is refused before data is looked at
        prepared.device = device
    return prepared


@contextmanager
def naming_config(config: Config) -> Iterator[None]:
    """Name the config's file in what is wrong with its values, which show when they are used.

    Args:
        config: As :func:`prepare` returns it.

    Raises:
        ConfigError: In place of one that does not name the file.
    """
    try:
        yield
    except ConfigError as error:
        file = config.filename
        if not file or Path(file).name in str(error):
            raise
        raise type(error)(f'{file}: {error}') from error


def load_with_loader(
    config: ConfigLike,
    loader: str,
    *,
    cfg_options: Mapping[str, Any] | None,
    data_root: str | PathLike | None,
) -> Config:
    """Read a config for the sake of one of its data sets.

    Args:
        config: Path, name of a shipped config, ``Config`` or mapping; it is not changed.
        loader: ``'train_dataloader'``, ``'val_dataloader'`` or ``'test_dataloader'``.
        cfg_options: Dotted keys and values that replace the config's.
        data_root: Folder that every data set reads from, if not the config's.

    Returns:
        A new config that has this loader.

    Raises:
        ConfigError: The config is wrong, or has no such loader.
    """
    loaded = _load(config, cfg_options, data_root)
    if loaded.get(loader) is None:
        raise ConfigError(f'{loader} is missing in the config; its data set is to be read')
    return loaded


def use_amp(config: Config) -> None:
    """Turn the optimiser wrapper of a config into the mixed-precision one, in place.

    Args:
        config: One that :func:`prepare` returned.

    Raises:
        ConfigError: The config has a wrapper of its own, which cannot be exchanged.
    """
    wrapper = config.get('optim_wrapper')
    if wrapper is None:
        raise ConfigError('--amp needs an optim_wrapper in the config')
    kind = wrapper.get('type', 'OptimWrapper')
    if kind not in ('OptimWrapper', 'AmpOptimWrapper'):
        raise ConfigError(f'--amp cannot replace optim_wrapper.type {kind!r}; only OptimWrapper')
    wrapper.type = 'AmpOptimWrapper'
    wrapper.setdefault('loss_scale', 'dynamic')


def use_tta(config: Config) -> None:
    """Let a config test several scales and flips of each image, in place.

    Args:
        config: One that :func:`prepare` returned; needs ``tta_pipeline``, and ``tta_model``
            if that is not to be ``SegTTAModel``.

    Raises:
        ConfigError: There is no ``tta_pipeline``.
    """
    if config.get('tta_pipeline') is None:
        raise ConfigError(
            '--aug-test needs a tta_pipeline in the config; take the one of '
            'configs/_base_/datasets/loveda.py'
        )
    tta_model = ConfigDict(config.get('tta_model') or {'type': 'SegTTAModel'})
    own = config.model.get('data_preprocessor')
    if own is not None:
        # the runner would give it the file's variable `data_preprocessor`, which a child config
        # that changes the model's leaves behind
        tta_model.setdefault('data_preprocessor', own)
    tta_model.module = config.model
    config.model = tta_model
    for _, dataset in inner_datasets(config.test_dataloader.dataset):
        dataset.pipeline = config.tta_pipeline


def use_crf(config: Config, jobs: int | None) -> None:
    """Let a config's test put a dense CRF behind the model, in place; after :func:`use_tta`.

    Args:
        config: One that :func:`prepare` returned; its ``crf`` may set the CRF's parameters.
        jobs: Batches whose CRF is computed at a time; all cores' worth if None.

    Raises:
        ConfigError: The parameters are wrong, or the config has a test loop of its own.
    """
    loop = config.get('test_cfg') or {}
    kind = loop.get('type', 'TestLoop')
    if getattr(kind, '__name__', kind) != 'TestLoop':
        raise ConfigError(f'--crf cannot replace test_cfg.type {kind!r}; only TestLoop')
    crf = dict(config.get('crf') or {})
    DenseCRF.from_cfg(crf)  # refused before anything is built
    check_jobs(jobs)
    config.test_cfg = {**loop, 'type': 'CRFTestLoop', 'crf': crf, 'jobs': jobs}
    if config.model.get('type') == 'SegTTAModel':
        config.model.with_logits = True


def use_predictor(
    config: Config, choice: EngineChoice, *, store: str | PathLike | None = None
) -> None:
    """Let another runtime, or another precision, compute the logits of a test, in place.

    Args:
        config: One that :func:`prepare` returned.
        choice: What computes.
        store: Folder of the exported models; None takes the one in the cache folder.
    """
    hook = dict(type='PredictorHook', backend=choice.backend, precision=choice.precision)
    if store is not None:
        hook['store'] = os.fspath(store)
    config.custom_hooks = [*(config.get('custom_hooks') or []), hook]


def leave_labels_out(config: Config) -> None:
    """Let a test that only writes predictions read no labels, in place.

    Args:
        config: One that :func:`prepare` returned, with a ``test_dataloader``.
    """
    for _, dataset in inner_datasets(config.test_dataloader.dataset):
        dataset.pipeline = without_annotations(dataset.pipeline)


def set_report_dir(config: Config, evaluator: str, folder: str) -> None:
    """Let each ``IoUMetric`` write its files below the work dir, in place.

    Args:
        config: One that :func:`prepare` returned.
        evaluator: ``'val_evaluator'`` or ``'test_evaluator'``; may be missing in the config.
        folder: Name of the folder below ``work_dir``; a ``report_dir`` in the config wins.
    """
    for metric in iou_metrics(config.get(evaluator)):
        if metric.get('report_dir') is None:
            metric['report_dir'] = os.path.join(config.work_dir, folder)


def iou_metrics(evaluator: Any) -> Iterator[Any]:
    """The configs of every ``IoUMetric``, and of metrics of its kind, in an evaluator's config.

    Args:
        evaluator: A metric, a list of metrics, or a dict with ``metrics``.
    """
    if isinstance(evaluator, (list, tuple)):
        for inner in evaluator:
            yield from iou_metrics(inner)
    elif isinstance(evaluator, dict) and 'metrics' in evaluator:
        yield from iou_metrics(evaluator['metrics'])
    elif isinstance(evaluator, dict):
        kind = evaluator.get('type')
        if getattr(kind, '__name__', kind) in _IOU_METRICS:
            yield evaluator


def _load(
    config: ConfigLike, cfg_options: Mapping[str, Any] | None, data_root: str | PathLike | None
) -> Config:
    loaded = load_config(config, cfg_options)
    return loaded if data_root is None else set_data_root(loaded, data_root)
