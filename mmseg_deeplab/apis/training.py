"""Train from a config: what the command line, the tools and Python callers share."""

from __future__ import annotations

from collections.abc import Mapping
from os import PathLike
from pathlib import Path
from typing import Any

from mmengine.config import Config

from mmseg_deeplab.apis.audit import audit_dataset, audit_settings
from mmseg_deeplab.apis.run_config import (
    ConfigLike,
    naming_config,
    prepare,
    set_report_dir,
    use_amp,
)
from mmseg_deeplab.apis.work_dir import make_work_dir, write_failures
from mmseg_deeplab.config import check_config
from mmseg_deeplab.engine import SegRunner
from mmseg_deeplab.engine.checkpoint import existing_file
from mmseg_deeplab.engine.hooks import ClassesOnlyHook
from mmseg_deeplab.engine.runner_state import fine_tune_options
from mmseg_deeplab.engine.seeding import check_seed
from mmseg_deeplab.hub.foreign import holds_backbone
from mmseg_deeplab.utils.errors import ConfigError
from mmseg_deeplab.utils.log import get_logger
from mmseg_deeplab.utils.processes import started_rank


def train(
    config: ConfigLike,
    *,
    work_dir: str | PathLike | None = None,
    resume: bool | str | PathLike = False,
    load_from: str | PathLike | None = None,
    drop_head: bool = False,
    first_conv: str | None = None,
    amp: bool = False,
    device: str | None = None,
    seed: int | None = None,
    audit: bool | None = None,
    cfg_options: Mapping[str, Any] | None = None,
    data_root: str | PathLike | None = None,
    launcher: str | None = None,
) -> SegRunner:
    """Train the model that a config describes, validating and saving as it says.

    Args:
        config: Path, name of a shipped config, ``Config`` or mapping; it is not changed.
        work_dir: Folder for logs and checkpoints; ``work_dirs/NAME`` if None.
        resume: True to go on from the newest checkpoint of ``work_dir`` (where there is none, the
            run begins), or the path of one.
        load_from: Checkpoint whose weights are the start of a new run; a path or an address.
        drop_head: Take its backbone and what of the heads fits, but not its classifiers.
        first_conv: ``'mean'`` or ``'copy'``: how its first convolution is made to fit images of
            another number of bands; see :func:`mmseg_deeplab.utils.first_conv.adapt_kernel`.
        amp: Mixed precision: fp16 with loss scaling on a GPU, bf16 on a CPU.
        device: ``'cpu'``, ``'cuda'``, ``'cuda:1'``, ``'mps'``; the best one present if None.
        seed: Seed of everything random; the config's, else 0, if None.
        audit: Whether to look the data over first; the config's ``audit``, else True, if None.
        cfg_options: Dotted keys and values that replace the config's.
        data_root: Folder that every data set reads from, if not the config's.
        launcher: ``'none'``, ``'pytorch'``, ``'slurm'`` or ``'mpi'``; None is ``'mpi'`` among
            processes of ``mpirun``, else ``'none'``.

    Returns:
        The runner when it is done; its ``model`` is trained.

    Raises:
        SegError: The config, the data, a checkpoint or the training itself is at fault.
    """
    prepared = prepare(
        config,
        work_dir=work_dir,
        cfg_options=cfg_options,
        data_root=data_root,
        device=device,
        launcher=launcher,
    )
    if resume:
        prepared.resume = 'auto' if resume is True else str(resume)
    elif load_from is not None:
        prepared.load_from = str(load_from)
        prepared.resume = False
    _set_fine_tune(prepared, drop_head, first_conv)
    if amp:
        use_amp(prepared)
    if seed is not None:
        prepared.randomness = {**(prepared.get('randomness') or {}), 'seed': seed}
    if audit is not None:
        prepared.audit = audit
    set_report_dir(prepared, 'val_evaluator', 'val')
    check_config(prepared)
    _check_start(prepared)
    make_work_dir(prepared.work_dir)
    with naming_config(prepared):
        if prepared.get('audit', True) and started_rank() == 0:  # one looks for all
            _audit(prepared)
        with write_failures(prepared.work_dir):
            runner = SegRunner.from_cfg(prepared)
            runner.register_hook(ClassesOnlyHook())  # of the validations
            runner.train()
    return runner


def _set_fine_tune(config: Config, drop_head: bool, first_conv: str | None) -> None:
    asked = {'drop_head': drop_head or None, 'first_conv': first_conv}
    asked = {key: value for key, value in asked.items() if value is not None}
    if not asked:
        return
    if not config.get('load_from') or config.get('resume'):
        raise ConfigError(
            f'{" and ".join(asked)}: only for starting from the weights of another model; name '
            'its checkpoint with load_from (--load-from), and do not resume'
        )
    config.fine_tune = {**(config.get('fine_tune') or {}), **asked}


def _check_start(config: Config) -> None:
    """Refuse a seed, checkpoint or audit setting that cannot be meant, before data is read."""
    check_seed((config.get('randomness') or {}).get('seed'))
    audit_settings(config)
    fine_tune_options(config)
    resume = config.get('resume')
    start = config.get('load_from') if resume in (None, False, True) else resume
    if start and resume != 'auto':
        existing_file(start)
    _start_from_backbone(config)


def _start_from_backbone(config: Config) -> None:
    """Take weights of a backbone alone, of another system, for the start of the backbone."""
    start, resume = config.get('load_from'), config.get('resume')
    if not start or resume is True:
        return
    path = Path(start).expanduser() if resume else existing_file(start)
    if path.is_file() and holds_backbone(path):  # a run that goes on may do without the file
        get_logger().info(f'{path}: weights of a backbone alone; the heads start at random')
        config.model.pretrained = str(path)
        config.load_from = None


def _audit(config: Config) -> None:
    """Look the data over; warn of what is odd, refuse what would stop the training."""
    settings = config.get('audit')
    quick = settings.get('quick', True) if isinstance(settings, dict) else True
    report = audit_dataset(config, quick=quick)
    for line in report.lines():
        print(line)
    report.raise_errors()
