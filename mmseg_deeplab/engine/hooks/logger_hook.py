"""From the message hub to events: what is logged, and when."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mmengine.dist import is_main_process
from mmengine.hooks import LoggerHook as BaseLoggerHook
from mmengine.runner import EpochBasedTrainLoop

from mmseg_deeplab.engine import console
from mmseg_deeplab.engine.events import Event, JsonLines, TensorBoard, cut_log, set_aside
from mmseg_deeplab.engine.loops import VALIDATED
from mmseg_deeplab.registry import HOOKS

LOG = 'log.jsonl'  # in the work directory


@HOOKS.register_module()
class LoggerHook(BaseLoggerHook):
    """Logs as text, as JSON lines in ``work_dir/log.jsonl``, and to the visualizer's backends.

    On resume the JSON lines after the checkpoint are removed, so the file tells of one run,
    however often it was interrupted.

    Args:
        interval: Iterations between two lines.
        ignore_last: With epochs: no extra line at an epoch's end.
        interval_exp_name: Not used; taken because configs written for MMEngine may have it.
        out_dir: Copy the logs to this folder at the end.
        out_suffix: Of the files that are copied.
        keep_local: Whether copied files also stay.
        log_metric_by_epoch: Give the visualizer's backends validation scores by epoch.
        tensorboard: Also write curves for TensorBoard into ``work_dir/tensorboard``.
        progress_bar: Show a bar with the time left where stderr is a terminal.
    """

    def __init__(
        self,
        interval: int = 10,
        ignore_last: bool = True,
        interval_exp_name: int = 1000,
        out_dir: str | Path | None = None,
        out_suffix: str | Sequence[str] = ('.json', '.log', '.py', 'yaml'),
        keep_local: bool = True,
        log_metric_by_epoch: bool = True,
        tensorboard: bool = False,
        progress_bar: bool = True,
    ) -> None:
        super().__init__(
            interval=interval,
            ignore_last=ignore_last,
            interval_exp_name=interval_exp_name,
            out_dir=out_dir,
            out_suffix=out_suffix,
            keep_local=keep_local,
            log_metric_by_epoch=log_metric_by_epoch,
        )
        self.tensorboard = tensorboard
        self.progress_bar = progress_bar
        self._bar: console.ProgressBar | None = None

    def before_run(self, runner: Any) -> None:
        """Show the bar.

        Args:
            runner: The runner.
        """
        super().before_run(runner)
        if self.progress_bar and is_main_process() and sys.stderr.isatty():
            self._bar = console.ProgressBar(runner.logger)

    def before_train(self, runner: Any) -> None:
        """Open the log, cut back to where training goes on.

        Args:
            runner: The runner.
        """
        if not is_main_process():
            return
        path = Path(runner.work_dir) / LOG
        at = runner.iter
        validated = runner.message_hub.get_info(VALIDATED) == at

        def belongs(event: Event) -> bool:
            number = event.get('iter', 0)
            redone = event['kind'] == 'end' or (event['kind'] == 'val' and not validated)
            return number < at or (number == at and at > 0 and not redone)

        if at or runner.resumes:
            cut_log(path, belongs)
        else:
            set_aside(path)
        runner.events.add(JsonLines(path))
        if self.tensorboard:
            runner.events.add(TensorBoard(Path(runner.work_dir) / 'tensorboard', at))
        facts = dict(max_iters=runner.max_iters, seed=runner.base_seed, device=str(runner.device))
        kind = 'resume' if at else 'start'
        runner.emit(kind, iter=at, processes=runner.world_size, **facts)

    def after_train_iter(
        self, runner: Any, batch_idx: int, data_batch: Any = None, outputs: Any = None
    ) -> None:
        """Log if the interval is over.

        Args:
            runner: The runner.
            batch_idx: In the epoch, from 0; with iterations, of all.
            data_batch: What the loader gave.
            outputs: Not used.
        """
        at = runner.iter + 1
        if self._bar is not None:
            self._bar.update('train', at, runner.max_iters)
        by_epoch = isinstance(runner.train_loop, EpochBasedTrainLoop)
        last = self.is_last_train_iter(runner) or (
            by_epoch
            and not self.ignore_last
            and self.end_of_epoch(runner.train_dataloader, batch_idx)
        )
        if not (self.every_n_inner_iters(batch_idx, self.interval) or last):
            return
        runner.settle()
        event, tag = self._train_event(runner, batch_idx, data_batch, by_epoch)
        runner.logger.info(console.train_line({'kind': 'train', **event}))
        runner.visualizer.add_scalars(tag, step=at, file_path=self.json_log_path)
        runner.emit('train', **event)
        if self._bar is not None and event.get('loss') is not None:
            self._bar.update('train', at, runner.max_iters, f'loss {event["loss"]:.4f}')

    def after_val_iter(
        self, runner: Any, batch_idx: int, data_batch: Any = None, outputs: Any = None
    ) -> None:
        """Show how far the validation is.

        Args:
            runner: The runner.
            batch_idx: From 0.
            data_batch: Not used.
            outputs: Not used.
        """
        if self._bar is not None:
            self._bar.update('val', batch_idx + 1, len(runner.val_dataloader))
        else:
            super().after_val_iter(runner, batch_idx, data_batch, outputs)

    def after_test_iter(
        self, runner: Any, batch_idx: int, data_batch: Any = None, outputs: Any = None
    ) -> None:
        """Show how far the test is.

        Args:
            runner: The runner.
            batch_idx: From 0.
            data_batch: Not used.
            outputs: Not used.
        """
        if self._bar is not None:
            self._bar.update('test', batch_idx + 1, len(runner.test_dataloader))
        else:
            super().after_test_iter(runner, batch_idx, data_batch, outputs)

    def after_val_epoch(self, runner: Any, metrics: dict[str, Any] | None = None) -> None:
        """Log the scores.

        Args:
            runner: The runner.
            metrics: Names to scores.
        """
        tag, _ = runner.log_processor.get_log_after_epoch(runner, len(runner.val_dataloader), 'val')
        at, epoch = runner.iter, runner.epoch
        event = dict(iter=at, epoch=epoch, **(metrics or {}))
        event.update({key: tag[key] for key in ('time', 'data_time') if key in tag})
        runner.logger.info(console.score_line({'kind': 'val', **event}))
        step = epoch if self.log_metric_by_epoch else at
        runner.visualizer.add_scalars(tag, step=step, file_path=self.json_log_path)
        runner.emit('val', **event)

    def after_test_epoch(self, runner: Any, metrics: dict[str, Any] | None = None) -> None:
        """Log the scores.

        Args:
            runner: The runner.
            metrics: Names to scores.
        """
        super().after_test_epoch(runner, metrics)
        runner.emit('test', iter=0, **(metrics or {}))

    def after_run(self, runner: Any) -> None:
        """Close everything.

        Args:
            runner: The runner.
        """
        if runner.train_loop_if_built() is not None:
            runner.emit('end', iter=runner.iter)
        self._close(runner)
        super().after_run(runner)

    def after_abort(self, runner: Any) -> None:
        """Close everything after an error or a signal; the log has no end, nor has the run.

        Args:
            runner: The runner.
        """
        self._close(runner)
        runner.visualizer.close()

    def _close(self, runner: Any) -> None:
        runner.events.close()
        if self._bar is not None:
            self._bar.close()
            self._bar = None

    def _train_event(
        self, runner: Any, batch_idx: int, data_batch: Any, by_epoch: bool
    ) -> tuple[Event, dict[str, Any]]:
        tag, _ = runner.log_processor.get_log_after_iter(runner, batch_idx, 'train')
        hub = runner.message_hub
        event: Event = dict(
            iter=runner.iter + 1,
            epoch=runner.epoch + 1,
            max_iters=runner.max_iters,
            window=min(
                runner.log_processor.window_size, _length(hub.log_scalars.get('train/loss'))
            ),
        )
        if by_epoch:
            batches = len(runner.train_dataloader)
            event.update(max_epochs=runner.max_epochs, batch=batch_idx + 1, batches=batches)
        event.update({key.removeprefix('train/'): value for key, value in tag.items()})
        scores = hub.log_scalars.get('val/mIoU')
        event.setdefault('memory', console.peak_memory())
        event.update(
            iter=runner.iter + 1,
            epoch=runner.epoch + 1,
            mIoU=None if scores is None else float(scores.current()),
            eta=hub.get_info('eta'),
        )
        seconds = event.get('time')
        count = len(data_batch.get('inputs', ())) if isinstance(data_batch, dict) else 0
        if seconds and count:
            event['images_per_second'] = count * runner.world_size / float(seconds)
        return event, tag


def _length(history: Any) -> int:
    """The number of values that a history can give a mean of, 1 at least."""
    return 1 if history is None else len(history.data[0])
