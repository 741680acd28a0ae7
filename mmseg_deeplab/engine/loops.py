"""Training loops that go on where a checkpoint was written, without replaying the data."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from mmengine.hooks import EMAHook
from mmengine.runner import EpochBasedTrainLoop, IterBasedTrainLoop, ValLoop
from torch import nn

from mmseg_deeplab.engine import seeding
from mmseg_deeplab.engine.distributed import wait_for_all
from mmseg_deeplab.engine.interrupt import StopRequest, TrainingInterrupted
from mmseg_deeplab.engine.loader import SegDataLoader
from mmseg_deeplab.utils.durations import Duration
from mmseg_deeplab.utils.log import get_logger

VALIDATED = 'validated_iter'  # in the message hub: the iteration of the last validation


class _Steps:
    """What both loops share: the seed of a step, validation, stopping."""

    runner: Any
    dataloader: Any
    _iter: int
    stop_request: StopRequest

    def _begin_step(self, batch: Any) -> None:
        runner = self.runner
        words = (runner.base_seed, seeding.ITERATION, self._iter, runner.rank)
        seeding.seed_generators(*words, devices=True)
        guard = getattr(runner.optim_wrapper, 'guard', None)
        if guard is not None:
            guard.begin(self._iter + 1, batch)

    def _climb(self, batch: Any) -> None:
        """Let a wrapper that looks at a batch twice (SAM) do so first."""
        climb = getattr(self.runner.optim_wrapper, 'climb', None)
        if climb is not None and climb(self.runner.model, batch):
            self._begin_step(batch)

    def _say_if_done(self, done: int, wanted: int, unit: str) -> None:
        if done >= wanted:
            get_logger().warning(
                f'nothing is left to train: {done} of {wanted} {unit} are done; for more, raise '
                f'train_cfg.max_{unit}'
            )

    def _skip_seen(self, batches: int) -> None:
        """Let the loader begin after ``batches`` batches."""
        if not batches:
            return
        if isinstance(self.dataloader, SegDataLoader):
            self.dataloader.batch_sampler.skip(batches)
            return
        get_logger().warning(
            f'{type(self.dataloader).__name__} was not built from a config and cannot skip: '
            f'{batches} batches are loaded again'
        )

    def _validate(self) -> None:
        hub = self.runner.message_hub
        if self.runner.val_loop is None or hub.get_info(VALIDATED) == self._iter:
            return
        # Set before, not after: a checkpoint written when the scores are known must hold it.
        hub.update_info(VALIDATED, self._iter)
        try:
            self.runner.val_loop.run()
        except ValidationStopped:
            hub.update_info(VALIDATED, None)
            for hook in self.runner.hooks:
                if isinstance(hook, EMAHook):
                    hook.after_val_epoch(self.runner)  # gives the model its own weights back
            self._save_and_stop(self.stop_request.number)

    def _stop_if_asked(self) -> None:
        """Save and stop if a signal came, where no gradient is waiting for others."""
        self._stop_for = getattr(self, '_stop_for', 0) or self.stop_request.agreed()
        if self._stop_for and self.runner.at_update_boundary():
            self._save_and_stop(self._stop_for)

    def _save_and_stop(self, number: int) -> None:
        path = self.runner.save_interrupted()
        wait_for_all()  # the first process to leave makes the launcher end the others
        message = f'saved {path}; go on with the same command and --resume'
        self.runner.logger.warning(message)
        raise TrainingInterrupted(number, message)


class SegIterLoop(_Steps, IterBasedTrainLoop):
    """MMEngine's loop over a number of iterations, resumable by position.

    Args:
        runner: The runner.
        dataloader: A loader or its config.
        max_iters: Length of the training: iterations, or a text such as ``'127ep'``.
        val_begin: The first iteration after which is validated.
        val_interval: Iterations between validations, or a text such as ``'1ep'``.
        dynamic_intervals: As in MMEngine.

    Raises:
        ConfigError: A duration cannot be read.
    """

    def __init__(
        self,
        runner: Any,
        dataloader: Any,
        max_iters: int | str,
        val_begin: int = 1,
        val_interval: int | str = 1000,
        dynamic_intervals: list[tuple[int, int]] | None = None,
    ) -> None:
        if isinstance(max_iters, str) or isinstance(val_interval, str):
            if isinstance(dataloader, dict):
                spread = runner._randomness_cfg.get('diff_rank_seed', False)
                dataloader = runner.build_dataloader(dataloader, runner.seed, spread)
            epoch = max(len(dataloader), 1)
            max_iters = Duration.parse(max_iters, 'max_iters', parts=False).iterations(epoch, 0)
            val_interval = Duration.parse(val_interval, 'val_interval').iterations(epoch, max_iters)
        super().__init__(
            runner, dataloader, max_iters, val_begin, max(val_interval, 1), dynamic_intervals
        )

    def run(self) -> nn.Module:
        """Train from the current iteration to ``max_iters``; returns the model."""
        runner = self.runner
        runner.call_hook('before_train')
        runner.call_hook('before_train_epoch')
        self._skip_seen(self._iter)
        self._say_if_done(self._iter, self._max_iters, 'iters')
        batches = self._endless()
        with StopRequest() as self.stop_request:
            self._validate_if_due()
            while self._iter < self._max_iters and not self.stop_training:
                runner.model.train()
                self.run_iter(next(batches))
                self._decide_current_val_interval()
                self._stop_if_asked()
                self._validate_if_due()
            batches.close()
        runner.call_hook('after_train_epoch')
        runner.call_hook('after_train')
        return runner.model

    def run_iter(self, data_batch: Any) -> None:
        """Train on one batch.

        Args:
            data_batch: What the loader gave.
        """
        self._begin_step(data_batch)
        self._climb(data_batch)
        super().run_iter(data_batch)

    def _validate_if_due(self) -> None:
        at = self._iter
        due = at >= self.val_begin and (at % self.val_interval == 0 or at == self._max_iters)
        if due and at > 0:
            self._validate()

    def _endless(self) -> Iterator[Any]:
        """Batches without end; a finite sampler begins anew, in another order."""
        loader = self.dataloader
        replay = 0 if isinstance(loader, SegDataLoader) else self._iter
        while True:
            empty = True
            for batch in loader:
                empty = False
                if replay:
                    replay -= 1
                else:
                    yield batch
            if empty:
                raise ValueError('train_dataloader must give at least one batch, got none')
            _set_epoch(loader)


class SegEpochLoop(_Steps, EpochBasedTrainLoop):
    """MMEngine's loop over a number of epochs, resumable in the middle of an epoch.

    Its arguments are those of ``EpochBasedTrainLoop``.
    """

    def run(self) -> nn.Module:
        """Train from the current iteration to the end of ``max_epochs``; returns the model."""
        runner = self.runner
        runner.call_hook('before_train')
        self._say_if_done(self._epoch, self._max_epochs, 'epochs')
        with StopRequest() as self.stop_request:
            if self._iter == self._epoch * len(self.dataloader):
                self._validate_if_due()
            while self._epoch < self._max_epochs and not self.stop_training:
                self.run_epoch()
                self._decide_current_val_interval()
                self._stop_if_asked()
                self._validate_if_due()
        runner.call_hook('after_train')
        return runner.model

    def run_epoch(self) -> None:
        """Train on the batches of the current epoch that were not trained on yet."""
        runner = self.runner
        first = self._first_batch()
        runner.call_hook('before_train_epoch')
        runner.model.train()
        _set_epoch(self.dataloader, self._epoch)
        size = len(self.dataloader)
        if isinstance(self.dataloader, SegDataLoader):
            self.dataloader.batch_sampler.in_epochs = True
        if first < size:
            self._skip_seen(first)
        replay = 0 if isinstance(self.dataloader, SegDataLoader) else first
        # A checkpoint from an epoch's last step may find nothing left to do but the hooks.
        batches = enumerate(self.dataloader, start=first - replay) if first < size else ()
        for index, batch in batches:
            if index < first:
                continue
            if index >= size:  # a sampler without end that is not known for it
                break
            self.run_iter(index, batch)
            if index + 1 < size:  # at the end, the epoch's own hooks come first
                self._stop_if_asked()
        runner.call_hook('after_train_epoch')
        self._epoch += 1

    def run_iter(self, idx: int, data_batch: Any) -> None:
        """Train on one batch.

        Args:
            idx: The batch's number in the epoch, from 0.
            data_batch: What the loader gave.
        """
        self._begin_step(data_batch)
        self._climb(data_batch)
        super().run_iter(idx, data_batch)

    def _first_batch(self) -> int:
        size = len(self.dataloader)
        first = self._iter - self._epoch * size
        if 0 <= first <= size:
            return first
        get_logger().warning(
            f'iteration {self._iter} is not in epoch {self._epoch}, whose size is now {size} '
            'batches (another batch size or data set?); the epoch begins anew'
        )
        return 0

    def _validate_if_due(self) -> None:
        at = self._epoch
        due = at >= self.val_begin and (at % self.val_interval == 0 or at == self._max_epochs)
        if due and at > 0:
            self._validate()


class ValidationStopped(Exception):
    """A signal came while validating inside a training run; the training loop handles it."""


class SegValLoop(ValLoop):
    """MMEngine's validation loop; in one process it gives way to a signal at once.

    With several processes, which may have unequal numbers of images, and within an update
    that gathers gradients of several batches, it ends first.
    Its arguments are those of ``ValLoop``.
    """

    def run_iter(self, idx: int, data_batch: Any) -> None:
        """Predict one batch.

        Args:
            idx: The batch's number, from 0.
            data_batch: What the loader gave.

        Raises:
            ValidationStopped: A signal came.
        """
        super().run_iter(idx, data_batch)
        runner = self.runner
        request = getattr(runner.train_loop_if_built(), 'stop_request', None)
        if request is None or not request.number or runner.world_size > 1:
            return
        if runner.at_update_boundary():  # else no checkpoint can be written here anyway
            raise ValidationStopped


def _set_epoch(loader: Any, epoch: int | None = None) -> None:
    sampler = loader.batch_sampler if isinstance(loader, SegDataLoader) else loader.sampler
    if hasattr(sampler, 'set_epoch'):
        sampler.set_epoch(sampler.epoch + 1 if epoch is None else epoch)
