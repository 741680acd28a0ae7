"""The demonstrations: one image as a figure of its classes, a camera or video in a window."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from os import PathLike
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from torch import nn

from mmseg_deeplab.apis.inference import predict_samples
from mmseg_deeplab.apis.inferencer import class_ids
from mmseg_deeplab.apis.live_window import LiveWindow
from mmseg_deeplab.apis.sample_reader import ImageInput, SampleReader
from mmseg_deeplab.engine.crf import object_threshold, refine_sample
from mmseg_deeplab.inference import DenseCRF
from mmseg_deeplab.utils.errors import ConfigError, DataError
from mmseg_deeplab.visualization import write_rgb
from mmseg_deeplab.visualization.class_panels import class_panels, found_classes

Segment = Callable[[ImageInput], tuple[np.ndarray, np.ndarray]]


def segmenter(model: nn.Module, *, crf: bool = False) -> Segment:
    """From an image to a picture of it and its classes.

    Args:
        model: From ``init_model``.
        crf: Refine with the dense CRF of the config's ``crf``.

    Returns:
        Maps a path, or an array (BGR where it has three bands), to the image as stored
        (H, W, 3) uint8 RGB and class ids (H, W) int64.
    """
    reader = SampleReader(model.cfg)
    refiner = DenseCRF.from_cfg(model.cfg.get('crf')) if crf else None

    def segment(image: ImageInput) -> tuple[np.ndarray, np.ndarray]:
        ((sample, result),) = predict_samples(model, reader, [image])
        result = result.cpu()
        if refiner is not None:
            refine_sample(refiner, sample.picture, result, object_threshold(model))
        return sample.picture, class_ids(result)

    return segment


def demo_single(
    model: nn.Module,
    image: str | PathLike,
    out: str | PathLike,
    *,
    crf: bool = False,
    opacity: float = 0.5,
) -> tuple[np.ndarray, list[str]]:
    """Write a figure of one image: the input, then one panel for each class found.

    Args:
        model: From ``init_model``.
        image: Path of the image.
        out: The figure's path (``.png``, ``.jpg``, ...).
        crf: Refine with a dense CRF.
        opacity: Of the colours, 0 to 1.

    Returns:
        The figure, (height, width, 3) uint8 RGB, and the names of the classes found.

    Raises:
        DataError: The image is missing or broken, or ``out`` would replace it.
    """
    if not 0 <= opacity <= 1:
        raise ConfigError(f'opacity must be 0 to 1, got {opacity}')
    if Path(out).resolve() == Path(image).resolve():
        raise DataError(f'{out}: the figure would overwrite its image; choose another --out')
    picture, ids = segmenter(model, crf=crf)(str(image))
    names, palette = model.dataset_meta['classes'], model.dataset_meta['palette']
    figure = class_panels(picture, ids, names, palette, opacity=opacity)
    write_rgb(out, figure)
    return figure, [names[index] for index in found_classes(ids, len(names))]


def demo_live(
    model: nn.Module,
    source: int | str | PathLike,
    *,
    title: str = 'mmseg_deeplab',
    crf: bool = False,
    opacity: float = 0.5,
    size: int | None = None,
    report: Callable[[str], None] = print,
) -> int:
    """Predict a camera's or a video's frames in a window, until Q, Esc or the end.

    Args:
        model: From ``init_model``.
        source: Number of a camera, or path of a video file.
        title: Of the window.
        crf: Refine each frame with a dense CRF.
        opacity: Of the colours, 0 to 1.
        size: Bring each frame's longer side to so many pixels first; None leaves it.
        report: Told the name of the class under the mouse when it changes.

    Returns:
        The number of frames shown.

    Raises:
        DataError: The camera or video cannot be read.
        ConfigError: OpenCV cannot open a window here, or an argument is wrong.
    """
    if not 0 <= opacity <= 1:
        raise ConfigError(f'opacity must be 0 to 1, got {opacity}')
    if size is not None and size < 1:
        raise ConfigError(f'size must be at least 1 pixel, got {size}')
    segment = segmenter(model, crf=crf)
    frames = read_frames(source)
    first = next(frames)
    names, palette = model.dataset_meta['classes'], model.dataset_meta['palette']
    shown = 0
    with LiveWindow(title, names, palette, opacity, report) as window:
        frame: np.ndarray | None = first
        while frame is not None and window.is_open:
            window.show(*segment(_scaled(frame, size)))
            shown += 1
            frame = next(frames, None)
    frames.close()
    return shown


def read_frames(source: int | str | PathLike) -> Iterator[np.ndarray]:
    """The frames of a camera or video file, (H, W, 3) uint8 BGR.

    Args:
        source: Number of a camera, or path of a video file.

    Raises:
        DataError: There is no such camera or file, or OpenCV cannot read it.
    """
    capture: Any
    if isinstance(source, int):
        with _quiet_opencv():
            capture = cv2.VideoCapture(source)
            capture.set(cv2.CAP_PROP_FOURCC, cv2.VideoWriter_fourcc(*'YUYV'))  # uncompressed
        fault = f'camera {source} gives no picture; is it there (--camera-id), and free?'
    else:
        if not Path(source).is_file():
            raise DataError(f'{source}: there is no such video; check --video')
        with _quiet_opencv():
            capture = cv2.VideoCapture(str(source))
        fault = f'{source}: OpenCV cannot read this video; convert it, for example to MP4 (H.264)'
    try:
        more, frame = capture.read()
        if not more:
            raise DataError(fault)
        while more:
            yield frame
            more, frame = capture.read()
    finally:
        capture.release()


@contextmanager
def _quiet_opencv() -> Iterator[None]:
    """Let OpenCV not report each way in which it failed to open a source; we say it in one line."""
    log = getattr(getattr(cv2, 'utils', None), 'logging', None) or cv2
    before = log.getLogLevel()
    log.setLogLevel(0)
    try:
        yield
    finally:
        log.setLogLevel(before)


def _scaled(frame: np.ndarray, size: int | None) -> np.ndarray:
    if size is None:
        return frame
    height, width = frame.shape[:2]
    factor = size / max(height, width)
    wanted = max(1, round(width * factor)), max(1, round(height * factor))
    return cv2.resize(frame, wanted, interpolation=cv2.INTER_LINEAR)
