"""The visualizer that configs name, drawing segmentation the way MMSegmentation's users know."""

from __future__ import annotations

import copy
from collections.abc import Sequence

import numpy as np
from mmengine.dist import master_only
from mmengine.structures import PixelData
from mmengine.visualization import Visualizer

from mmseg_deeplab.registry import DATASETS, VISUALIZERS
from mmseg_deeplab.structures import SegDataSample
from mmseg_deeplab.utils.class_names import dataset_aliases, get_classes, get_palette
from mmseg_deeplab.utils.errors import ConfigError
from mmseg_deeplab.utils.log import warn_once
from mmseg_deeplab.visualization.files import write_rgb
from mmseg_deeplab.visualization.panels import Palette, name_regions, overlay

_FILE_BACKENDS = ('agg', 'cairo', 'pdf', 'pgf', 'ps', 'svg', 'template')


@VISUALIZERS.register_module()
class SegLocalVisualizer(Visualizer):
    """Draws labels and predictions over images; writes them or hands them to the backends.

    Args:
        name: Of the instance.
        image: Start from this picture, (H, W, 3) uint8 RGB.
        vis_backends: MMEngine backends, as configs.
        save_dir: Folder of the backends that write files.
        classes: Class names; else those of ``dataset_name``, else of :attr:`dataset_meta`.
        palette: RGB of each class.
        dataset_name: ``'loveda'``, ``'potsdam'``, ``'vaihingen'``, ``'isaid'`` or a registered
            data set's class name.
        alpha: Opacity of the colours, 0 to 1.
    """

    def __init__(
        self,
        name: str = 'visualizer',
        image: np.ndarray | None = None,
        vis_backends: Sequence[dict] | None = None,
        save_dir: str | None = None,
        classes: Sequence[str] | None = None,
        palette: Palette | None = None,
        dataset_name: str | None = None,
        alpha: float = 0.8,
    ) -> None:
        # a copy, because MMEngine takes keys out of the dicts it is given
        self._drawn: np.ndarray | None = None
        super().__init__(name, image, copy.deepcopy(vis_backends), save_dir)
        self.alpha = alpha
        self.set_dataset_meta(classes, palette, dataset_name)

    @master_only
    def set_dataset_meta(
        self,
        classes: Sequence[str] | None = None,
        palette: Palette | None = None,
        dataset_name: str | None = None,
    ) -> None:
        """Set class names and colours; the arguments are the constructor's."""
        known = _metainfo(dataset_name) if dataset_name else {}
        classes = classes or known.get('classes')
        palette = palette or known.get('palette')
        if classes is not None or palette is not None:
            self.dataset_meta = {'classes': classes, 'palette': palette}

    @master_only
    def add_datasample(
        self,
        name: str,
        image: np.ndarray,
        data_sample: SegDataSample | None = None,
        draw_gt: bool = True,
        draw_pred: bool = True,
        show: bool = False,
        wait_time: float = 0,
        out_file: str | None = None,
        step: int = 0,
        with_labels: bool = True,
    ) -> None:
        """Draw a sample: its label, its prediction, or both side by side.

        Args:
            name: Of the picture, for the backends and the window.
            image: (H, W, 3) uint8, RGB, at the size of the label and prediction.
            data_sample: Holds ``gt_sem_seg`` and ``pred_sem_seg``; a missing one is left out,
                and with neither the bare image is drawn.
            draw_gt: Whether to draw the label.
            draw_pred: Whether to draw the prediction.
            show: Whether to open a window.
            wait_time: Seconds the window stays open; 0 waits for a key.
            out_file: Write the picture there instead of handing it to the backends.
            step: Iteration, for the backends.
            with_labels: Whether to write class names on the regions.

        Raises:
            ConfigError: There are maps to draw but no palette.
        """
        drawn = self._draw(image, data_sample, draw_gt, draw_pred, with_labels)
        if show:
            self.show(drawn, win_name=name, wait_time=wait_time)
        if out_file is not None:
            write_rgb(out_file, drawn)
        else:
            self.add_image(name, drawn, step)
        self._drawn = drawn

    @master_only
    def get_image(self) -> np.ndarray:
        """The picture drawn last, (H, W, 3) uint8, RGB.

        Raises:
            RuntimeError: Nothing was drawn yet.
        """
        if self._drawn is not None:
            return self._drawn
        if getattr(self, '_image', None) is None:
            raise RuntimeError('nothing was drawn yet; call add_datasample first')
        return super().get_image()

    @master_only
    def set_image(self, image: np.ndarray) -> None:
        """Start a picture for MMEngine's ``draw_*`` methods.

        Args:
            image: (H, W, 3) uint8, RGB.
        """
        self._drawn = None
        super().set_image(image)

    @master_only
    def show(
        self,
        drawn_img: np.ndarray | None = None,
        win_name: str = 'image',
        wait_time: float = 0.0,
        continue_key: str = ' ',
        backend: str = 'matplotlib',
    ) -> None:
        """Open a window; without a display say so and go on, where Matplotlib would wait for ever.

        Args:
            drawn_img: (H, W, 3) uint8, RGB; None takes the picture drawn last.
            win_name: Title.
            wait_time: Seconds the window stays open; 0 waits for a key.
            continue_key: That closes the window.
            backend: ``'matplotlib'`` or ``'cv2'``.
        """
        if backend == 'matplotlib' and not has_display():
            warn_once('there is no display, so no picture is shown; write it to a file instead')
            return
        super().show(drawn_img, win_name, wait_time, continue_key, backend)

    def _draw(
        self,
        image: np.ndarray,
        data_sample: SegDataSample | None,
        draw_gt: bool,
        draw_pred: bool,
        with_labels: bool,
    ) -> np.ndarray:
        wanted = [('gt_sem_seg', draw_gt), ('pred_sem_seg', draw_pred)]
        maps = [
            getattr(data_sample, field)
            for field, draw in wanted
            if draw and data_sample is not None and field in data_sample
        ]
        if not maps:
            return np.ascontiguousarray(image)
        meta = self.dataset_meta or {}
        classes, palette = meta.get('classes'), meta.get('palette')
        return np.concatenate(
            [self._draw_sem_seg(image, each, classes, palette, with_labels) for each in maps],
            axis=1,
        )

    # MMSegmentation's name and arguments, for subclasses that draw in another way
    def _draw_sem_seg(
        self,
        image: np.ndarray,
        sem_seg: PixelData,
        classes: Sequence[str] | None,
        palette: Palette | None,
        with_labels: bool = True,
    ) -> np.ndarray:
        if not palette:
            raise ConfigError(
                'dataset_meta must have a palette to draw with, got none; '
                'give the visualizer classes and palette, or dataset_name'
            )
        ids = _ids(sem_seg)
        drawn = overlay(image, ids, palette, self.alpha)
        if with_labels and classes:
            drawn = name_regions(drawn, ids, classes, palette)
        return drawn


def has_display() -> bool:
    """Whether Matplotlib can open a window here."""
    import matplotlib

    return matplotlib.get_backend().lower() not in _FILE_BACKENDS


def _metainfo(dataset_name: str) -> dict:
    """Class names and palette of a known data set, or of a registered class."""
    if any(dataset_name in aliases for aliases in dataset_aliases.values()):
        return {'classes': get_classes(dataset_name), 'palette': get_palette(dataset_name)}
    wanted = dataset_name.lower()
    for name in DATASETS.known_names():
        if name.lower() in (wanted, f'{wanted}dataset'):
            return getattr(DATASETS.get(name), 'METAINFO', {})
    return DATASETS.get(dataset_name).METAINFO  # not known: the registry names the nearest


def _ids(sem_seg: PixelData) -> np.ndarray:
    """(1, H, W) or (H, W), on any device, to (H, W) int64."""
    data = sem_seg.data.detach().cpu()
    return np.asarray(data[0] if data.dim() == 3 else data).astype(np.int64)
