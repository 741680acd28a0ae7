"""The one place where this project's ways to load and call a model meet the benchmark.

The peer has ``init_model(config, checkpoint, device)`` and fp32. Ours has more, and what it has
is looked up in its signature, so that a row says "not available" instead of failing.
"""

from __future__ import annotations

import subprocess
import sys
from contextlib import AbstractContextManager, nullcontext
from inspect import signature
from pathlib import Path
from typing import Any

from benchmarks.speed.processes import ROOT
from benchmarks.speed.side import NotAvailable, Side


def load_model(
    side: Side, config: Path, checkpoint: Path, *, backend: str, precision: str, device: str
) -> tuple[Any, AbstractContextManager]:
    """A model as a user of this side gets it.

    Args:
        side: The package.
        config: Its config file.
        checkpoint: Its weights.
        backend: ``'torch'``, ``'openvino'``, ``'onnxruntime'``.
        precision: ``'fp32'``, ``'bf16'``, ``'int8'``.
        device: ``'cpu'`` or ``'cuda'``.

    Returns:
        The model, and a context to predict in: autocast where bf16 is not yet an argument.

    Raises:
        NotAvailable: This side has no such way, or an extra is missing.
    """
    init_model = side.module('apis').init_model
    if side.is_peer:
        return init_model(str(config), str(checkpoint), device=device), nullcontext()
    options, context = _options(init_model, backend, precision, device)
    try:
        if precision == 'int8':
            _calibrate(config, checkpoint)
        return init_model(str(config), str(checkpoint), device, **options), context
    except ImportError as error:
        raise NotAvailable(str(error)) from error
    except Exception as error:  # a SegError: an extra or an instruction set is missing
        if backend != 'torch' and _is_users_mistake(error):
            raise NotAvailable(str(error)) from error
        raise


def calibration_config(config: Path) -> Path:
    """Where the config with data for calibration lies, beside that for prediction."""
    return config.with_name(f'calibrate-{config.name}')


def _calibrate(config: Path, checkpoint: Path) -> None:
    """Make the int8 model, whatever its scores: with untrained weights they mean nothing.

    In a process of its own, as users do it, so that its memory is not the prediction's.
    """
    words = ['tools/quantize.py', calibration_config(config), checkpoint]
    words += ['--images', '2', '--split', 'val', '--max-drop', '101']
    words += ['--work-dir', config.with_name('calibration')]
    command = [sys.executable, *map(str, words)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        said = (done.stderr or done.stdout).strip().splitlines()
        raise NotAvailable(said[-1] if said else f'quantize ended with {done.returncode}')


def _options(
    init_model: Any, backend: str, precision: str, device: str
) -> tuple[dict[str, Any], AbstractContextManager]:
    known = signature(init_model).parameters
    options: dict[str, Any] = {}
    if backend != 'torch':
        if 'backend' not in known:
            raise NotAvailable('init_model has no argument `backend` yet')
        options['backend'] = backend
    if precision == 'fp32':
        return options, nullcontext()
    for name in ('precision', 'dtype'):
        if name in known:
            return {**options, name: precision}, nullcontext()
    if backend != 'torch' or precision != 'bf16':
        raise NotAvailable(f'init_model has no argument for {precision} yet')
    import torch

    return options, torch.autocast(device, dtype=torch.bfloat16)


def _is_users_mistake(error: Exception) -> bool:
    from mmseg_deeplab.utils.errors import SegError

    return isinstance(error, SegError)


def many_of(side: Side, model: Any, batch: int) -> Any:
    """A function from a list of images of one size to their predictions, in one batch.

    Args:
        side: The package.
        model: From :func:`load_model`.
        batch: Images in the list.
    """
    if side.is_peer:
        inference_model = side.module('apis').inference_model
        return lambda images: inference_model(model, images)
    from mmseg_deeplab.apis.inference import predict_samples
    from mmseg_deeplab.apis.sample_reader import SampleReader

    reader = SampleReader(model.cfg)
    return lambda images: list(predict_samples(model, reader, images, batch_size=batch))


def views_of(side: Side, model: Any) -> Any:
    """A function from an image's path to its prediction with the config's 12 views.

    Args:
        side: The package.
        model: From :func:`load_model`.
    """
    if side.is_peer:
        return _peers_views(side, model)
    from mmseg_deeplab.apis.inference import predict_samples, tta_model
    from mmseg_deeplab.apis.sample_reader import SampleReader

    reader, views = SampleReader(model.cfg, aug_test=True), tta_model(model)
    return lambda path: next(iter(predict_samples(views, reader, [path])))[1]


def _peers_views(side: Side, model: Any) -> Any:
    import torch
    from mmengine.dataset import Compose, pseudo_collate

    views = side.build('MODELS', {**model.cfg.tta_model, 'module': model}).eval()
    pipeline = Compose(model.cfg.tta_pipeline)

    def predict(path: str) -> Any:
        data = pseudo_collate([pipeline({'img_path': path})])
        with torch.no_grad():
            return views.test_step(data)[0]

    return predict
