"""How long the training took, beside its score."""

from __future__ import annotations

import platform
import time
from typing import Any

import torch
from mmengine.hooks import Hook

from mmseg_deeplab.registry import HOOKS

_SECONDS = 'train_seconds'  # in the message hub, so that a resumed run goes on counting


@HOOKS.register_module()
class TimeToTrainHook(Hook):
    """Print a row of model, score and time-to-train, as in MosaicML's tables.

    Counted is the time between the first and the last training step of a run and of those that
    it goes on from, without validation.

    Args:
        model: Name of the model in the row.
        score: The score in the row; None takes the first that ends in ``mIoU``.
    """

    priority = 'LOW'

    def __init__(self, model: str = 'model', score: str | None = None) -> None:
        self.model = model
        self.score = score
        self._since: float | None = None
        self._scores: dict[str, Any] = {}

    def before_train(self, runner: Any) -> None:
        """Start the clock."""
        self._since = time.perf_counter()

    def before_val_epoch(self, runner: Any) -> None:
        """Stop the clock, if a training is under way."""
        self._add(runner)
        self._since = None

    def after_val_epoch(self, runner: Any, metrics: dict[str, Any] | None = None) -> None:
        """Print the row so far, and go on counting.

        Args:
            runner: The runner.
            metrics: Names to scores.
        """
        self._scores = dict(metrics or {})
        if runner.train_loop_if_built() is not None:
            runner.logger.info(f'time to train so far:\n{self.table(runner)}')
            self._since = time.perf_counter()

    def before_save_checkpoint(self, runner: Any, checkpoint: dict) -> None:
        """Note the time in the checkpoint.

        Args:
            runner: The runner.
            checkpoint: Its ``message_hub`` is added to.
        """
        self._add(runner)
        hub = checkpoint.get('message_hub')
        if isinstance(hub, dict) and isinstance(hub.get('runtime_info'), dict):
            hub['runtime_info'][_SECONDS] = runner.message_hub.get_info(_SECONDS)

    def after_train(self, runner: Any) -> None:
        """Print the row."""
        self._add(runner)
        self._since = None
        runner.logger.info(f'time to train:\n{self.table(runner)}')

    def table(self, runner: Any) -> str:
        """The row with its heading, in Markdown.

        Args:
            runner: The runner.
        """
        seconds = runner.message_hub.get_info(_SECONDS) or 0.0
        name = self.score or next((n for n in self._scores if n.endswith('mIoU')), None)
        value = self._scores.get(name)
        shown = '-' if value is None else f'{value:.2f}'
        return (
            f'| Model | {name or "mIoU"} | Time-to-Train on {_hardware(runner)} |\n'
            '| --- | --- | --- |\n'
            f'| {self.model} | {shown} | {seconds / 3600:.3f} hr |'
        )

    def _add(self, runner: Any) -> None:
        if self._since is None:
            return
        now = time.perf_counter()
        before = runner.message_hub.get_info(_SECONDS) or 0.0
        runner.message_hub.update_info(_SECONDS, before + now - self._since)
        self._since = now


def _hardware(runner: Any) -> str:
    count = runner.world_size
    if runner.device.type != 'cuda':
        return f'{count} CPU process{"es" if count > 1 else ""} ({platform.machine()})'
    return f'{count}x{torch.cuda.get_device_name(runner.device)}'
