"""The runner: MMEngine's, with each thing that had to differ overridden in one place."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from mmengine.config import Config
from mmengine.evaluator import Evaluator
from mmengine.model import is_model_wrapper
from mmengine.optim import OptimWrapper, OptimWrapperDict
from mmengine.runner import BaseLoop, Runner, ValLoop
from torch import nn
from torch.utils.data import DataLoader

from mmseg_deeplab.engine import build, seeding
from mmseg_deeplab.engine.evaluator import SegEvaluator
from mmseg_deeplab.engine.fast_paths import use_fast_paths
from mmseg_deeplab.engine.hooks import ShareBuffersHook
from mmseg_deeplab.engine.loader import SegDataLoader, make_resumable, worker_death
from mmseg_deeplab.engine.loops import SegEpochLoop, SegIterLoop, SegValLoop
from mmseg_deeplab.engine.optim import adapt_config
from mmseg_deeplab.engine.result_names import settle_result_names
from mmseg_deeplab.engine.runner_env import Surroundings
from mmseg_deeplab.engine.runner_state import Checkpoints
from mmseg_deeplab.engine.scalars import ScalarFeed
from mmseg_deeplab.engine.snapshot import unwrapped
from mmseg_deeplab.engine.wrapping import choose_batch_norm, compile_parts, distribute
from mmseg_deeplab.registry import PEER_SCOPE, RUNNERS, SCOPE

_TRAIN_LOOPS = {'IterBasedTrainLoop': SegIterLoop, 'EpochBasedTrainLoop': SegEpochLoop}


@RUNNERS.register_module()
class SegRunner(Surroundings, Checkpoints, Runner):
    """Trains, validates and tests from a config, as MMEngine's ``Runner`` does.

    Differs from MMEngine's: runs on a CPU with several processes and in bfloat16; resumes
    exactly and without replaying data; checkpoints are atomic and loaded without running code
    from them; no seed means seed 0; signals save and stop. Config keys beyond MMEngine's:

    - ``device``: ``'cpu'``, ``'cuda'``, ...; the best there is if it is missing.
    - ``resume``: besides False and True also ``'auto'`` (the newest checkpoint of the work
      directory; where there is none, begin as without it, ``load_from`` included) or a path.

    Attributes:
        device: What this process computes on.
        base_seed: The run's seed, the same in all processes.
        events: Takes and passes on the run's events.
    """

    @classmethod
    def from_cfg(cls, cfg: Config) -> SegRunner:
        """Build a runner.

        Args:
            cfg: A config with MMEngine's keys; it is not changed.
        """
        cfg = copy.deepcopy(cfg)
        if cfg.get('default_scope') in (None, PEER_SCOPE, 'mmengine'):
            cfg['default_scope'] = SCOPE
        if cfg.get('log_processor') is None:
            train_cfg = cfg.get('train_cfg') or {}
            by_epoch = train_cfg.get('by_epoch', train_cfg.get('type') == 'EpochBasedTrainLoop')
            cfg['log_processor'] = dict(by_epoch=bool(by_epoch))
        return super().from_cfg(cfg)

    def build_message_hub(self, message_hub: dict[str, Any] | None = None) -> Any:
        """Build the message hub and what feeds it.

        Args:
            message_hub: As in MMEngine.
        """
        hub = super().build_message_hub(message_hub)
        self.scalars = ScalarFeed(hub)
        return hub

    def build_model(self, model: nn.Module | dict[str, Any]) -> nn.Module:
        """Build the model; its first weights depend on the seed alone.

        Args:
            model: A config, or a model.
        """
        seeding.seed_generators(self._seed, seeding.WEIGHTS, devices=True)
        return super().build_model(model)

    def wrap_model(self, model_wrapper_cfg: dict[str, Any] | None, model: nn.Module) -> nn.Module:
        """Move the model to the device and, for several processes, wrap it.

        Args:
            model_wrapper_cfg: As in MMEngine.
            model: The model.
        """
        if is_model_wrapper(model):
            return super().wrap_model(model_wrapper_cfg, model)
        several = self.distributed
        to_sync = self.cfg.get('sync_bn') is not None
        model = choose_batch_norm(model.to(self.device), self.device, several, to_sync)
        use_fast_paths(model, self.device)
        if not several:
            return model
        unused = self.cfg.get('find_unused_parameters', False)
        return distribute(model, self.device, model_wrapper_cfg, unused)

    def _init_model_weights(self) -> None:
        if self._resume_path is not None:
            return  # they are about to be replaced, and their source may not be reachable
        seeding.seed_generators(self._seed, seeding.WEIGHTS, devices=True)
        super()._init_model_weights()

    def build_optim_wrapper(self, optim_wrapper: Any) -> OptimWrapper:
        """Build the optimiser; MMEngine's two wrappers become the one of ours.

        Args:
            optim_wrapper: A config, or a wrapper.
        """
        if isinstance(optim_wrapper, dict) and 'optimizer' in optim_wrapper:
            optim_wrapper = adapt_config(optim_wrapper, on_gpu=self.device.type == 'cuda')
        return super().build_optim_wrapper(optim_wrapper)

    def _build_param_scheduler(self, scheduler: Any, optim_wrapper: OptimWrapper) -> list:
        if isinstance(self._train_loop, BaseLoop):
            size, total = len(self.train_dataloader), self.max_iters
            scheduler = build.scheduler_in_steps(scheduler, size, total)
        return super()._build_param_scheduler(scheduler, optim_wrapper)

    @staticmethod
    def build_dataloader(
        dataloader: DataLoader | dict[str, Any],
        seed: int | None = None,
        diff_rank_seed: bool = False,
    ) -> DataLoader:
        """Build a loader that can be resumed and whose samples depend on the seed alone.

        Args:
            dataloader: A config; or a loader, which is returned as it is.
            seed: This process's seed.
            diff_rank_seed: Whether that differs between processes.
        """
        if isinstance(dataloader, DataLoader):
            return dataloader
        base = build.common_seed(seed, diff_rank_seed)
        plain = Runner.build_dataloader(build.loader_config(dataloader), base)
        return plain if plain.batch_sampler is None else make_resumable(plain, base)

    def build_evaluator(self, evaluator: Any) -> Evaluator:
        """Build an evaluator that takes unequal shares of several processes.

        Args:
            evaluator: A config, a list of metrics, or an evaluator.
        """
        built = super().build_evaluator(evaluator)
        return SegEvaluator(built.metrics) if type(built) is Evaluator else built

    def build_train_loop(self, loop: BaseLoop | dict[str, Any]) -> BaseLoop:
        """Build a training loop; MMEngine's two loops become their resumable twins.

        Args:
            loop: A config with ``type`` or ``by_epoch``, or a loop.
        """
        if not isinstance(loop, dict) or {'type', 'by_epoch'} <= set(loop):
            return super().build_train_loop(loop)
        config = dict(loop)
        kind = config.get('type')
        if kind is None:
            kind = 'EpochBasedTrainLoop' if config.pop('by_epoch', True) else 'IterBasedTrainLoop'
        ours = _TRAIN_LOOPS.get(getattr(kind, '__name__', kind))
        if ours is None:
            return super().build_train_loop(loop)
        config.pop('type', None)
        built = ours(runner=self, dataloader=self._train_dataloader, **config)
        build.refuse_no_batch(built.dataloader)
        return built

    def build_val_loop(self, loop: BaseLoop | dict[str, Any]) -> BaseLoop:
        """Build a validation loop that sees every image once, however many processes.

        Args:
            loop: A config or a loop.
        """
        self._val_dataloader = build.each_sample_once(self._val_dataloader, 'val_dataloader')
        if isinstance(loop, dict) and loop.get('type', 'ValLoop') in ('ValLoop', ValLoop):
            config = {key: value for key, value in loop.items() if key != 'type'}
            parts = dict(dataloader=self._val_dataloader, evaluator=self._val_evaluator)
            return SegValLoop(runner=self, **parts, **config)
        return super().build_val_loop(loop)

    def build_test_loop(self, loop: BaseLoop | dict[str, Any]) -> BaseLoop:
        """Build a test loop that sees every image once, however many processes.

        Args:
            loop: A config or a loop.
        """
        self._test_dataloader = build.each_sample_once(self._test_dataloader, 'test_dataloader')
        built = super().build_test_loop(loop)
        settle_result_names(built, self.hooks)
        return built

    def register_hooks(self, default_hooks: Any = None, custom_hooks: Any = None) -> None:
        """Register the config's hooks, and what several processes need.

        Args:
            default_hooks: As in MMEngine.
            custom_hooks: As in MMEngine.
        """
        super().register_hooks(copy.deepcopy(default_hooks), copy.deepcopy(custom_hooks))
        if self.distributed:
            self.register_hook(ShareBuffersHook())

    def _maybe_compile(self, target: str) -> None:
        compile_parts(unwrapped(self.model), self.cfg.get('compile'))

    def train(self) -> nn.Module:
        """Train, from the beginning or from a checkpoint; returns the model.

        Raises:
            SegError: Something that the user can mend.
            TrainingInterrupted: A signal stopped the training; it can be resumed.
        """
        self._find_resume_point()
        with self._closing():
            return super().train()

    def val(self) -> dict[str, Any]:
        """Validate; returns the scores by name."""
        with self._closing():
            return super().val()

    def test(self) -> dict[str, Any]:
        """Test; returns the scores by name."""
        with self._closing():
            return super().test()

    @contextmanager
    def _closing(self) -> Iterator[None]:
        try:
            try:
                yield
            except BaseException:
                self.call_hook('after_abort')
                raise
            finally:
                self._end_workers()
        except RuntimeError as error:
            # PyTorch reports a dead worker at any moment, also a second time in the lines above.
            death = worker_death(error)
            if death is None:
                raise
            raise death from error

    def _end_workers(self) -> None:
        for loop in (self._train_loop, self._val_loop, self._test_loop):
            loader = loop.dataloader if isinstance(loop, BaseLoop) else None
            if isinstance(loader, SegDataLoader):
                loader.shutdown()

    @property
    def iter(self) -> int:
        """The training iteration, from 0; asking does not build the training loop."""
        loop = self.train_loop_if_built()
        return 0 if loop is None else loop.iter

    @property
    def epoch(self) -> int:
        """The training epoch, from 0; asking does not build the training loop."""
        loop = self.train_loop_if_built()
        return 0 if loop is None else loop.epoch

    def train_loop_if_built(self) -> BaseLoop | None:
        """The training loop inside a training run; None in a test or validation alone."""
        return self._train_loop if isinstance(self._train_loop, BaseLoop) else None

    def at_update_boundary(self) -> bool:
        """Whether no gradient waits for others, so that a checkpoint is the whole state."""
        wrappers = self.optim_wrapper
        each = wrappers.values() if isinstance(wrappers, OptimWrapperDict) else [wrappers]
        return all(wrapper.should_update() for wrapper in each)

    def settle(self) -> None:
        """Bring what waits on the device to the host: losses for the log, verdicts on them.

        Raises:
            TrainingError: A loss or gradient since the last call was not finite.
        """
        self.scalars.flush()
        guard = getattr(self.optim_wrapper, 'guard', None)
        if guard is not None:
            guard.settle()

    def emit(self, kind: str, **fields: Any) -> None:
        """Tell the consumers of events what happened.

        Args:
            kind: See :mod:`mmseg_deeplab.engine.events`.
            fields: Numbers and text.
        """
        self.events.emit(kind, **fields)
