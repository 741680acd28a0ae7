"""The two packages under one set of names, so that the same code measures both."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from mmengine.registry import init_default_scope
from mmengine.structures import PixelData

PEER, OURS = 'mmseg', 'mmseg_deeplab'


class Side:
    """One package, imported and registered.

    Args:
        package: ``'mmseg'`` or ``'mmseg_deeplab'``.
    """

    def __init__(self, package: str) -> None:
        self.package = package
        if package == PEER:
            import mmcv_ops_stub

            mmcv_ops_stub.install()
            init_default_scope(PEER)  # mmcv looks for a UNet's upsampling there
        for name in ('models', 'datasets', 'evaluation'):
            importlib.import_module(f'{package}.{name}')
        self.registry = importlib.import_module(f'{package}.registry')
        self._samples = importlib.import_module(f'{package}.structures')

    def build(self, registry: str, cfg: dict) -> Any:
        """An object of a registry (``'MODELS'``, ``'TRANSFORMS'``, ``'METRICS'``)."""
        return getattr(self.registry, registry).build(cfg)

    def sample(self, labels: torch.Tensor | None = None, **metainfo: Any) -> Any:
        """A data sample with labels (H, W) and metainfo."""
        sample = self._samples.SegDataSample(metainfo=metainfo)
        if labels is not None:
            sample.gt_sem_seg = PixelData(data=labels[None])
        return sample


@contextmanager
def casts_of(dtype: torch.dtype) -> Iterator[None]:
    """While float64 is measured, ``tensor.float()`` keeps float64.

    MMSegmentation casts labels and weights to float32 on the way, which would round what is
    otherwise computed in float64: its rounding would be measured instead of its arithmetic.

    Args:
        dtype: Of the measurement; for float32 nothing changes.
    """
    original = torch.Tensor.float
    if dtype is torch.float64:
        torch.Tensor.float = torch.Tensor.double
    try:
        yield
    finally:
        torch.Tensor.float = original
