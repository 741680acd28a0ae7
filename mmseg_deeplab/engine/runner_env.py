"""The runner's surroundings: device, processes, randomness, what it says of itself."""

from __future__ import annotations

import os
import platform
from functools import cached_property
from pathlib import Path
from typing import Any

import torch
from mmengine.dist import master_only

from mmseg_deeplab.engine import build, seeding
from mmseg_deeplab.engine.distributed import pick_device, read_launcher, start_process_group
from mmseg_deeplab.engine.events import EventStream
from mmseg_deeplab.utils.files import write_text


class Surroundings:
    """The part of :class:`SegRunner` that MMEngine's ``Runner.__init__`` calls first."""

    device: torch.device
    base_seed: int
    events: EventStream

    def setup_env(self, env_cfg: dict[str, Any]) -> None:
        """Choose the device, start the process group, then what MMEngine sets up.

        Args:
            env_cfg: ``dist_cfg`` (``backend``, ``timeout``, ``port``), ``mp_cfg``,
                ``cudnn_benchmark``, ``resource_limit``.
        """
        self.events = EventStream()
        dist_cfg = dict(env_cfg.get('dist_cfg') or {})
        read_launcher(self.launcher, dist_cfg.get('port'))
        self.device = pick_device(self.cfg.get('device'))
        if self.distributed:
            start_process_group(self.device, dist_cfg)
            for name in ('OMP_NUM_THREADS', 'MKL_NUM_THREADS'):
                # The launcher or PyTorch has chosen; MMEngine would warn, and tell workers 1.
                os.environ.setdefault(name, str(torch.get_num_threads()))
        elif self.device.type == 'cuda':
            torch.cuda.set_device(self.device)
        env_cfg = dict(env_cfg, mp_cfg=build.start_method(env_cfg.get('mp_cfg')))
        super().setup_env(env_cfg)
        self._timestamp = build.unused_timestamp(self._timestamp)

    def set_randomness(
        self, seed: int | None = None, diff_rank_seed: bool = False, deterministic: bool = False
    ) -> None:
        """Seed everything; no seed means 0.

        Args:
            seed: >= 0.
            diff_rank_seed: Let models of different processes begin differently.
            deterministic: Use only operations that give the same bits every time, on GPUs too.
        """
        seeding.check_seed(seed)
        self._seed_was_given = seed is not None
        self.base_seed = 0 if seed is None else int(seed)
        if deterministic:
            # cuBLAS reads it when it is first used.
            os.environ.setdefault('CUBLAS_WORKSPACE_CONFIG', ':4096:8')
        super().set_randomness(self.base_seed, diff_rank_seed, deterministic)

    def _log_env(self, env_cfg: dict[str, Any]) -> None:
        build.quiet_engine_noise(self.logger)
        build.raise_write_failures(self.logger)
        gpu = f' ({torch.cuda.get_device_name(self.device)})' if self.device.type == 'cuda' else ''
        seed = f'{self.base_seed}' + ('' if self._seed_was_given else ' (none was given)')
        self.logger.info(
            f'Python {platform.python_version()}, PyTorch {torch.__version__}, device '
            f'{self.device}{gpu}, {self.world_size} process(es), '
            f'{torch.get_num_threads()} thread(s), seed {seed}'
        )

    def build_visualizer(self, visualizer: Any = None) -> Any:
        """Build the visualizer, under the run's own name.

        MMEngine keeps visualizers by name for the whole process, so with the name that configs
        give ('visualizer') a second run would draw into the first one's folder.

        Args:
            visualizer: A config, a visualizer, or None for MMEngine's default.
        """
        if isinstance(visualizer, dict):
            visualizer = {**visualizer, 'name': self.experiment_name}
        return super().build_visualizer(visualizer)

    def get_hooks_info(self) -> str:
        """The hooks' names in the order of their calls."""
        return ', '.join(type(hook).__name__ for hook in self.hooks)

    @cached_property
    def config_text(self) -> str:
        """The config as text; formatting it takes a second, so it is done once."""
        return self.cfg.pretty_text

    @master_only
    def dump_config(self) -> None:
        """Write the config into the work directory."""
        name = os.path.basename(self.cfg.filename or f'{self.timestamp}.py')
        if not name.endswith('.py'):
            name = f'{name}.py'
        write_text(Path(self.work_dir, name), self.config_text)
