"""The runner's checkpoints: saving, loading, and finding where to go on."""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from os import PathLike
from pathlib import Path
from typing import Any

from mmengine.dist import get_rank

from mmseg_deeplab.engine.checkpoint import (
    LAST,
    existing_file,
    find_latest,
    load_checkpoint,
    read_meta,
    save_checkpoint,
    write_pointer,
)
from mmseg_deeplab.engine.distributed import gather
from mmseg_deeplab.engine.file_meta import dataset_meta_of
from mmseg_deeplab.engine.hooks import CheckpointHook
from mmseg_deeplab.engine.load_state import fit_state, load_state
from mmseg_deeplab.engine.snapshot import restore, take_snapshot, unwrapped
from mmseg_deeplab.utils.first_conv import check_way


class Checkpoints:
    """The part of :class:`SegRunner` that reads and writes checkpoints."""

    _resume_path: Path | None = None
    _asked_to_resume = False

    @property
    def resumes(self) -> bool:
        """Whether the user asked to resume, found a checkpoint or not."""
        return self._asked_to_resume

    def save_checkpoint(
        self,
        out_dir: str,
        filename: str,
        file_client_args: dict[str, Any] | None = None,
        save_optimizer: bool = True,
        save_param_scheduler: bool = True,
        meta: dict[str, Any] | None = None,
        by_epoch: bool = True,
        backend_args: dict[str, Any] | None = None,
    ) -> None:
        """Write a checkpoint, whole or not at all; every process calls, the first one writes.

        Args:
            out_dir: A local folder.
            filename: The file's name in it.
            file_client_args: Not used; MMEngine's hooks pass it.
            save_optimizer: Include the optimiser's state.
            save_param_scheduler: Include the schedulers' state.
            meta: Must hold ``epoch`` and ``iter``, or they are those after this iteration
                (``by_epoch=False``) or epoch.
            by_epoch: See ``meta``.
            backend_args: Not used; MMEngine's hooks pass it.

        Raises:
            TrainingError: The file cannot be written, or the loss was not finite.
        """
        self.settle()
        if get_rank() != 0:
            return
        after = dict(epoch=self.epoch + by_epoch, iter=self.iter + (not by_epoch))
        content = take_snapshot(
            self,
            {**after, **(meta or {})},
            optimizer=save_optimizer,
            schedulers=save_param_scheduler,
        )
        self.call_hook('before_save_checkpoint', checkpoint=content)
        save_checkpoint(content, Path(out_dir) / filename)

    def save_interrupted(self) -> Path:
        """Write a checkpoint of the state between two iterations; returns the file."""
        hook = next((hook for hook in self.hooks if isinstance(hook, CheckpointHook)), None)
        if hook is not None:
            return hook.save_now(self)
        path = Path(self.work_dir) / f'iter_{self.iter}.pth'
        meta = dict(epoch=self.epoch, iter=self.iter)
        self.save_checkpoint(str(path.parent), path.name, meta=meta)
        if get_rank() == 0:
            write_pointer(self.work_dir, path)
        return path

    def load_checkpoint(
        self,
        filename: str,
        map_location: Any = 'cpu',
        strict: bool = False,
        revise_keys: Sequence[tuple[str, str]] = ((r'^module\.', ''),),
    ) -> dict[str, Any]:
        """Load weights; all must fit, but training may begin with another number of classes.

        Args:
            filename: A local file.
            map_location: As for ``torch.load``.
            strict: Also demand the auxiliary heads and the number of classes.
            revise_keys: Patterns and replacements for the keys.

        Returns:
            The file's content.

        Raises:
            CheckpointError: The file is missing or broken, or does not fit the model.
        """
        checkpoint = load_checkpoint(filename, map_location)
        fine_tunes = not strict and self.train_loop_if_built() is not None
        options = dict(source=str(filename), new_classifier=fine_tunes, need_auxiliary=strict)
        fitting = {**options, **(fine_tune_options(self.cfg) if fine_tunes else {})}
        model = unwrapped(self.model)
        # Before the hooks, since the EMA hook loads a state of its own: the same as the model.
        checkpoint['state_dict'], report = fit_state(
            model, _renamed(checkpoint['state_dict'], revise_keys), **fitting
        )
        self.call_hook('after_load_checkpoint', checkpoint=checkpoint)
        load_state(model, checkpoint['state_dict'], **options)
        self._has_loaded = True
        for line in report.lines():
            self.logger.info(line)
        if fine_tunes and not fitting.get('drop_head'):
            self._warn_of_other_classes(checkpoint, str(filename))
        return checkpoint

    def resume(
        self,
        filename: str,
        resume_optimizer: bool = True,
        resume_param_scheduler: bool = True,
        map_location: Any = 'cpu',
    ) -> None:
        """Go back to where a checkpoint was written.

        Args:
            filename: A local file.
            resume_optimizer: Restore the optimiser's state.
            resume_param_scheduler: Restore the schedulers' state.
            map_location: As for ``torch.load``.

        Raises:
            CheckpointError: The file is missing or broken, or does not fit the run.
        """
        checkpoint = self.load_checkpoint(filename, map_location, strict=True)
        restore(
            self,
            checkpoint,
            str(filename),
            optimizer=resume_optimizer,
            schedulers=resume_param_scheduler,
        )
        self.logger.info(f'resumed at iteration {self.iter}, epoch {self.epoch}')

    def _warn_of_other_classes(self, checkpoint: Mapping[str, Any], source: str) -> None:
        """As many classes are not the same classes; nobody sees that in the weights."""
        theirs = dataset_meta_of(checkpoint).get('classes')
        metainfo = getattr(self.train_dataloader.dataset, 'metainfo', None) or {}
        ours = tuple(metainfo.get('classes') or ())
        if theirs and len(theirs) == len(ours) and theirs != ours:
            self.logger.warning(
                f'{source}: its classifiers are for {", ".join(theirs)}, the data has '
                f'{", ".join(ours)}; they are loaded, --drop-head would let them start afresh'
            )

    def load_or_resume(self) -> None:
        """Resume, load weights, or do nothing, as the config says."""
        if self._has_loaded:
            return
        if self._resume_path is not None:
            self.resume(str(self._resume_path))
        elif self._load_from is not None:
            self.load_checkpoint(self._load_from)

    def _find_resume_point(self) -> None:
        """Decide where training begins, before anything is built that depends on the seed."""
        asked, self._asked_to_resume = self._resume, bool(self._resume)
        path: Path | None = None
        if isinstance(asked, (str, PathLike)) and asked != 'auto':
            path = existing_file(asked)
        elif asked is True and self._load_from is not None:
            path = existing_file(self._load_from)
        elif asked:
            path = gather(find_latest(self.work_dir) if get_rank() == 0 else None)[0]
            if path is None:
                self.logger.info(f'{self.work_dir}: no checkpoint yet, so training begins anew')
        elif Path(self.work_dir, LAST).is_file():
            self.logger.warning(
                f'{self.work_dir}: holds checkpoints of an earlier run, which this one will '
                'overwrite one by one; --resume goes on with them instead'
            )
        self._resume_path = path
        self._resume = path is not None  # MMEngine's hooks ask this
        seed = None if path is None else read_meta(path).get('seed')
        if seed is not None and seed != self.base_seed:
            if self._seed_was_given:
                self.logger.warning(
                    f'{path}: was trained with seed {seed}, which is kept; {self.base_seed} is not'
                )
            self._randomness_cfg = dict(self._randomness_cfg, seed=seed)
            self.set_randomness(**self._randomness_cfg)


def fine_tune_options(config: Mapping[str, Any]) -> dict[str, Any]:
    """How ``load_from`` may make a file fit, as the config's ``fine_tune`` says.

    Args:
        config: Of the run; ``fine_tune = dict(drop_head=True, first_conv='mean')``.

    Returns:
        ``drop_head`` and ``first_conv`` as :func:`load_state.load_state` takes them.

    Raises:
        ConfigError: ``first_conv`` is unknown.
    """
    asked = config.get('fine_tune') or {}
    check_way(asked.get('first_conv'))
    return dict(drop_head=bool(asked.get('drop_head')), first_conv=asked.get('first_conv'))


def _renamed(state: Mapping[str, Any], rules: Sequence[tuple[str, str]]) -> dict[str, Any]:
    renamed: OrderedDict[str, Any] = OrderedDict()
    for key, value in state.items():
        for pattern, replacement in rules:
            key = re.sub(pattern, replacement, key)
        renamed[key] = value
    if hasattr(state, '_metadata'):
        renamed._metadata = state._metadata  # type: ignore[attr-defined]
    return renamed
