"""The one way from an image to a map of predictions: windows, batches, predictor, sink."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Protocol

import torch
from torch import Tensor

from mmseg_deeplab.inference.predictor import Predictor
from mmseg_deeplab.inference.sinks import AverageSink, ClassMap, LogitMap, RowsConsumer, Sink
from mmseg_deeplab.inference.windows import Window, grid_windows
from mmseg_deeplab.utils.errors import SegError


class PredictionCancelled(SegError):
    """The caller's ``cancelled`` said so; what the sink has so far is not a whole map."""


class Source(Protocol):
    """Where the pixels of a window come from: a tensor, later a raster on disk."""

    def read(self, window: Window) -> Tensor:
        """Pixels of a window, (N, C, h, w) float, normalised; N is the same every time."""
        ...


class TensorSource:
    """Images that are in memory already.

    Args:
        images: (N, C, H, W) float, normalised.
    """

    def __init__(self, images: Tensor) -> None:
        if images.dim() != 4:
            raise ValueError(f'images must be (N, C, H, W), got shape {tuple(images.shape)}')
        self.images = images

    def read(self, window: Window) -> Tensor:
        """A view of the window's pixels, (N, C, h, w)."""
        return self.images[:, :, window.y0 : window.y1, window.x0 : window.x1]


def predict_windows(
    source: Source,
    windows: Sequence[Window],
    predictor: Predictor,
    sink: Sink,
    *,
    batch_size: int = 1,
    on_progress: Callable[[int, int], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> None:
    """Predict every window and give the logits to the sink, in the order of ``windows``.

    Args:
        source: Gives the pixels (N, C, h, w) of a window.
        windows: From top to bottom, as :func:`grid_windows` makes them.
        predictor: Maps (B, C, h, w) to logits (B, K, h, w).
        sink: Takes the logits (N, K, h, w) of each window.
        batch_size: Windows in one call of the predictor, at least 1; a call holds only
            windows of one size, N images of each.
        on_progress: Called with ``(windows done, windows in all)`` after each batch.
        cancelled: Asked before each batch; True ends the prediction.

    Raises:
        PredictionCancelled: ``cancelled()`` was true; ``sink.finish`` is then not called.
        ValueError: ``batch_size`` below 1.
    """
    if batch_size < 1:
        raise ValueError(f'batch_size must be at least 1, got {batch_size}')
    done = 0
    for batch in _equal_sized_batches(windows, batch_size):
        if cancelled is not None and cancelled():
            raise PredictionCancelled(
                f'prediction was cancelled after {done} of {len(windows)} windows'
            )
        _predict_batch(source, batch, predictor, sink)
        done += len(batch)
        if on_progress is not None:
            on_progress(done, len(windows))
    sink.finish()


def slide_logits(
    images: Tensor,
    predictor: Predictor,
    crop_size: tuple[int, int],
    stride: tuple[int, int],
    *,
    batch_size: int = 1,
) -> Tensor:
    """Logits of whole images from overlapping windows, averaged where these overlap.

    The numbers are those of MMSegmentation's slide mode: sum of the windows' logits divided
    by how many windows cover the pixel.

    Args:
        images: (N, C, H, W) float, normalised.
        predictor: Maps (B, C, h, w) to logits (B, K, h, w).
        crop_size: Window height and width, pixels; an image smaller than it is one window.
        stride: Step down and to the right, pixels, at most ``crop_size``.
        batch_size: Windows in one call of the predictor.

    Returns:
        (N, K, H, W) float32 (float64 of float64), on the predictor's device.

    Raises:
        ConfigError: The stride is larger than the window, or a size is below 1.
    """
    whole = LogitMap(images.shape[-2])
    _slide(images, predictor, crop_size, stride, batch_size, whole)
    return whole.logits


def slide_classes(
    images: Tensor,
    predictor: Predictor,
    crop_size: tuple[int, int],
    stride: tuple[int, int],
    *,
    batch_size: int = 1,
    threshold: float | None = None,
) -> Tensor:
    """The classes that :func:`slide_logits` finds, in memory for one band of logits only.

    Args:
        images: (N, C, H, W) float, normalised.
        predictor: Maps (B, C, h, w) to logits (B, K, h, w).
        crop_size: Window height and width, pixels.
        stride: Step down and to the right, pixels, at most ``crop_size``.
        batch_size: Windows in one call of the predictor.
        threshold: For one-channel logits: class 1 where the sigmoid is above it (0 to 1).

    Returns:
        (N, H, W) class ids, uint8 up to 256 classes, else int64, on the CPU.

    Raises:
        ConfigError: The stride is larger than the window, or a size is below 1.
    """
    whole = ClassMap(images.shape[-2], threshold=threshold)
    _slide(images, predictor, crop_size, stride, batch_size, whole)
    return whole.ids


def _slide(
    images: Tensor,
    predictor: Predictor,
    crop_size: tuple[int, int],
    stride: tuple[int, int],
    batch_size: int,
    on_rows: RowsConsumer,
) -> None:
    height, width = images.shape[-2:]
    sink = AverageSink(None, height, width, on_rows=on_rows)
    windows = grid_windows(height, width, crop_size, stride)
    predict_windows(TensorSource(images), windows, predictor, sink, batch_size=batch_size)


def _equal_sized_batches(windows: Sequence[Window], batch_size: int) -> Iterator[list[Window]]:
    batch: list[Window] = []
    for window in windows:
        differs = batch and (window.height, window.width) != (batch[0].height, batch[0].width)
        if differs or len(batch) == batch_size:
            yield batch
            batch = []
        batch.append(window)
    if batch:
        yield batch


def _predict_batch(source: Source, batch: list[Window], predictor: Predictor, sink: Sink) -> None:
    parts = [source.read(window) for window in batch]
    pixels = parts[0] if len(parts) == 1 else torch.cat(parts)  # (windows * N, C, h, w)
    logits = predictor(pixels)
    for window, part in zip(batch, logits.chunk(len(batch)), strict=True):
        sink.add(window, part)
