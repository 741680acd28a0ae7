"""Training steps inside each side's own runner, stopped and let go by hooks."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

from mmengine.hooks import Hook

from benchmarks.speed import inputs
from benchmarks.speed.clock import cpu_seconds, peak_mb, resident_mb, wait_for_device
from benchmarks.speed.side import Side, Work

KEPT_LOSSES = 3  # steps that are compared; later ones are chaotic


def prepare_inputs(folder: Path, params: dict[str, Any], packages: tuple[str, ...]) -> None:
    """Write config, weights and crops; the parent does it before the workers start."""
    batch = params.get('batch', 2)
    crops = inputs.crops_for_training(folder, params['side'], batch)
    for package in packages:
        model = inputs.model_config(params['depth'], params['classes'])
        inputs.weights(folder, model)
        config = inputs.train_config(package, model, crops, params['side'], batch=batch)
        inputs.write_config(_config_path(folder, package, params), config)


class Gate(Hook):
    """Starts the clock when a step begins, and asks what to do where none is wanted.

    Args:
        server: Answers the parent.
        warm: Steps that are not counted.
    """

    priority = 'LOWEST'  # of those before a step the last, so that other hooks are not counted

    def __init__(self, server: Any, warm: int) -> None:
        self._server = server
        self._requests = server.requests()
        self._wanted = warm
        self._ready = False
        self._wall: list[float] = []
        self._cpu: list[float] = []
        self._losses: list[float] = []
        self._begun = self._busy = 0.0
        self._base_mb = resident_mb()

    def before_train_iter(
        self, runner: Any, batch_idx: int, data_batch: dict | None = None
    ) -> None:
        """Wait for a request unless steps are wanted; then start the clock."""
        while not self._wanted:
            self._answer()
        wait_for_device()
        self._busy, self._begun = cpu_seconds(), time.perf_counter()

    def stop_clock(self, outputs: dict[str, Any]) -> None:
        """Note the time of the step that has ended, and its loss."""
        wait_for_device()
        self._wall.append(time.perf_counter() - self._begun)
        self._cpu.append(cpu_seconds() - self._busy)
        self._wanted -= 1
        if len(self._losses) < KEPT_LOSSES:
            self._losses.append(float(outputs['loss']))

    def _answer(self) -> None:
        if not self._ready:
            self._ready = True
            self._server.reply({'base_mb': self._base_mb})
        elif self._wall:
            self._server.reply(self._measured())
        self._wall, self._cpu = [], []
        request = next(self._requests, None)
        if request is None:
            os._exit(0)  # the parent has gone: nothing of this training is wanted
        if 'runs' in request:
            self._wanted = request['runs']
        else:
            import torch

            path = self._server.folder / request['save']
            torch.save({'losses': torch.tensor(self._losses, dtype=torch.float64)}, path)
            self._server.reply({'file': str(path)})

    def _measured(self) -> dict[str, Any]:
        from statistics import median

        return {
            'seconds': median(self._wall),
            'min': min(self._wall),
            'max': max(self._wall),
            'cpu': median(self._cpu),
            'runs': len(self._wall),
            'peak_mb': peak_mb(),
            'base_mb': self._base_mb,
        }


class ClockStop(Hook):
    """The first of the hooks after a step.

    Args:
        gate: Keeps the time.
    """

    priority = 'HIGHEST'

    def __init__(self, gate: Gate) -> None:
        self._gate = gate

    def after_train_iter(
        self,
        runner: Any,
        batch_idx: int,
        data_batch: dict | None = None,
        outputs: dict | None = None,
    ) -> None:
        """Stop the clock."""
        self._gate.stop_clock(outputs)


def steps(side: Side, folder: Path, params: dict[str, Any], server: Any) -> Work:
    """Train; the hooks serve the parent, and the process ends with its last request."""
    side.get_ready()
    config = _config_path(folder, side.package, params)
    gate = Gate(server, warm=params['warm'])
    hooks = [gate, ClockStop(gate)]
    work_dir = folder / f'train-{side.package}-{os.getpid()}'
    if side.is_peer:
        from mmengine.config import Config
        from mmengine.runner import Runner

        loaded = Config.fromfile(config)
        loaded.work_dir, loaded.launcher = str(work_dir), 'none'
        if params.get('amp'):
            loaded.optim_wrapper.update(type='AmpOptimWrapper', loss_scale='dynamic')
        runner = Runner.from_cfg(loaded)
        for hook in hooks:
            runner.register_hook(hook)
        runner.train()
    else:
        amp, device = bool(params.get('amp')), params.get('device', 'cpu')
        _train_ours(side, config, work_dir, hooks, amp=amp, device=device)
    raise RuntimeError('the training ended before the measurement')


def _train_ours(
    side: Side, config: Path, work_dir: Path, hooks: list[Hook], *, amp: bool, device: str
) -> None:
    training = side.module('apis.training')
    made = training.SegRunner.from_cfg

    def with_hooks(prepared: Any) -> Any:
        runner = made(prepared)
        for hook in hooks:
            runner.register_hook(hook)
        return runner

    training.SegRunner.from_cfg = with_hooks  # `train` takes hooks only as config
    training.train(config, work_dir=work_dir, amp=amp, device=device, audit=False)


def _config_path(folder: Path, package: str, params: dict[str, Any]) -> Path:
    words = (params['depth'], params['classes'], params['side'], params.get('batch', 2), package)
    return folder / ('train-' + '-'.join(map(str, words)) + '.py')
