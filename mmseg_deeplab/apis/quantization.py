"""Prepare a model for int8: calibrate, score before and after, keep it only if it is as good."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator, Mapping
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
from mmengine.config import Config
from torch import nn

from mmseg_deeplab.apis.inference import init_model
from mmseg_deeplab.apis.run_config import (
    ConfigLike,
    iou_metrics,
    prepare,
    set_report_dir,
    use_predictor,
)
from mmseg_deeplab.apis.sample_reader import SampleReader, collate
from mmseg_deeplab.apis.work_dir import make_work_dir
from mmseg_deeplab.config import check_config
from mmseg_deeplab.engine import SegRunner
from mmseg_deeplab.engine.checkpoint import existing_file
from mmseg_deeplab.engine.model_store import ModelStore
from mmseg_deeplab.engine.predictors import INT8_FILE, ONNX_FILE, store_key
from mmseg_deeplab.inference import grid_windows
from mmseg_deeplab.inference.backends import EngineChoice
from mmseg_deeplab.inference.backends.choice import import_extra
from mmseg_deeplab.inference.backends.quantise import quantise_openvino
from mmseg_deeplab.registry import DATASETS
from mmseg_deeplab.utils.errors import ConfigError
from mmseg_deeplab.utils.log import get_logger

_INT8 = EngineChoice('openvino', 'int8')


def quantize(
    config: ConfigLike,
    checkpoint: str | PathLike,
    *,
    images: int = 64,
    split: str = 'train',
    max_drop: float = 0.5,
    work_dir: str | PathLike | None = None,
    cfg_options: Mapping[str, Any] | None = None,
    data_root: str | PathLike | None = None,
) -> dict[str, float]:
    """Make the int8 model that ``backend='openvino', precision='int8'`` uses from then on.

    The test set is scored twice, by PyTorch in float32 and by the int8 model. An int8 model whose
    mIoU is too low is not kept.

    Args:
        config: Path, name of a shipped config, ``Config`` or mapping; it is not changed.
        checkpoint: Weights; the int8 model belongs to them alone.
        images: Calibration images, evenly taken from the data set.
        split: ``'train'`` or ``'val'``: whose images; they go through the test pipeline.
        max_drop: The model is kept if its mIoU falls by less than this, in percent points.
        work_dir: Folder for the log and the scores; ``work_dirs/NAME`` if None.
        cfg_options: Dotted keys and values that replace the config's.
        data_root: Folder that every data set reads from, if not the config's.

    Returns:
        ``images``, and the mIoU ``before`` and ``after`` in percent.

    Raises:
        ConfigError: The mIoU falls by ``max_drop`` or more; a package is missing; or an argument
            or the config is wrong.
        SegError: The data or the checkpoint is at fault.
    """
    if split not in ('train', 'val'):
        raise ConfigError(f"split must be 'train' or 'val', got {split!r}")
    if images < 1:
        raise ConfigError(f'images must be at least 1, got {images}')
    import_extra('nncf')
    prepared = prepare(
        config,
        work_dir=work_dir,
        cfg_options=cfg_options,
        data_root=data_root,
        device='cpu',
        launcher='none',
    )
    check_config(prepared)
    make_work_dir(prepared.work_dir)
    prepared.load_from = str(existing_file(checkpoint))
    prepared.resume = False
    before = _miou(prepared, 'quantize_fp32')
    model = init_model(prepared, checkpoint, backend='openvino')
    calibration = list(_calibration_images(model, prepared, split, images))
    with tempfile.TemporaryDirectory() as folder:
        trial = ModelStore(Path(folder))
        key = store_key(model.network, _INT8)
        found = {'images': len(calibration), 'before': before, 'after': float('nan')}

        def calibrate(target: Path) -> Mapping[str, Any]:
            exported = _exported_network(model.network)
            quantise_openvino(exported, calibration, target / INT8_FILE)
            return found

        def keep(target: Path) -> Mapping[str, Any]:
            for file in (trial.root / key).glob(f'{Path(INT8_FILE).stem}.*'):
                shutil.copyfile(file, target / file.name)
            return found

        trial.find_or_make(key, calibrate)
        found['after'] = after = _miou(prepared, 'quantize_int8', trial)
        said = (
            f'mIoU {before:.2f} in fp32, {after:.2f} in int8 ({after - before:+.2f}) with '
            f'{len(calibration)} calibration images of {split}'
        )
        if not before - after < max_drop:
            raise ConfigError(
                f'{said}: it falls by {max_drop} or more, so the int8 model is not kept; try more '
                'images (--images), or accept the fall with --max-drop'
            )
        ModelStore().find_or_make(key, keep, replace=True)
    get_logger().info(f"{said}; kept for backend='openvino', precision='int8'")
    return found


def _miou(prepared: Config, folder: str, store: ModelStore | None = None) -> float:
    """The mIoU on the test set, in percent; of the int8 model if its store is given."""
    config = Config(prepared.to_dict(), filename=prepared.filename)
    set_report_dir(config, 'test_evaluator', folder)
    if any(metric.get('format_only') for metric in iou_metrics(config.get('test_evaluator'))):
        raise ConfigError('quantize needs the labels of the test set; set format_only=False')
    if store is not None:
        use_predictor(config, _INT8, store=store.root)
    scores = SegRunner.from_cfg(config).test()
    if 'mIoU' not in scores:
        raise ConfigError(
            f'quantize compares the mIoU, and test_evaluator gives {", ".join(scores)}; use an '
            "IoUMetric with 'mIoU' among its iou_metrics"
        )
    return float(scores['mIoU'])


def _calibration_images(
    model: nn.Module, config: Config, split: str, count: int
) -> Iterator[np.ndarray]:
    """Arrays (1, C, h, w) float32 as the network gets them; in slide mode a window of each image.

    Raises:
        ConfigError: The config has no such data set, or it does not tell its files.
    """
    loader = config.get(f'{split}_dataloader')
    if loader is None:
        raise ConfigError(f'{split}_dataloader is missing in the config; its images calibrate')
    dataset = DATASETS.build(loader.dataset)
    reader = SampleReader(config)
    places = np.unique(np.linspace(0, len(dataset) - 1, count).round().astype(int))
    for number, place in enumerate(places):
        facts = dataset.get_data_info(int(place))
        if 'img_path' not in facts:
            raise ConfigError(f'the data set of {split} does not tell the files of its images')
        data = model.data_preprocessor(collate([reader(facts['img_path'])]), False)
        pixels = data['inputs']
        options = model.test_cfg or {}
        if options.get('mode') == 'slide':
            sizes = tuple(options['crop_size']), tuple(options['stride'])
            windows = grid_windows(*pixels.shape[-2:], *sizes)
            window = windows[number * len(windows) // len(places)]
            pixels = pixels[:, :, window.y0 : window.y1, window.x0 : window.x1]
        yield pixels.contiguous().numpy()


def _exported_network(network: nn.Module) -> Path:
    """The float network that :func:`init_model` has exported."""
    return ModelStore().root / store_key(network, EngineChoice('openvino')) / ONNX_FILE
