"""Where predictions of windows go: averaged in a band of rows, handed on as rows finish.

Legend: ``N`` images, ``K`` classes, ``H, W`` whole image, ``h, w`` window.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import torch
from torch import Tensor

from mmseg_deeplab.inference.windows import Window

RowsConsumer = Callable[[int, Tensor], None]


class Sink(Protocol):
    """What the engine gives its logits to."""

    def add(self, window: Window, logits: Tensor) -> None:
        """Take the logits (N, K, h, w) of one window; they may not be kept or changed."""
        ...

    def finish(self) -> None:
        """Called once after the last window."""
        ...


class AverageSink:
    """Plain mean of the logits of overlapping windows, in memory for one band of rows only.

    Logits are summed in place, in the order in which they come, and divided by the number of
    windows over each pixel when no later window can touch a row: the arithmetic of
    MMSegmentation's slide mode without its map-sized buffer per window. Memory is
    N x K x h x W numbers whatever the height of the image.

    Args:
        num_classes: K; None takes it from the first logits.
        height: Rows of the whole image.
        width: Columns of the whole image.
        on_rows: Called with ``(y0, rows)`` as rows finish, top to bottom, each row once;
            ``rows`` (N, K, r, W) is valid during the call only.

    Raises:
        ValueError: Logits of another size than their window, windows that come out of order
            (``y0`` falls), or, at the end, pixels without any window.
    """

    def __init__(
        self, num_classes: int | None, height: int, width: int, *, on_rows: RowsConsumer
    ) -> None:
        self.num_classes = num_classes
        self.height = height
        self.width = width
        self.on_rows = on_rows
        self._top = 0  # image row that the band begins with
        self._sum: Tensor | None = None  # (N, K, band, W)
        self._count = torch.zeros((0, width), dtype=torch.int32)  # (band, W), always on CPU

    def add(self, window: Window, logits: Tensor) -> None:
        """Add one window's logits.

        Args:
            window: Its place; ``y0`` must not be smaller than the window's before.
            logits: (N, K, h, w).
        """
        self._check(window, logits)
        if window.y0 > self._top:
            self._emit_until(window.y0)
        self._make_room(window.y1 - self._top, logits)
        rows = slice(window.y0 - self._top, window.y1 - self._top)
        columns = slice(window.x0, window.x1)
        self._sum[:, :, rows, columns] += logits
        self._count[rows, columns] += 1

    def finish(self) -> None:
        """Hand on the rows that are left."""
        if self._top < self.height:
            self._emit_until(self.height)
        self._sum = None

    def _check(self, window: Window, logits: Tensor) -> None:
        if self.num_classes is None:
            self.num_classes = logits.shape[1]
        wanted = (self.num_classes, window.height, window.width)
        if logits.dim() != 4 or tuple(logits.shape[1:]) != wanted:
            raise ValueError(
                f'logits of {window} must be (N, K, h, w) with (K, h, w) = {wanted}, got '
                f'{tuple(logits.shape)}; a predictor must return logits at the size of its input'
            )
        if window.y0 < self._top:
            raise ValueError(
                f'windows must come from top to bottom, got {window} after row {self._top} was '
                'finished; sort them by y0'
            )
        if window.x0 < 0 or window.x1 > self.width or window.y1 > self.height:
            raise ValueError(f'{window} lies outside an image of {self.height} x {self.width}')

    def _make_room(self, rows: int, like: Tensor) -> None:
        have = self._count.shape[0]
        if rows <= have:
            return
        shape = (like.shape[0], self.num_classes, rows, self.width)
        dtype = torch.promote_types(like.dtype, torch.float32)
        band = torch.zeros(shape, dtype=dtype, device=like.device)
        count = torch.zeros((rows, self.width), dtype=torch.int32)
        if self._sum is not None and have:
            band[:, :, :have] = self._sum
            count[:have] = self._count
        self._sum, self._count = band, count

    def _emit_until(self, end: int) -> None:
        """Finish the rows ``top .. end - 1`` and move the band down to ``end``."""
        rows = end - self._top
        count = self._count[:rows]
        if count.shape[0] < rows or int(count.min()) == 0:
            raise ValueError(
                f'rows {self._top} to {end - 1} are not all covered by windows; every pixel '
                'must lie in at least one window'
            )
        finished = self._sum[:, :, :rows].div_(count.to(self._sum.device))
        self.on_rows(self._top, finished)
        kept = self._count.shape[0] - rows
        # clone: source and target of the move overlap in memory
        self._sum[:, :, :kept] = self._sum[:, :, rows:].clone()
        self._sum[:, :, kept:] = 0
        self._count[:kept] = self._count[rows:].clone()
        self._count[kept:] = 0
        self._top = end


class LogitMap:
    """Collects finished rows into the whole map of logits; only for who asks for it.

    Args:
        height: Rows of the whole image.

    Shape:
        - logits: (N, K, H, W) float32 (float64 of float64), on the device of the rows
    """

    def __init__(self, height: int) -> None:
        self.height = height
        self._logits: Tensor | None = None

    def __call__(self, y0: int, rows: Tensor) -> None:
        """Take the rows (N, K, r, W) that begin at image row ``y0``."""
        if self._logits is None:
            images, classes, _, width = rows.shape
            self._logits = rows.new_empty((images, classes, self.height, width))
        self._logits[:, :, y0 : y0 + rows.shape[2]] = rows

    @property
    def logits(self) -> Tensor:
        """The whole map, (N, K, H, W).

        Raises:
            RuntimeError: No rows have come yet.
        """
        return _ready(self._logits)


class ClassMap:
    """Collects finished rows as class ids: one byte a pixel instead of K floats.

    Args:
        height: Rows of the whole image.
        threshold: For one-channel logits: class 1 where the sigmoid is above it (0 to 1).

    Shape:
        - ids: (N, H, W), uint8 up to 256 classes, else int64, on CPU
    """

    def __init__(self, height: int, *, threshold: float | None = None) -> None:
        self.height = height
        self.threshold = threshold
        self._ids: Tensor | None = None

    def __call__(self, y0: int, rows: Tensor) -> None:
        """Take the rows (N, K, r, W) that begin at image row ``y0``."""
        images, classes, count, width = rows.shape
        if self._ids is None:
            dtype = torch.uint8 if classes <= 256 else torch.int64
            self._ids = torch.empty((images, self.height, width), dtype=dtype)
        self._ids[:, y0 : y0 + count] = self._classify(rows)

    def _classify(self, rows: Tensor) -> Tensor:
        if rows.shape[1] == 1 and self.threshold is not None:
            return (rows[:, 0].sigmoid() > self.threshold).to(self._ids.dtype)
        # as argmax, the first of equal classes wins, but several times as fast on a CPU
        return rows.max(dim=1).indices.to(self._ids.dtype)

    @property
    def ids(self) -> Tensor:
        """The whole map, (N, H, W).

        Raises:
            RuntimeError: No rows have come yet.
        """
        return _ready(self._ids)


def _ready(tensor: Tensor | None) -> Tensor:
    if tensor is None:
        raise RuntimeError('no rows have arrived yet; run predict_windows first')
    return tensor
