"""Pictures of predictions during validation and testing."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from mmengine.hooks import Hook

from mmseg_deeplab.registry import HOOKS
from mmseg_deeplab.structures import SegDataSample
from mmseg_deeplab.utils.errors import ConfigError
from mmseg_deeplab.utils.files import UniqueNames
from mmseg_deeplab.visualization import comparison, to_display, write_rgb

_FLIPPED_AXES = {'horizontal': (1,), 'vertical': (0,), 'diagonal': (0, 1)}


@HOOKS.register_module()
class SegVisualizationHook(Hook):
    """Draws predictions: all of a test into a folder, or every n-th for the visualizer.

    With ``show_dir`` each tested image becomes ``show_dir/NAME.png``: input, label (where there
    is one) and prediction side by side, with a legend. With ``draw`` alone, as in
    MMSegmentation, the images of every ``interval``-th iteration of validation and test go to
    the runner's visualizer and its backends.

    The picture is made of the network's input before normalisation, brought to the prediction's
    size, so images of any number of bands and from any loader can be drawn.

    Args:
        draw: Whether to draw at all.
        interval: Images go to the visualizer once in so many iterations, at least 1.
        show: Whether to open a window for each as well; implies ``draw``.
        wait_time: Seconds a window stays open; 0 waits for a key.
        backend_args: Kept for configs written for MMSegmentation; files are not read here.
        show_dir: Folder for the pictures of a test, one for every image.
    """

    priority = 'NORMAL'

    def __init__(
        self,
        draw: bool = False,
        interval: int = 50,
        show: bool = False,
        wait_time: float = 0.0,
        backend_args: dict | None = None,
        show_dir: str | None = None,
    ) -> None:
        if interval < 1:
            raise ConfigError(f'interval must be at least 1, got {interval}')
        self.draw = draw or show
        self.interval = interval
        self.show = show
        self.wait_time = wait_time
        self.show_dir = None if show_dir is None else Path(show_dir)
        self.names_root: str | None = None  # set where images of two folders have one name
        self._names = UniqueNames()

    def before_test(self, runner: Any) -> None:
        """Forget the file names of an earlier test."""
        self._names = UniqueNames(self.names_root)

    def after_val_iter(
        self,
        runner: Any,
        batch_idx: int,
        data_batch: dict | None = None,
        outputs: Sequence[SegDataSample] | None = None,
    ) -> None:
        """Draw for the visualizer when it is this iteration's turn."""
        if self.draw and self.every_n_inner_iters(batch_idx, self.interval):
            self._to_visualizer(runner, 'val', data_batch, outputs)

    def after_test_iter(
        self,
        runner: Any,
        batch_idx: int,
        data_batch: dict | None = None,
        outputs: Sequence[SegDataSample] | None = None,
    ) -> None:
        """Draw into the folder, and for the visualizer when it is this iteration's turn."""
        if self.show_dir is not None:
            self._to_folder(runner, data_batch, outputs)
        if self.draw and self.every_n_inner_iters(batch_idx, self.interval):
            self._to_visualizer(runner, 'test', data_batch, outputs)

    def _to_folder(self, runner: Any, data_batch: dict, outputs: Sequence[SegDataSample]) -> None:
        # not the visualizer's: MMEngine gives that to the first process only
        meta = runner.test_loop.dataloader.dataset.metainfo
        for index, sample in enumerate(outputs):
            prediction, label = _ids(sample, 'pred_sem_seg'), _ids(sample, 'gt_sem_seg')
            picture = comparison(
                input_picture(data_batch, index, prediction.shape),
                prediction,
                label,
                class_names=meta['classes'],
                palette=meta['palette'],
            )
            write_rgb(self.show_dir / f'{self._names.stem(sample.img_path)}.png', picture)

    def _to_visualizer(
        self, runner: Any, mode: str, data_batch: dict, outputs: Sequence[SegDataSample]
    ) -> None:
        for index, sample in enumerate(outputs):
            size = _ids(sample, 'pred_sem_seg').shape
            runner.visualizer.add_datasample(
                f'{mode}_{Path(sample.img_path).name}',
                input_picture(data_batch, index, size),
                data_sample=sample,
                show=self.show,
                wait_time=self.wait_time,
                step=runner.iter,
            )


def input_picture(data_batch: dict, index: int, size: tuple[int, int]) -> np.ndarray:
    """The network's input as a picture.

    Args:
        data_batch: What the loader gave: ``inputs``, a list of (C, H, W) tensors before
            normalisation, and ``data_samples``; with test-time augmentation a list of such
            lists, one per view.
        index: Which image of the batch.
        size: Height and width of the picture.

    Returns:
        (height, width, 3) uint8, RGB, not flipped.
    """
    pixels, sample = _plainest_view(data_batch, index)
    image = pixels.detach().cpu().numpy().transpose(1, 2, 0)
    if sample.metainfo.get('flip'):
        image = np.flip(image, _FLIPPED_AXES[sample.flip_direction])
    picture = to_display(image)
    if picture.shape[:2] != tuple(size):
        picture = cv2.resize(picture, (size[1], size[0]), interpolation=cv2.INTER_LINEAR)
    return picture


def _plainest_view(data_batch: dict, index: int) -> tuple[torch.Tensor, SegDataSample]:
    """Of several views one without a flip, and of those the nearest to the original size."""
    inputs, samples = data_batch['inputs'], data_batch['data_samples']
    if isinstance(inputs[0], torch.Tensor):
        return inputs[index], samples[index]
    views = [(pixels[index], of[index]) for pixels, of in zip(inputs, samples, strict=True)]

    def rank(view: tuple[torch.Tensor, SegDataSample]) -> tuple[bool, float]:
        pixels, sample = view
        wanted = np.prod(sample.ori_shape)
        return bool(sample.metainfo.get('flip')), abs(np.log(pixels[0].numel() / wanted))

    return min(views, key=rank)


def _ids(sample: SegDataSample, field: str) -> np.ndarray | None:
    """(1, H, W) or (H, W) to (H, W) int64; None where the sample has no such field."""
    if field not in sample:
        return None
    data = getattr(sample, field).data.detach().cpu()
    return np.asarray(data[0] if data.dim() == 3 else data).astype(np.int64)
