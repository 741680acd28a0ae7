"""Channels-last memory: the order that GPUs' tensor cores like."""

from __future__ import annotations

from typing import Any

import torch
from mmengine.hooks import Hook

from mmseg_deeplab.registry import HOOKS


@HOOKS.register_module()
class ChannelsLastHook(Hook):
    """Keep the model's weights, and so its maps, with the channels of a pixel side by side.

    Scores and checkpoints do not change but for rounding.
    """

    priority = 'VERY_HIGH'  # before the hook that copies the model for an average

    def before_run(self, runner: Any) -> None:
        """Convert the model."""
        runner.model.to(memory_format=torch.channels_last)
