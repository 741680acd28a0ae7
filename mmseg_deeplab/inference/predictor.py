"""The one interface that a backend implements: a batch of images in, logits out."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import Protocol

import torch
from torch import Tensor, nn


class Predictor(Protocol):
    """Anything that maps images to logits of the same height and width.

    Shape:
        - batch: (B, C, h, w) float, normalised
        - returned: (B, K, h, w) float, before softmax
    """

    def __call__(self, batch: Tensor) -> Tensor:
        """Logits of a batch."""
        ...


class TorchPredictor:
    """A PyTorch network as a :class:`Predictor`: no gradients, on its device, float32 out.

    Args:
        module: Maps images (B, C, h, w) to logits (B, K, h, w) of the same size; put it in
            ``eval`` mode and on ``device`` first.
        device: Where batches are sent; None leaves them where they are.
        dtype: Precision of autocast (``torch.bfloat16``, ``torch.float16``); None computes in
            the network's own precision.
    """

    def __init__(
        self,
        module: nn.Module,
        device: torch.device | str | None = None,
        *,
        dtype: torch.dtype | None = None,
    ) -> None:
        self.module = module
        self.device = None if device is None else torch.device(device)
        self.dtype = dtype

    def __call__(self, batch: Tensor) -> Tensor:
        """Logits of a batch.

        Shape:
            - batch: (B, C, h, w) float
            - returned: (B, K, h, w) float32, on the network's device
        """
        if self.device is not None:
            batch = batch.to(self.device, non_blocking=True)
        # no_grad, not inference_mode: callers may add to the result in place afterwards
        with torch.no_grad(), self._precision(batch.device):
            return self.module(batch).float()

    def _precision(self, device: torch.device) -> AbstractContextManager:
        if self.dtype is None:
            return nullcontext()
        return torch.autocast(device.type, dtype=self.dtype)
