"""Measure how many images per second a model predicts."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping
from os import PathLike
from pathlib import Path
from statistics import fmean, median, pvariance
from typing import Any

import torch
from mmengine.config import Config
from torch import nn

from mmseg_deeplab.apis.inference import init_model
from mmseg_deeplab.apis.run_config import ConfigLike, prepare
from mmseg_deeplab.apis.work_dir import make_work_dir
from mmseg_deeplab.engine import SegRunner
from mmseg_deeplab.engine.console import peak_memory
from mmseg_deeplab.registry import DATASETS
from mmseg_deeplab.utils.cores import processor
from mmseg_deeplab.utils.errors import ConfigError
from mmseg_deeplab.utils.files import write_text

Progress = Callable[[int, int, float], None]  # the run, images measured, images per second


def benchmark(
    config: ConfigLike,
    checkpoint: str | PathLike | None = None,
    *,
    work_dir: str | PathLike | None = None,
    repeat_times: int = 1,
    log_interval: int = 50,
    num_images: int = 200,
    warmup: int = 5,
    device: str | None = None,
    backend: str = 'torch',
    precision: str = 'fp32',
    cfg_options: Mapping[str, Any] | None = None,
    data_root: str | PathLike | None = None,
    on_progress: Progress | None = None,
) -> dict[str, Any]:
    """Time the prediction of the test set's images, one after the other.

    The time of an image is that of the model's ``predict`` (network, windows, argmax at the
    original size), the device's work included. Reading and preparing it is not counted.

    Args:
        config: Path, name of a shipped config, ``Config`` or mapping; it is not changed.
        checkpoint: Weights; None measures the untrained model, which is as fast.
        work_dir: Folder of the result ``fps_DATE_TIME.json``; ``work_dirs/NAME`` if None.
        repeat_times: Measure so often, each time with a newly built model.
        log_interval: Images between two calls of ``on_progress``.
        num_images: Images in one measurement; a smaller test set is gone through again.
        warmup: Images before them, which are not counted: the first ones are slow.
        device: ``'cpu'``, ``'cuda:0'``, ``'mps'``; the best one present if None.
        backend: What computes the logits, see :func:`init_model`.
        precision: In which precision.
        cfg_options: Dotted keys and values that replace the config's.
        data_root: Folder of the data, if not the config's.
        on_progress: Called with the number of the run, from 1, the images measured so far and
            their images per second.

    Returns:
        What the file holds: ``overall_fps_N`` of each run, ``average_fps``, ``fps_variance``,
        the median time of an image ``median_ms``, and what was measured on.

    Raises:
        SegError: The config, checkpoint or data is at fault.
    """
    for name, number, least in (
        ('repeat_times', repeat_times, 1),
        ('log_interval', log_interval, 1),
        ('num_images', num_images, 1),
        ('warmup', warmup, 0),
    ):
        if number < least:
            raise ConfigError(f'{name} must be at least {least}, got {number}')
    prepared = prepare(
        config,
        work_dir=work_dir,
        cfg_options=cfg_options,
        data_root=data_root,
        device=device,
        launcher='none',
    )
    loader = _loader_config(prepared)
    make_work_dir(prepared.work_dir)
    rates, times = [], []
    for run in range(1, repeat_times + 1):
        model = init_model(prepared, checkpoint, device, backend=backend, precision=precision)
        seconds: list[float] = []
        for one in _time_images(model, _endless(loader), warmup, num_images):
            seconds.append(one)
            if on_progress is not None and len(seconds) % log_interval == 0:
                on_progress(run, len(seconds), len(seconds) / sum(seconds))
        rates.append(len(seconds) / sum(seconds))
        times += seconds
    found = {
        'config': str(prepared.filename or 'config'),
        'unit': 'img / s',
        **{f'overall_fps_{run}': round(rate, 2) for run, rate in enumerate(rates, start=1)},
        'average_fps': round(fmean(rates), 2),
        'fps_variance': round(pvariance(rates), 4),
        'median_ms': round(1000 * median(times), 2),
        'images_per_run': num_images,
        'backend': backend,
        'precision': precision,
        **_measured_on(next(model.parameters()).device),
    }
    path = Path(prepared.work_dir) / time.strftime('fps_%Y%m%d_%H%M%S.json')
    write_text(path, json.dumps(found, indent=4) + '\n')
    return {**found, 'file': str(path)}


def _loader_config(config: Config) -> dict[str, Any]:
    loader = config.get('test_dataloader')
    if loader is None:
        raise ConfigError('test_dataloader is missing in the config; its images are measured')
    # built here: MMEngine's own way would find no data set of ours outside a run
    return {**loader, 'dataset': DATASETS.build(loader.dataset), 'batch_size': 1}


def _endless(loader: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    while True:
        yield from SegRunner.build_dataloader(dict(loader))


def _time_images(
    model: nn.Module, batches: Iterator[dict[str, Any]], warmup: int, count: int
) -> Iterator[float]:
    """Seconds of each image after the first ``warmup``."""
    device = next(model.parameters()).device
    for index in range(warmup + count):
        data = model.data_preprocessor(next(batches), False)
        _wait(device)
        begun = time.perf_counter()
        with torch.no_grad():
            model(**data, mode='predict')
        _wait(device)
        if index >= warmup:
            yield time.perf_counter() - begun


def _wait(device: torch.device) -> None:
    """Until the device has done all it was given."""
    if device.type == 'cuda':
        torch.cuda.synchronize(device)
    elif device.type == 'mps':
        torch.mps.synchronize()


def _measured_on(device: torch.device) -> dict[str, Any]:
    facts: dict[str, Any] = {'device': str(device), 'torch': torch.__version__}
    if device.type == 'cuda':
        facts['hardware'] = torch.cuda.get_device_name(device)
        facts['peak_memory_mb'] = round(torch.cuda.max_memory_allocated(device) / 2**20)
    else:
        facts['hardware'] = processor().name
        facts['threads'] = torch.get_num_threads()
        facts['peak_memory_mb'] = peak_memory()
    return facts
