"""When checkpoints are written, which ones are kept, and which one is the best."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mmengine.dist import is_main_process
from mmengine.hooks import CheckpointHook as BaseCheckpointHook

from mmseg_deeplab.engine.checkpoint import load_checkpoint, save_checkpoint, write_pointer
from mmseg_deeplab.registry import HOOKS
from mmseg_deeplab.utils.durations import Duration
from mmseg_deeplab.utils.errors import ConfigError
from mmseg_deeplab.utils.log import get_logger


@HOOKS.register_module()
class CheckpointHook(BaseCheckpointHook):
    """MMEngine's ``CheckpointHook`` for exact resume and a full disk.

    Differs from MMEngine's: a checkpoint that falls between the batches of one update is
    written after that update; old files are removed after the new one is safe; what a
    validation changes (scores, early stopping, the best so far) is in the checkpoint of the
    same iteration; files are written atomically.

    Args:
        interval: Iterations (or epochs) between checkpoints; -1 for none but the last. Where
            iterations are counted, also a text such as ``'1ep'``.
        by_epoch: Whether ``interval`` counts epochs.
        save_optimizer: Include the optimiser's state; without it, resuming is not possible.
        save_param_scheduler: Include the schedulers' state.
        out_dir: A folder other than the work directory; its name is appended.
        max_keep_ckpts: Keep so many of the newest; -1 keeps all.
        save_last: Also save at the end of training.
        save_best: A metric's name, several, or ``'auto'`` for the first one.
        rule: ``'greater'`` or ``'less'`` per metric; None infers it from the name.
        greater_keys: Parts of names for which more is better.
        less_keys: Parts of names for which less is better.
        filename_tmpl: With one ``{}`` for the number; ``iter_{}.pth`` or ``epoch_{}.pth``.
        published_keys: At the end, write a copy of the last and best files with these keys
            only, for publication.
        save_begin: The first iteration or epoch to save at.

    Raises:
        ConfigError: ``out_dir`` is not a local folder.
    """

    def __init__(
        self,
        interval: int | str = -1,
        by_epoch: bool = True,
        save_optimizer: bool = True,
        save_param_scheduler: bool = True,
        out_dir: str | None = None,
        max_keep_ckpts: int = -1,
        save_last: bool = True,
        save_best: str | list[str] | None = None,
        rule: str | list[str] | None = None,
        greater_keys: Sequence[str] | None = None,
        less_keys: Sequence[str] | None = None,
        filename_tmpl: str | None = None,
        published_keys: str | list[str] | None = None,
        save_begin: int = 0,
    ) -> None:
        if isinstance(interval, str) and by_epoch:
            raise ConfigError(
                f'CheckpointHook.interval must be a number of epochs, got {interval!r}; or set '
                'by_epoch=False'
            )
        if out_dir is not None and '://' in str(out_dir):
            raise ConfigError(f'CheckpointHook.out_dir must be a local folder, got {out_dir}')
        super().__init__(
            interval=interval,
            by_epoch=by_epoch,
            save_optimizer=save_optimizer,
            save_param_scheduler=save_param_scheduler,
            out_dir=out_dir,
            max_keep_ckpts=max_keep_ckpts,
            save_last=save_last,
            save_best=save_best,
            rule=rule,
            greater_keys=greater_keys,
            less_keys=less_keys,
            filename_tmpl=filename_tmpl,
            published_keys=published_keys,
            save_begin=save_begin,
        )
        self._kept: list[int] = []  # numbers of the checkpoints that are there
        self._postponed: int | None = None  # number of a checkpoint that waits for its update
        self._saved: tuple[int, int] | None = None  # number and iteration of the last one
        self._metrics: dict[str, Any] | None = None  # of the validation under way

    def before_train(self, runner: Any) -> None:
        """Find the folder, and what an earlier part of the run has saved.

        Args:
            runner: The runner.
        """
        if isinstance(self.interval, str):
            interval = Duration.parse(self.interval, 'CheckpointHook.interval')
            epoch = len(runner.train_loop.dataloader)
            self.interval = max(interval.iterations(epoch, runner.max_iters), 1)
        work_dir = Path(runner.work_dir)
        self.out_dir = str(work_dir if self.out_dir is None else Path(self.out_dir, work_dir.name))
        runner.logger.info(f'checkpoints go to {self.out_dir}')
        hub = runner.message_hub
        if self.save_best and len(self.key_indicators) == 1:
            self.best_ckpt_path = hub.get_info('best_ckpt')
        elif self.save_best:
            names = self.key_indicators
            self.best_ckpt_path_dict = {name: hub.get_info(f'best_ckpt_{name}') for name in names}
        self._saved = hub.get_info('last_saved')
        self._kept = list(hub.get_info('keep_ckpt_ids', []))
        self._remove_surplus(runner)

    def after_train_iter(
        self, runner: Any, batch_idx: int, data_batch: Any = None, outputs: Any = None
    ) -> None:
        """Save if due, or if one was postponed to here.

        Args:
            runner: The runner.
            batch_idx: Not used.
            data_batch: Not used.
            outputs: Not used.
        """
        if not self.by_epoch and (
            self.every_n_train_iters(runner, self.interval, self.save_begin)
            or (self.save_last and self.is_last_train_iter(runner))
        ):
            self._postponed = runner.iter + 1
        if self._postponed is not None and runner.at_update_boundary():
            number, self._postponed = self._postponed, None
            # `iter` counts this one only after the hooks.
            step = number if self.by_epoch else runner.iter + 1
            self._save(runner, step, dict(epoch=runner.epoch, iter=runner.iter + 1))

    def after_train_epoch(self, runner: Any) -> None:
        """Save if due, or postpone to the end of the update under way.

        Args:
            runner: The runner.
        """
        if not self.by_epoch:
            return
        if self.every_n_epochs(runner, self.interval, self.save_begin) or (
            self.save_last and self.is_last_train_epoch(runner)
        ):
            number = runner.epoch + 1
            if runner.at_update_boundary():
                self._save(runner, number, dict(epoch=number, iter=runner.iter))
            else:
                self._postponed = number

    def after_val_epoch(self, runner: Any, metrics: dict[str, Any]) -> None:
        """Take the scores; they are acted upon when all hooks have seen them.

        Args:
            runner: The runner.
            metrics: Names to scores.
        """
        self._metrics = metrics

    def after_val(self, runner: Any) -> None:
        """Save the best, and the last checkpoint again if it is of this iteration.

        Args:
            runner: The runner.
        """
        metrics, self._metrics = self._metrics, None
        if runner.train_loop_if_built() is None or metrics is None:
            return
        if self.save_best and not metrics:
            get_logger().warning('validation gave no scores, so no best checkpoint is saved')
        elif self.save_best:
            self._save_best_checkpoint(runner, metrics)
        if self._saved is not None and self._saved[1] == runner.iter:
            # It was written before the validation as well: one that is killed costs no training.
            self._save(runner, self._saved[0], dict(epoch=runner.epoch, iter=runner.iter))

    def save_now(self, runner: Any) -> Path:
        """Save the state between two iterations, as ``iter_N.pth``.

        Args:
            runner: The runner.

        Returns:
            The file.
        """
        meta = dict(epoch=runner.epoch, iter=runner.iter)
        if not self.by_epoch and self.filename_tmpl == 'iter_{}.pth':
            return self._save(runner, runner.iter, meta)
        return self._write(runner, f'iter_{runner.iter}.pth', meta)

    def _save(self, runner: Any, number: int, meta: dict[str, int]) -> Path:
        """Write a numbered checkpoint, then remove what ``max_keep_ckpts`` no longer covers."""
        self._kept = [kept for kept in self._kept if kept != number] + [number]
        if self.max_keep_ckpts > 0:
            # Saved with the surplus: after a crash, the next start removes it.
            runner.message_hub.update_info('keep_ckpt_ids', list(self._kept))
        self._saved = (number, meta['iter'])
        runner.message_hub.update_info('last_saved', self._saved)
        path = self._write(runner, self.filename_tmpl.format(number), meta)
        self._remove_surplus(runner)
        return path

    def _remove_surplus(self, runner: Any) -> None:
        if self.max_keep_ckpts <= 0:
            return
        surplus = self._kept[: -self.max_keep_ckpts]
        self._kept = self._kept[-self.max_keep_ckpts :]
        for number in surplus:
            _remove(Path(self.out_dir) / self.filename_tmpl.format(number))
        runner.message_hub.update_info('keep_ckpt_ids', list(self._kept))

    def _write(self, runner: Any, name: str, meta: dict[str, int]) -> Path:
        path = Path(self.out_dir) / name
        self.last_ckpt = str(path)
        runner.message_hub.update_info('last_ckpt', self.last_ckpt)
        runner.save_checkpoint(
            self.out_dir,
            name,
            save_optimizer=self.save_optimizer,
            save_param_scheduler=self.save_param_scheduler,
            meta=dict(meta),
        )
        if is_main_process():
            write_pointer(runner.work_dir, path)
        runner.emit('checkpoint', path=str(path), iter=meta['iter'], epoch=meta['epoch'])
        return path

    def _save_best_checkpoint(self, runner: Any, metrics: dict[str, Any]) -> None:
        if 'auto' in self.key_indicators:
            self._init_rule(self.rules, [next(iter(metrics))])
        for key, rule in zip(self.key_indicators, self.rules, strict=True):
            if key not in metrics:
                raise ConfigError(
                    f'CheckpointHook.save_best={key!r} must be one of the scores {list(metrics)}'
                )
            self._save_if_best(runner, key, rule, metrics[key])

    def _save_if_best(self, runner: Any, key: str, rule: str, score: float | None) -> None:
        alone = len(self.key_indicators) == 1
        score_key = 'best_score' if alone else f'best_score_{key}'
        path_key = 'best_ckpt' if alone else f'best_ckpt_{key}'
        hub = runner.message_hub
        best = hub.get_info(score_key, self.init_value_map[rule])
        if score is None or not self.is_better_than[key](score, best):
            return
        previous = self.best_ckpt_path if alone else self.best_ckpt_path_dict[key]
        at = runner.epoch if self.by_epoch else runner.iter
        name = f'best_{key}_{self.filename_tmpl.format(at)}'.replace('/', '_')
        path = str(Path(self.out_dir) / name)
        hub.update_info(score_key, score)
        hub.update_info(path_key, path)
        runner.save_checkpoint(
            self.out_dir,
            name,
            save_optimizer=False,
            save_param_scheduler=False,
            meta=dict(epoch=runner.epoch, iter=runner.iter),
        )
        if alone:
            self.best_ckpt_path = path
        else:
            self.best_ckpt_path_dict[key] = path
        if previous and previous != path:
            _remove(Path(previous))
        get_logger().info(f'best {key} so far: {score:.4f}, saved as {name}')

    def _publish_model(self, runner: Any, ckpt_path: str) -> None:
        if not is_main_process():
            return
        from mmseg_deeplab.utils.files import file_hash

        content = load_checkpoint(ckpt_path)
        kept = {key: content[key] for key in content if key in self.published_keys}
        path = Path(ckpt_path)
        unnamed = path.with_name(f'{path.stem}-published.pth')
        save_checkpoint(kept, unnamed)
        final = path.with_name(f'{path.stem}-{file_hash(unnamed)[:8]}.pth')
        unnamed.replace(final)
        get_logger().info(f'published {ckpt_path} as {final}')


def _remove(path: Path) -> None:
    if is_main_process():
        path.unlink(missing_ok=True)
