"""Predict files, folders and arrays with one object, as MMSegmentation's ``MMSegInferencer``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
from mmengine.config import Config

from mmseg_deeplab.apis.inference import init_model, predict_samples
from mmseg_deeplab.apis.published import has_published_weights, published_weights
from mmseg_deeplab.apis.sample_reader import ImageInput, Sample, SampleReader, list_images
from mmseg_deeplab.registry import PEER_SCOPE, SCOPE
from mmseg_deeplab.structures import SegDataSample
from mmseg_deeplab.utils.class_names import get_classes, get_palette
from mmseg_deeplab.utils.errors import CheckpointError, ConfigError
from mmseg_deeplab.utils.files import write_id_map
from mmseg_deeplab.utils.log import get_logger
from mmseg_deeplab.visualization import SegLocalVisualizer, overlay, write_rgb


class MMSegInferencer:
    """A model with the way from an image to its prediction.

    Args:
        model: Path or name of a config, ``Config`` or mapping.
        weights: Checkpoint. Without it, those that were published for ``model`` are fetched, if
            that is the name of a config they belong to; else the model is untrained, which a
            warning says.
        classes: Class names in place of the checkpoint's.
        palette: RGB of each class in place of the checkpoint's.
        dataset_name: A known data set, such as ``'loveda'``, whose names and colours stand where
            ``classes`` or ``palette`` is not given; see :func:`get_classes`.
        device: ``'cpu'``, ``'cuda:0'``, ``'mps'``; None takes the best that is there.
        scope: ``'mmseg'``, ``'mmseg_deeplab'`` or None, which all mean this project.
        opacity: Of the colours in pictures, 0 to 1.
        cfg_options: Dotted keys and values that replace those of the config.
        pretrained: False fetches no published weights: without ``weights``, they are random.
        backend: What computes the logits, see :func:`init_model`.
        precision: In which precision.

    Raises:
        ConfigError: The config, device, scope, data set's name, or number of names or colours
            is wrong.
        CheckpointError: The checkpoint is missing, broken or of another model, or published
            weights cannot be had.
    """

    def __init__(
        self,
        model: str | PathLike | Mapping | Config,
        weights: str | PathLike | None = None,
        classes: Sequence[str] | None = None,
        palette: Sequence[Sequence[int]] | None = None,
        dataset_name: str | None = None,
        device: str | None = None,
        scope: str | None = PEER_SCOPE,
        *,
        opacity: float = 0.5,
        cfg_options: Mapping[str, Any] | None = None,
        pretrained: bool = True,
        backend: str = 'torch',
        precision: str = 'fp32',
    ) -> None:
        if scope not in (PEER_SCOPE, SCOPE, None):
            raise ConfigError(f'scope must be {PEER_SCOPE!r} or {SCOPE!r}, got {scope!r}')
        if dataset_name is not None:
            classes = get_classes(dataset_name) if classes is None else classes
            palette = get_palette(dataset_name) if palette is None else palette
        if weights is None and pretrained and has_published_weights(model):
            weights = _published(model)
        self.model = init_model(
            model, weights, device, cfg_options, backend=backend, precision=precision
        )
        if weights is None:
            get_logger().warning('no weights were given: the model is untrained')
        for name, given in (('classes', classes), ('palette', palette)):
            if given is not None:
                self._set_meta(name, given)
        self.opacity = opacity
        self._reader = SampleReader(self.model.cfg)

    def __call__(
        self,
        inputs: ImageInput | Sequence[ImageInput],
        return_datasamples: bool = False,
        batch_size: int = 1,
        return_vis: bool = False,
        show: bool = False,
        wait_time: float = 0,
        out_dir: str | PathLike = '',
        img_out_dir: str = 'vis',
        pred_out_dir: str = 'pred',
    ) -> dict[str, Any] | SegDataSample | list[SegDataSample]:
        """Predict images.

        Args:
            inputs: A path, an array (H, W) or (H, W, C), BGR where it has three bands, a
                folder, or a list of such.
            return_datasamples: Return data samples in place of the dict.
            batch_size: Images in one pass; only neighbours of one size share one.
            return_vis: Put the pictures into the dict.
            show: Open a window for each picture.
            wait_time: Seconds a window stays open; 0 waits for a key.
            out_dir: Folder for pictures and class ids; empty writes none.
            img_out_dir: Sub-folder of the pictures; empty writes none.
            pred_out_dir: Sub-folder of the class ids (PNG); empty writes none.

        Returns:
            ``predictions``: (H, W) class ids, or a list of them if there are several images;
            ``visualization`` (with ``return_vis``): (H, W, 3) uint8 RGB, likewise.

        Raises:
            DataError: An input is missing or broken, or two would be written to one file.
            ConfigTypeError: An input is neither a path nor an array.
        """
        images = list_images(inputs)
        folders = (
            Path(out_dir) / img_out_dir if out_dir and img_out_dir else None,
            Path(out_dir) / pred_out_dir if out_dir and pred_out_dir else None,
        )
        results, pictures = [], []
        predicted = predict_samples(
            self.model, self._reader, [image for _, image in images], batch_size=batch_size
        )
        for (name, _), (sample, result) in zip(images, predicted, strict=True):
            result = result.cpu()
            picture = self._draw(sample, result) if return_vis or show or folders[0] else None
            _write(name, class_ids(result), picture, *folders)
            if show:
                SegLocalVisualizer().show(picture, win_name=name, wait_time=wait_time)
            results.append(result if return_datasamples else class_ids(result))
            pictures.append(picture)
        if return_datasamples:
            return results[0] if len(results) == 1 else results
        found = {'predictions': results}
        if return_vis:
            found['visualization'] = pictures
        return {key: value[0] if len(value) == 1 else value for key, value in found.items()}

    def _draw(self, sample: Sample, result: SegDataSample) -> np.ndarray:
        palette = self.model.dataset_meta['palette']
        return overlay(sample.picture, class_ids(result), palette, self.opacity)

    def _set_meta(self, name: str, given: Sequence) -> None:
        wanted = len(self.model.dataset_meta['classes'])
        if len(given) != wanted:
            raise ConfigError(f'{name} must have one entry per class ({wanted}), got {len(given)}')
        self.model.dataset_meta = {**self.model.dataset_meta, name: list(given)}


def _published(name: str) -> Path:
    try:
        return published_weights(name)
    except CheckpointError as error:
        raise CheckpointError(
            f'{error}\nOr give MMSegInferencer weights=FILE, or pretrained=False for random weights'
        ) from error


def class_ids(result: SegDataSample) -> np.ndarray:
    """Predicted class ids of a sample as (H, W) int64."""
    data = result.pred_sem_seg.data.cpu().numpy()
    return (data[0] if data.ndim == 3 else data).astype(np.int64)


def _write(
    name: str,
    ids: np.ndarray,
    picture: np.ndarray | None,
    pictures: Path | None,
    masks: Path | None,
) -> None:
    if pictures is not None:
        write_rgb(pictures / f'{name}.png', picture)
    if masks is not None:
        write_id_map(masks / f'{name}.png', ids)
