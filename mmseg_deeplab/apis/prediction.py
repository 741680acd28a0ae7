"""Predict images into files: what the command line and Python callers share."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from os import PathLike
from pathlib import Path
from typing import Any

from mmengine.config import Config
from torch import nn

from mmseg_deeplab.apis.inference import init_model, predict_samples, tta_model
from mmseg_deeplab.apis.inferencer import class_ids
from mmseg_deeplab.apis.sample_reader import NamedImage, Sample, SampleReader, list_images
from mmseg_deeplab.engine.crf import object_threshold, refine_sample
from mmseg_deeplab.inference import DenseCRF, check_jobs, in_order
from mmseg_deeplab.structures import SegDataSample
from mmseg_deeplab.utils.cores import usable_cores
from mmseg_deeplab.utils.errors import ConfigError, DataError
from mmseg_deeplab.utils.log import end_open_line, note_open_line
from mmseg_deeplab.visualization import write_prediction
from mmseg_deeplab.visualization.files import KINDS


def predict(
    config: str | PathLike | Mapping | Config,
    checkpoint: str | PathLike,
    inputs: str | PathLike | Sequence[str | PathLike],
    out_dir: str | PathLike,
    *,
    aug_test: bool = False,
    crf: bool = False,
    crf_jobs: int | None = None,
    device: str | None = None,
    batch_size: int = 1,
    opacity: float = 0.5,
    kinds: Sequence[str] = KINDS,
    cfg_options: Mapping[str, Any] | None = None,
    on_progress: Callable[[int, int], None] | None = None,
) -> list[Path]:
    """Predict images and write ``OUT_DIR/masks``, ``/colors`` and ``/overlays``.

    Everything that can be wrong with the arguments is looked at before the first file is
    written; each file is written whole or not at all. Pixels without data get the id 255.

    Args:
        config: Path, name of a shipped config, ``Config`` or mapping.
        checkpoint: Weights.
        inputs: Image files and folders (searched with their sub-folders).
        out_dir: Folder for the results; made if missing.
        aug_test: Mean over the views of the config's ``tta_pipeline``.
        crf: Refine the predictions with the dense CRF of the config's ``crf``.
        crf_jobs: Images it works on at a time; as many as there are cores if None.
        device: ``'cpu'``, ``'cuda:0'``, ``'mps'``; None takes the best that is there.
        batch_size: Images in one pass; only neighbours of one size share one.
        opacity: Of the colours in overlays, 0 to 1.
        kinds: Which to write, some of ``'masks'`` (class ids), ``'colors'``, ``'overlays'``.
        cfg_options: Dotted keys and values that replace those of the config.
        on_progress: Called with ``(images done, images in all)``; None draws a bar.

    Returns:
        The files written, in order.

    Raises:
        SegError: The config, checkpoint, an image or the output folder is at fault.
    """
    if not 0 <= opacity <= 1:
        raise ConfigError(f'opacity must be 0 to 1, got {opacity}')
    check_jobs(crf_jobs)
    images = list_images(inputs)
    folder = Path(out_dir)
    _refuse_own_inputs(images, folder, kinds)
    model = init_model(config, checkpoint, device, cfg_options)
    reader = SampleReader(model.cfg, aug_test=aug_test)
    runnable = tta_model(model, with_logits=crf) if aug_test else model
    report = on_progress or progress_bar(len(images))
    written: list[Path] = []
    predicted = predict_samples(
        runnable, reader, [image for _, image in images], batch_size=batch_size
    )
    if crf:
        jobs = min(crf_jobs or usable_cores(), len(images))
        predicted = with_crf(predicted, DenseCRF.from_cfg(model.cfg.get('crf')), model, jobs)
    for done, (sample, result) in enumerate(predicted, start=1):
        paths = write_prediction(
            folder,
            images[done - 1].name,
            class_ids(result),
            palette=model.dataset_meta['palette'],
            image=sample.picture,
            opacity=opacity,
            kinds=kinds,
        )
        written += paths.values()
        report(done, len(images))
    return written


def with_crf(
    predicted: Iterable[tuple[Sample, SegDataSample]], crf: DenseCRF, model: nn.Module, jobs: int
) -> Iterator[tuple[Sample, SegDataSample]]:
    """Predictions refined by a dense CRF, several at a time, in their order.

    Args:
        predicted: As ``predict_samples`` yields them; moved to the CPU and changed.
        crf: The CRF.
        model: What predicted.
        jobs: Images it works on at a time, 1 or more.
    """
    threshold = object_threshold(model)

    def refine(pair: tuple[Sample, SegDataSample]) -> tuple[Sample, SegDataSample]:
        return pair[0], refine_sample(crf, pair[0].picture, pair[1], threshold)

    return in_order(refine, ((sample, result.cpu()) for sample, result in predicted), jobs=jobs)


def _refuse_own_inputs(images: Sequence[NamedImage], folder: Path, kinds: Sequence[str]) -> None:
    """Results must not replace the images they come from."""
    for name, image in images:
        targets = [(folder / kind / f'{name}.png').resolve() for kind in kinds]
        if Path(image).resolve() in targets:
            raise DataError(f'{image}: its result would overwrite it; choose another output folder')


def progress_bar(total: int) -> Callable[[int, int], None]:
    """A bar with the time left, on standard error.

    Args:
        total: All steps.

    Returns:
        To be called after each step with ``(steps done, total)``.
    """
    from mmengine.utils import ProgressBar

    note_open_line(True)
    bar = ProgressBar(total, file=sys.stderr)

    def update(done: int, total: int) -> None:
        bar.update()
        if done == total:
            end_open_line()

    return update
