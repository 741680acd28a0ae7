"""Load a model and predict images: the functions that MMSegmentation's users know."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping, Sequence
from os import PathLike
from typing import Any

import numpy as np
import torch
from mmengine.config import Config
from torch import nn

from mmseg_deeplab.apis.building import without_weights
from mmseg_deeplab.apis.model_meta import model_meta
from mmseg_deeplab.apis.published import published_weights
from mmseg_deeplab.apis.sample_reader import ImageInput, Sample, SampleReader, as_list, collate
from mmseg_deeplab.config import load_config
from mmseg_deeplab.engine.checkpoint import load_checkpoint
from mmseg_deeplab.engine.distributed import pick_device
from mmseg_deeplab.engine.fast_paths import use_fast_paths
from mmseg_deeplab.engine.load_state import load_state
from mmseg_deeplab.engine.predictors import attach_predictor
from mmseg_deeplab.inference.backends import EngineChoice
from mmseg_deeplab.registry import MODELS
from mmseg_deeplab.structures import SegDataSample
from mmseg_deeplab.utils.errors import ConfigAttributeError, ConfigError, ConfigTypeError
from mmseg_deeplab.utils.sync_bn import replace_sync_bn
from mmseg_deeplab.visualization import SegLocalVisualizer


def init_model(
    config: str | PathLike | Mapping | Config,
    checkpoint: str | PathLike | None = None,
    device: str | None = None,
    cfg_options: Mapping[str, Any] | None = None,
    *,
    pretrained: bool = False,
    backend: str = 'torch',
    precision: str = 'fp32',
) -> nn.Module:
    """A model that is ready to predict.

    Args:
        config: Path, name of a shipped config, ``Config`` or mapping; it is not changed.
        checkpoint: Weights; without them the model is as it starts training, untrained.
        device: ``'cpu'``, ``'cuda:0'``, ``'mps'``; None takes the best that is there.
        cfg_options: Dotted keys and values that replace those of the config.
        pretrained: Load the weights that were published for this config, downloaded once;
            instead of ``checkpoint``.
        backend: What computes the logits: ``'torch'``; ``'openvino'`` or ``'onnxruntime'``, on the
            CPU, exported on first use and kept in the cache.
        precision: ``'fp32'``; ``'bf16'`` (torch, OpenVINO); ``'int8'`` (OpenVINO, after
            ``mmseg-deeplab quantize``).

    On a CPU, float32 is computed in the faster of two ways and the process keeps freed memory, see
    :func:`mmseg_deeplab.engine.fast_paths.use_fast_paths`.

    Returns:
        The model in ``eval`` mode, with ``cfg`` and ``dataset_meta`` (classes and palette).

    Raises:
        ConfigError: The config, device, backend or precision is wrong, or the backend is not
            installed.
        CheckpointError: The checkpoint is missing, broken or of another model.
    """
    choice = EngineChoice(backend, precision)
    if pretrained and checkpoint is not None:
        raise ConfigError('give init_model a checkpoint or pretrained=True, not both')
    loaded = load_config(config, cfg_options)
    if pretrained:
        checkpoint = published_weights(config)
    if not loaded.get('model'):
        raise ConfigError(f'{loaded.filename or "the config"}: it has no model to build')
    target = pick_device(choice.device(device))
    content = None if checkpoint is None else load_checkpoint(checkpoint)
    model = MODELS.build(without_weights(loaded.model.to_dict()))
    replace_sync_bn(model)  # prediction uses the running statistics, which are the same
    if content is not None:
        load_state(model, content['state_dict'], source=str(checkpoint))
    model.cfg = loaded
    model.dataset_meta = model_meta(loaded, content, model.num_classes, str(checkpoint))
    model = model.to(target).eval()
    if not choice.is_exported:
        use_fast_paths(model, target)
    if not choice.is_plain:
        attach_predictor(model, choice)
    return model


def inference_model(
    model: nn.Module, img: ImageInput | Sequence[ImageInput]
) -> SegDataSample | list[SegDataSample]:
    """Predict one image, or several.

    Args:
        model: From :func:`init_model`.
        img: A path, or an array (H, W) or (H, W, C), BGR where it has three bands; or a
            list of such, of any sizes.

    Returns:
        A data sample for each, with ``pred_sem_seg`` (1, H, W) and ``seg_logits`` (K, H, W)
        at the image's own size; a list if a list was given.

    Raises:
        DataError: An image is missing or broken.
        ConfigTypeError: ``img`` is, or holds, something that is neither a path nor an array.
    """
    images = as_list(img)
    reader = SampleReader(model.cfg)
    results = [result for _, result in predict_samples(model, reader, images)]
    return results[0] if isinstance(img, ImageInput) else results


def predict_samples(
    model: nn.Module, reader: SampleReader, images: Sequence[ImageInput], *, batch_size: int = 1
) -> Iterator[tuple[Sample, SegDataSample]]:
    """Predict images one batch after the other, holding one batch in memory.

    Args:
        model: From :func:`init_model`, or a test-time augmentation model around it.
        reader: Prepares the images.
        images: Paths and arrays.
        batch_size: Images in one pass; only neighbours whose inputs have one shape share one.

    Yields:
        The prepared image and its prediction, in the order of ``images``.

    Raises:
        ConfigError: ``batch_size`` below 1.
    """
    if batch_size < 1:
        raise ConfigError(f'batch_size must be at least 1, got {batch_size}')
    for batch in _batches(map(reader, images), batch_size):
        with torch.no_grad():
            predictions = model.test_step(collate(batch))
        yield from zip(batch, predictions, strict=True)


def tta_model(model: nn.Module, *, with_logits: bool = False) -> nn.Module:
    """Put test-time augmentation around a model, sharing its weights.

    Args:
        model: From :func:`init_model`; its config's ``tta_model`` is used if there is one.
        with_logits: Let predictions have the merged scores as ``seg_logits``; ``SegTTAModel``.
    """
    settings = copy.deepcopy(dict(model.cfg.get('tta_model') or {'type': 'SegTTAModel'}))
    if with_logits and settings['type'] == 'SegTTAModel':
        settings['with_logits'] = True
    return MODELS.build({**settings, 'module': model}).eval()


def show_result_pyplot(
    model: nn.Module,
    img: str | PathLike | np.ndarray,
    result: SegDataSample,
    opacity: float = 0.5,
    title: str = '',
    draw_gt: bool = True,
    draw_pred: bool = True,
    wait_time: float = 0,
    show: bool = True,
    with_labels: bool = True,
    save_dir: str | None = None,
    out_file: str | None = None,
) -> np.ndarray:
    """Draw a prediction over its image, and show or save it.

    Args:
        model: From :func:`init_model`, with or without a checkpoint.
        img: The image that was predicted.
        result: Its prediction.
        opacity: Of the colours, 0 to 1.
        title: Of the window.
        draw_gt: Draw the label too, if the result has one.
        draw_pred: Draw the prediction.
        wait_time: Seconds the window stays open; 0 waits for a key.
        show: Open a window; without a display this is left out, with a warning.
        with_labels: Write class names on the regions.
        save_dir: Folder of the visualizer's backend; the picture is put below it.
        out_file: Write the picture there instead.

    Returns:
        The picture, (H, W, 3) uint8, RGB.

    Raises:
        ConfigAttributeError: ``result`` is no prediction, or ``model`` not from :func:`init_model`.
        ConfigTypeError: ``img`` is neither a path nor an array.
        DatasetNotFoundError: There is no such image.
    """
    if not hasattr(model, 'dataset_meta'):
        raise ConfigAttributeError(f'model must be from init_model, got {type(model).__name__}')
    if not isinstance(result, SegDataSample):
        raise ConfigAttributeError(
            'result must be the SegDataSample that inference_model returns for one image, got '
            f'{type(result).__name__}'
        )
    if not isinstance(img, (str, PathLike, np.ndarray)):
        raise ConfigTypeError(f'img must be a path or an array, got {type(img).__name__}')
    backends = None if save_dir is None else [{'type': 'LocalVisBackend'}]
    meta = model.dataset_meta
    visualizer = SegLocalVisualizer(
        vis_backends=backends,
        save_dir=save_dir,
        classes=meta['classes'],
        palette=meta['palette'],
        alpha=opacity,
    )
    visualizer.add_datasample(
        title or 'result',
        SampleReader(model.cfg)(img).picture,
        data_sample=result,
        draw_gt=draw_gt,
        draw_pred=draw_pred,
        show=show,
        wait_time=wait_time,
        out_file=out_file,
        with_labels=with_labels,
    )
    return visualizer.get_image()


def _batches(samples: Iterator[Sample], batch_size: int) -> Iterator[list[Sample]]:
    batch: list[Sample] = []
    for sample in samples:
        # an empty shape stands for several views, which are never batched
        if batch and (sample.shape != batch[0].shape or not sample.shape):
            yield batch
            batch = []
        batch.append(sample)
        if len(batch) == batch_size:
            yield batch
            batch = []
    if batch:
        yield batch
