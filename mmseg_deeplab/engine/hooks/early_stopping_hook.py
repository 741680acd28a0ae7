"""Early stopping whose patience survives a resume."""

from __future__ import annotations

from typing import Any

from mmengine.hooks import EarlyStoppingHook as BaseEarlyStoppingHook

from mmseg_deeplab.registry import HOOKS

_KEY = 'early_stopping'  # in the message hub, and so in checkpoints


@HOOKS.register_module()
class EarlyStoppingHook(BaseEarlyStoppingHook):
    """MMEngine's ``EarlyStoppingHook``, with its state in checkpoints.

    Its arguments are MMEngine's: ``monitor``, ``rule``, ``min_delta``, ``strict``,
    ``check_finite``, ``patience``, ``stopping_threshold``.
    """

    def before_run(self, runner: Any) -> None:
        """Nothing to check: MMEngine's own check would build the training set to test a model.

        Args:
            runner: The runner.
        """

    def before_train(self, runner: Any) -> None:
        """Take up the state of the run that is resumed.

        Args:
            runner: The runner.
        """
        state = runner.message_hub.get_info(_KEY)
        if state is not None:
            self.wait_count = state['wait_count']
            self.best_score = state['best_score']
            runner.train_loop.stop_training = state['stopped']

    def after_val_epoch(self, runner: Any, metrics: dict[str, Any]) -> None:
        """Count, and stop training if there was no progress for too long.

        Args:
            runner: The runner.
            metrics: Names to scores.
        """
        loop = runner.train_loop_if_built()
        if loop is None:
            return
        super().after_val_epoch(runner, metrics)
        state = dict(
            wait_count=self.wait_count, best_score=self.best_score, stopped=loop.stop_training
        )
        runner.message_hub.update_info(_KEY, state)
