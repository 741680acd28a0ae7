"""Test a checkpoint from a config: what the command line, the tools and Python callers share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from os import PathLike
from typing import Any

from mmengine.config import Config

from mmseg_deeplab.apis.run_config import (
    ConfigLike,
    iou_metrics,
    leave_labels_out,
    naming_config,
    prepare,
    set_report_dir,
    use_crf,
    use_predictor,
    use_tta,
)
from mmseg_deeplab.apis.views import use_output_stride, use_views, views_name
from mmseg_deeplab.apis.work_dir import make_work_dir, write_failures
from mmseg_deeplab.config import check_config
from mmseg_deeplab.datasets.audit import require_files
from mmseg_deeplab.engine import SegRunner
from mmseg_deeplab.engine.checkpoint import existing_file
from mmseg_deeplab.engine.hooks import ClassesOnlyHook
from mmseg_deeplab.hub.foreign import holds_backbone
from mmseg_deeplab.inference.backends import EngineChoice
from mmseg_deeplab.registry import DATASETS
from mmseg_deeplab.utils.errors import CheckpointError, ConfigError
from mmseg_deeplab.utils.processes import started_rank


def test(
    config: ConfigLike,
    checkpoint: str | PathLike | None = None,
    *,
    aug_test: bool = False,
    scales: Sequence[float] | None = None,
    flip: bool = False,
    output_stride: int | None = None,
    crf: bool = False,
    crf_jobs: int | None = None,
    out: str | PathLike | None = None,
    show_dir: str | PathLike | None = None,
    show: bool = False,
    wait_time: float = 2.0,
    device: str | None = None,
    backend: str = 'torch',
    precision: str = 'fp32',
    work_dir: str | PathLike | None = None,
    cfg_options: Mapping[str, Any] | None = None,
    data_root: str | PathLike | None = None,
    launcher: str | None = None,
) -> dict[str, float]:
    """Score a checkpoint on the test set of a config.

    The figures are logged, returned, and written with the confusion matrix below
    ``work_dir/test`` (``work_dir/test_ms_flip`` with ``aug_test``; chosen views and strides,
    backend and precision become part of the folder's name).

    Args:
        config: Path, name of a shipped config, ``Config`` or mapping; it is not changed.
        checkpoint: File to load; None is what the config's ``test_from`` names, as settings
            files of other systems do.
        aug_test: Average the probabilities of the config's own scales and flips of each image.
        scales: Instead: of these scales, factors of the size at which an image is tested.
        flip: Instead: of each scale and its mirror image.
        output_stride: 8 or 16, where the backbone has this setting.
        crf: Refine the predictions with the dense CRF of the config's ``crf``.
        crf_jobs: Batches whose CRF is computed at a time; all cores' worth if None.
        out: Folder for the predicted label maps, one PNG of class ids per image.
        show_dir: Folder for pictures of labels and predictions.
        show: Open each picture in a window as well.
        wait_time: Seconds that a window stays open; 0 waits for a key.
        device: ``'cpu'``, ``'cuda'``, ``'cuda:1'``, ``'mps'``; the best one present if None.
        backend: What computes the logits, see :func:`init_model`.
        precision: In which precision.
        work_dir: Folder for the log and the scores; ``work_dirs/NAME`` if None.
        cfg_options: Dotted keys and values that replace the config's.
        data_root: Folder that every data set reads from, if not the config's.
        launcher: ``'none'``, ``'pytorch'``, ``'slurm'`` or ``'mpi'``; None is ``'mpi'`` among
            processes of ``mpirun``, else ``'none'``.

    Returns:
        Metric name to value in percent.

    Raises:
        SegError: The config, the data or the checkpoint is at fault.
    """
    choice = EngineChoice(backend, precision)
    prepared = prepare(
        config,
        work_dir=work_dir,
        cfg_options=cfg_options,
        data_root=data_root,
        device=choice.device(device),
        launcher=launcher,
    )
    _require_test_set(prepared)
    if output_stride is not None:
        use_output_stride(prepared, output_stride)
    check_config(prepared)
    path = existing_file(checkpoint or _named_checkpoint(prepared))
    if holds_backbone(path):
        raise CheckpointError(f'{path}: holds a backbone alone; a test needs a whole model')
    prepared.load_from = str(path)
    prepared.resume = False
    folder = views_name(scales, flip, output_stride)
    if scales is not None or flip:
        if aug_test:
            raise ConfigError(
                "--aug-test takes the config's own scales and flip; leave it out where --scales or "
                '--flip choose'
            )
        use_views(prepared, scales, flip)
    elif aug_test:
        folder = f'{folder}_ms_flip'
        use_tta(prepared)
    if crf:
        folder = f'{folder}_crf'
        use_crf(prepared, crf_jobs)
    if not choice.is_plain:
        folder = f'{folder}_{backend}_{precision}'
        use_predictor(prepared, choice)
    metrics = list(iou_metrics(prepared.test_evaluator))
    labelled = not metrics or not all(metric.get('format_only') for metric in metrics)
    if not labelled:
        leave_labels_out(prepared)
    if started_rank() == 0:  # one looks for all
        require_files(DATASETS.build(prepared.test_dataloader.dataset), labelled=labelled)
    set_report_dir(prepared, 'test_evaluator', folder)
    if out is not None:
        for metric in metrics:
            metric['output_dir'] = str(out)
    if show_dir is not None or show:
        _draw(prepared, show_dir, show, wait_time)
    make_work_dir(prepared.work_dir)
    with naming_config(prepared), write_failures(prepared.work_dir):
        runner = SegRunner.from_cfg(prepared)
        if not crf:
            runner.register_hook(ClassesOnlyHook())
        return runner.test()


def _named_checkpoint(config: Config) -> str:
    named = config.get('test_from')
    if not named:
        raise ConfigError(
            f'{config.filename or "the config"}: a checkpoint to test must be given behind the '
            'config; the config names none'
        )
    return named


def _require_test_set(config: Config) -> None:
    for key in ('test_dataloader', 'test_evaluator'):
        if config.get(key) is None:
            raise ConfigError(f'{key} is missing in the config; testing needs it')
    if config.get('test_cfg') is None:
        config.test_cfg = {'type': 'TestLoop'}


def _draw(config: Config, folder: str | PathLike | None, show: bool, wait_time: float) -> None:
    hooks = config.get('default_hooks') or {}
    hook = {**(hooks.get('visualization') or {'type': 'SegVisualizationHook'})}
    if folder is not None:
        hook['show_dir'] = str(folder)
    if show:
        hook.update(show=True, wait_time=wait_time)
    config.default_hooks = {**hooks, 'visualization': hook}
