"""SyncBN where there is one process or no GPU: plain batch norm instead."""

from __future__ import annotations

from torch import nn


def replace_sync_bn(module: nn.Module) -> int:
    """Turn every ``SyncBatchNorm`` below ``module`` into ``BatchNorm2d``, in place.

    Parameters and buffers are the same objects as before, so an optimiser that holds them,
    state-dict keys, and ``requires_grad`` are not affected.

    Args:
        module: A network; it must not be a ``SyncBatchNorm`` itself.

    Returns:
        How many layers were replaced.

    Raises:
        ValueError: ``module`` is itself a ``SyncBatchNorm``, which cannot be done in place.
    """
    if isinstance(module, nn.SyncBatchNorm):
        raise ValueError('module must hold SyncBatchNorm layers, got one such layer itself')
    count = 0
    for parent in list(module.modules()):
        for name, child in parent.named_children():
            if isinstance(child, nn.SyncBatchNorm):
                setattr(parent, name, _as_batch_norm(child))
                count += 1
    return count


def _as_batch_norm(sync: nn.SyncBatchNorm) -> nn.BatchNorm2d:
    plain = nn.BatchNorm2d(
        sync.num_features,
        eps=sync.eps,
        momentum=sync.momentum,
        affine=False,
        track_running_stats=False,
    )
    plain.affine = sync.affine
    plain.track_running_stats = sync.track_running_stats
    for name, parameter in sync.named_parameters(recurse=False):
        setattr(plain, name, parameter)
    for name, buffer in sync.named_buffers(recurse=False):
        plain.register_buffer(name, buffer)
    plain.training = sync.training
    return plain
