"""One set of batch-norm statistics for all processes when a model is validated."""

from __future__ import annotations

from typing import Any

import torch.distributed as dist
from mmengine.dist import get_dist_info
from mmengine.hooks import Hook
from mmengine.model import is_model_wrapper

from mmseg_deeplab.registry import HOOKS


@HOOKS.register_module()
class ShareBuffersHook(Hook):
    """Before validation, gives every process the first one's buffers.

    Plain batch norm keeps statistics per process; the first process's are in the checkpoint,
    so the same are validated, and a resumed run gives the same scores.
    """

    priority = 'LOWEST'  # after the EMA hook has put its weights into the model

    def before_val_epoch(self, runner: Any) -> None:
        """Broadcast the buffers of the model.

        Args:
            runner: The runner.
        """
        if get_dist_info()[1] == 1:
            return
        model = runner.model.module if is_model_wrapper(runner.model) else runner.model
        for buffer in model.buffers():
            dist.broadcast(buffer, src=0)
