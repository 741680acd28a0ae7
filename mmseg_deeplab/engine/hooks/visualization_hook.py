"""Pictures of predictions while validating and testing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
from mmengine.hooks import Hook

from mmseg_deeplab.registry import HOOKS


@HOOKS.register_module()
class SegVisualizationHook(Hook):
    """Hands every n-th prediction to the visualizer.

    Args:
        draw: Draw at all; off by default.
        interval: In validation, draw one of so many batches; in a test, every image is drawn.
        show: Also open a window.
        wait_time: Seconds that a window stays.
        backend_args: Taken for compatibility with MMSegmentation's configs; images are not read
            again, so it is not used.
    """

    def __init__(
        self,
        draw: bool = False,
        interval: int = 50,
        show: bool = False,
        wait_time: float = 0.0,
        backend_args: dict[str, Any] | None = None,
    ) -> None:
        self.draw = draw
        self.interval = interval
        self.show = show
        self.wait_time = wait_time

    def after_val_iter(
        self, runner: Any, batch_idx: int, data_batch: Any = None, outputs: Any = None
    ) -> None:
        """Draw the first image of every ``interval``-th batch.

        Args:
            runner: The runner.
            batch_idx: From 0.
            data_batch: What the loader gave: ``inputs``, a list of (C, H, W).
            outputs: Predicted data samples.
        """
        if self.draw and outputs and self.every_n_inner_iters(batch_idx, self.interval):
            self._draw(runner, 'val', data_batch['inputs'][0], outputs[0], runner.iter)

    def after_test_iter(
        self, runner: Any, batch_idx: int, data_batch: Any = None, outputs: Any = None
    ) -> None:
        """Draw every image.

        Args:
            runner: The runner.
            batch_idx: From 0.
            data_batch: What the loader gave: ``inputs``, a list of (C, H, W), or with
                test-time augmentation a list of such lists, the views.
            outputs: Predicted data samples.
        """
        if not self.draw or not outputs:
            return
        inputs = data_batch['inputs']
        # With test-time augmentation the samples are grouped by view; the first is upright.
        first_view = inputs[0] if isinstance(inputs[0], (list, tuple)) else inputs
        for image, sample in zip(first_view, outputs, strict=True):
            self._draw(runner, 'test', image, sample, batch_idx)

    def _draw(self, runner: Any, mode: str, image: torch.Tensor, sample: Any, step: int) -> None:
        stem = Path(str(getattr(sample, 'img_path', f'{mode}_{step}'))).stem
        runner.visualizer.add_datasample(
            f'{mode}_{stem}',
            as_rgb(image, _size(sample, image)),
            data_sample=sample,
            show=self.show,
            wait_time=self.wait_time,
            step=step,
        )


def as_rgb(image: torch.Tensor, size: tuple[int, int]) -> np.ndarray:
    """A network's input as a picture.

    Args:
        image: (C, H, W), any dtype: three 8-bit channels are BGR; of other images the first
            three bands, stretched from their 2nd to their 98th percentile, are shown.
        size: The picture's height and width.

    Returns:
        (H', W', 3) uint8, RGB.
    """
    import cv2

    bands = image.detach().cpu().numpy()
    if bands.shape[0] == 3 and bands.dtype == np.uint8:
        picture = bands[::-1]
    else:
        chosen = bands[[0, 1, 2] if bands.shape[0] >= 3 else [0, 0, 0]].astype(np.float32)
        low, high = np.percentile(chosen, (2, 98))
        picture = np.clip((chosen - low) / max(high - low, 1e-6) * 255, 0, 255).astype(np.uint8)
    picture = np.ascontiguousarray(picture.transpose(1, 2, 0))
    if picture.shape[:2] == tuple(size):
        return picture
    return cv2.resize(picture, size[::-1], interpolation=cv2.INTER_LINEAR)


def _size(sample: Any, image: torch.Tensor) -> tuple[int, int]:
    shape = getattr(sample, 'ori_shape', None) or tuple(image.shape[-2:])
    return int(shape[0]), int(shape[1])
