"""What is done to a model before it is trained: its device, several processes, compiling."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any

import torch
from mmengine.model import MMDistributedDataParallel
from mmengine.registry import MODEL_WRAPPERS
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm

from mmseg_deeplab.utils.errors import ConfigError
from mmseg_deeplab.utils.log import get_logger
from mmseg_deeplab.utils.sync_bn import replace_sync_bn

_COMPILED_PARTS = ('backbone', 'neck', 'decode_head', 'auxiliary_head')


def choose_batch_norm(
    model: nn.Module, device: torch.device, several: bool, to_sync: bool
) -> nn.Module:
    """SyncBN only where it can work: on several GPUs.

    Args:
        model: The model.
        device: What this process computes on.
        several: Whether there are several processes.
        to_sync: Turn plain batch norm into SyncBN where that can work.

    Returns:
        The model, changed in place where possible.
    """
    if several and device.type == 'cuda':
        return nn.SyncBatchNorm.convert_sync_batchnorm(model) if to_sync else model
    count = replace_sync_bn(model)
    if count:
        get_logger().info(f'{count} SyncBN layers became BN: they need several GPUs')
    return model


def has_plain_batch_norm(model: nn.Module) -> bool:
    """Whether a layer keeps batch statistics of its own process only."""
    return any(
        isinstance(layer, _BatchNorm) and not isinstance(layer, nn.SyncBatchNorm)
        for layer in model.modules()
    )


def distribute(
    model: nn.Module,
    device: torch.device,
    wrapper_cfg: Mapping[str, Any] | None,
    find_unused_parameters: bool = False,
) -> nn.Module:
    """Wrap a model for several processes; on a CPU without device numbers.

    Args:
        model: On its device.
        device: That device.
        wrapper_cfg: MMEngine's ``model_wrapper_cfg``; None for ``MMDistributedDataParallel``.
        find_unused_parameters: As in PyTorch, where there is no ``wrapper_cfg``.
    """
    device_ids = [device.index] if device.type == 'cuda' else None
    if wrapper_cfg is None:
        return MMDistributedDataParallel(
            module=model,
            device_ids=device_ids,
            find_unused_parameters=find_unused_parameters,
            **_buffer_option(model),
        )
    wrapper = {'type': 'MMDistributedDataParallel', **wrapper_cfg}
    defaults: dict[str, Any] = dict(module=model)
    if issubclass(MODEL_WRAPPERS.get(wrapper['type']), nn.parallel.DistributedDataParallel):
        defaults.update(device_ids=device_ids, **_buffer_option(model))
        if 'broadcast_buffers' in wrapper:
            defaults.pop('forward_sync_buffers', None)
    return MODEL_WRAPPERS.build(wrapper, default_args=defaults)


def _buffer_option(model: nn.Module) -> dict[str, bool]:
    """Share buffers before each step only where that is needed; PyTorch's default is to do it.

    Plain BN's statistics differ between processes; the first one's are saved, so all must go
    on from those, or a resumed run would differ.
    """
    if has_plain_batch_norm(model):
        return {}
    known = inspect.signature(nn.parallel.DistributedDataParallel).parameters
    name = 'forward_sync_buffers' if 'forward_sync_buffers' in known else 'broadcast_buffers'
    return {name: False}


def compile_parts(model: nn.Module, options: bool | Mapping[str, Any] | None) -> None:
    """Compile a segmentor's parts in place; the keys of its state stay as they are.

    Args:
        model: Without wrapper. Where none of the usual parts is there, all of it is compiled.
        options: The config's ``compile``: True, or arguments of ``torch.compile``.

    Raises:
        ConfigError: ``options`` is something else.
    """
    if not options:
        return
    if options is not True and not isinstance(options, Mapping):
        raise ConfigError(f'compile must be True, False or a dict of options, got {options!r}')
    arguments = {} if options is True else dict(options)
    names = [name for name in _COMPILED_PARTS if getattr(model, name, None) is not None]
    for part in [getattr(model, name) for name in names] or [model]:
        for module in part if isinstance(part, nn.ModuleList) else [part]:
            module.compile(**arguments)
    what = ', '.join(names) or type(model).__name__
    get_logger().info(f'compiling {what}: the first iterations will be slow')
