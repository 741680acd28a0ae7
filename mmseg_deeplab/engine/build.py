"""Small decisions of the runner about its surroundings and its loaders."""

from __future__ import annotations

import copy
import logging
import platform
import sys
from collections.abc import Mapping
from functools import partial
from typing import Any

from mmengine.dist import get_rank
from torch.utils.data import DataLoader

from mmseg_deeplab.engine.sampling import is_endless
from mmseg_deeplab.registry import DATA_SAMPLERS
from mmseg_deeplab.utils.durations import Duration
from mmseg_deeplab.utils.errors import ConfigError

_timestamps: set[str] = set()


def start_method(mp_cfg: Mapping[str, Any] | None) -> dict[str, Any]:
    """How loader workers start: as the config says, else by fork, but not on macOS.

    Args:
        mp_cfg: The config's ``env_cfg.mp_cfg``.
    """
    default = 'spawn' if platform.system() == 'Darwin' else 'fork'  # fork is unsafe there
    return {'mp_start_method': default, **(mp_cfg or {})}


def unused_timestamp(timestamp: str) -> str:
    """A name for a run that no earlier one in this process has.

    MMEngine keeps loggers and message hubs by that name; two runs within one second would
    share them.

    Args:
        timestamp: To the second.
    """
    name, count = timestamp, 1
    while name in _timestamps:
        count += 1
        name = f'{timestamp}_{count}'
    _timestamps.add(name)
    return name


class _EngineNoise(logging.Filter):
    """Drops remarks of MMEngine that tell nothing, or the same of hundreds of parameters.

    That a registry has no child of our scope: six registries are ours; in the others, MMEngine's
    own is the one meant. That a parameter is skipped that a config has frozen.
    """

    _PARTS = (
        'Failed to search registry with scope "mmseg_deeplab"',
        'is skipped since its requires_grad=False',
    )

    def filter(self, record: logging.LogRecord) -> bool:
        message = record.getMessage()
        return not any(part in message for part in self._PARTS)


def quiet_engine_noise(logger: logging.Logger) -> None:
    """Keep remarks of MMEngine that tell nothing out of a log."""
    if not any(isinstance(known, _EngineNoise) for known in logger.filters):
        logger.addFilter(_EngineNoise())


def raise_write_failures(logger: logging.Logger) -> None:
    """Let a log file that cannot be written stop the run; logging would print a traceback.

    Args:
        logger: The run's.
    """
    for handler in logger.handlers:
        if isinstance(handler, logging.FileHandler):
            handler.handleError = partial(_handle_error, handler)  # type: ignore[method-assign]


def _handle_error(handler: logging.FileHandler, record: logging.LogRecord) -> None:
    if isinstance(error := sys.exc_info()[1], OSError):
        raise error
    logging.FileHandler.handleError(handler, record)


def loader_config(config: Mapping[str, Any]) -> dict[str, Any]:
    """A loader's config without what only applies to workers, where there are none.

    Args:
        config: Left unchanged.
    """
    adapted = dict(config)
    if not adapted.get('num_workers'):
        adapted.pop('persistent_workers', None)
        adapted.pop('prefetch_factor', None)
    return adapted


def common_seed(seed: int | None, diff_rank_seed: bool) -> int:
    """The seed that all processes share.

    Args:
        seed: This process's; None means 0.
        diff_rank_seed: Whether MMEngine has added the rank to it.
    """
    return (seed or 0) - (get_rank() if diff_rank_seed else 0)


def each_sample_once(loader: Any, name: str) -> Any:
    """A validation or test loader's config in which no process pads its share.

    Args:
        loader: A config or a loader; a loader is returned as it is.
        name: ``'val_dataloader'`` or ``'test_dataloader'``.

    Raises:
        ConfigError: Its sampler never ends.
    """
    if isinstance(loader, DataLoader) or not isinstance(loader, Mapping):
        return loader
    sampler = loader.get('sampler')
    if not isinstance(sampler, Mapping):
        return loader
    known = sampler.get('type')
    kind = getattr(known, '__name__', known)
    if is_endless(DATA_SAMPLERS.get(known) if isinstance(known, str) else known):
        raise ConfigError(f'{name}.sampler must come to an end, got {kind}; use DefaultSampler')
    if kind != 'DefaultSampler':
        return loader
    adapted = copy.copy(loader)
    adapted['sampler'] = dict(sampler, round_up=False)
    return adapted


def refuse_no_batch(loader: DataLoader) -> None:
    """Refuse a loader for training that will never give a batch.

    Args:
        loader: Built.

    Raises:
        ConfigError: Its data set is empty, or smaller than a batch of which none is left over.
    """
    batches = getattr(loader.batch_sampler, 'batch_sampler', loader.batch_sampler)
    sampler = getattr(batches, 'sampler', None)
    if is_endless(sampler) or not hasattr(sampler, '__len__') or len(loader):
        return
    raise ConfigError(
        f'train_dataloader gives no batch: {len(sampler)} images for each process are fewer than '
        f'its batch_size={getattr(batches, "batch_size", None)}, and drop_last leaves the rest '
        'out; use a smaller batch'
    )


def scheduler_in_steps(scheduler: Any, epoch_length: int, max_iters: int) -> Any:
    """A scheduler's config, or a list of such, with durations such as ``'5ep'`` in its steps.

    Args:
        scheduler: Left unchanged; what is no dict is returned as it is.
        epoch_length: Iterations of an epoch.
        max_iters: Of the whole training.
    """
    if isinstance(scheduler, (list, tuple)):
        return [scheduler_in_steps(each, epoch_length, max_iters) for each in scheduler]
    if not isinstance(scheduler, Mapping) or 'type' not in scheduler:
        return scheduler
    step = epoch_length if scheduler.get('by_epoch', True) else 1
    resolved = dict(scheduler)
    for name in ('begin', 'end', 't_max'):
        if isinstance(resolved.get(name), str):
            duration = Duration.parse(resolved[name], f'param_scheduler.{name}')
            resolved[name] = duration.iterations(epoch_length, max_iters) // step
    return resolved
