"""The message hub's numbers, fed without making each step wait for the device."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from mmengine.logging import MessageHub


class ScalarFeed:
    """Passes a step's losses to the message hub: at once from the CPU, later from a device.

    Args:
        hub: The runner's message hub.
    """

    def __init__(self, hub: MessageHub) -> None:
        self._hub = hub
        self._keys: list[str] = []
        self._values: list[torch.Tensor] = []

    def add(self, scalars: Mapping[str, Any]) -> None:
        """Take a step's numbers.

        Args:
            scalars: Names, as in the hub, to numbers or tensors of one element.
        """
        for key, value in scalars.items():
            if isinstance(value, torch.Tensor) and value.device.type != 'cpu':
                self._keys.append(key)
                self._values.append(value.detach().reshape(()).float())
            else:
                self._hub.update_scalar(key, value)

    def flush(self) -> None:
        """Bring everything taken so far to the hub, in order; waits for the device once."""
        if self._values:
            for key, value in zip(self._keys, torch.stack(self._values).tolist(), strict=True):
                self._hub.update_scalar(key, value)
        self._keys, self._values = [], []
