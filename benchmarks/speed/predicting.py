"""Prediction of one image: whole, in windows, in several views."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from benchmarks.speed import inputs
from benchmarks.speed.clock import wait_for_device
from benchmarks.speed.models import calibration_config, load_model, many_of, views_of
from benchmarks.speed.side import Side, Work

MOST_LOGITS = 1 << 22  # numbers that are kept of a prediction, to compare the sides


def prepare_inputs(folder: Path, params: dict[str, Any], packages: tuple[str, ...]) -> None:
    """Write config, weights and image; the parent does it before the workers start."""
    model = _model(params)
    inputs.weights(folder, model)
    for package in packages:
        config = inputs.predict_config(package, model)
        path = inputs.write_config(_config_path(folder, package, params), config)
        if params['classes'] == 7:  # those of the tiles
            labelled = inputs.with_labelled_data(config, inputs.crops_for_training(folder, 512))
            inputs.write_config(calibration_config(path), labelled)
    inputs.mosaic(folder, params['side'])


def image(side: Side, folder: Path, params: dict[str, Any], server: Any) -> Work:
    """``inference_model(model, image)``, or with a list of images."""
    model, context = _load(side, folder, params)
    if params.get('classes_only') and not side.is_peer:
        model.leave_logits_out()
    source: Any = str(folder / f'image{params["side"]}.png')
    if params.get('from_array'):
        import cv2

        source = cv2.imread(source)
    if (batch := params.get('batch', 1)) > 1:
        predict_many = many_of(side, model, batch)
        return _work(lambda: predict_many([source] * batch), context, with_logits=False)
    predict = side.module('apis').inference_model
    return _work(lambda: predict(model, source), context, with_logits=True)


def views(side: Side, folder: Path, params: dict[str, Any], server: Any) -> Work:
    """One image in the 12 views of ``--aug-test``, read from its file."""
    model, context = _load(side, folder, params)
    predict = views_of(side, model)
    path = str(folder / f'image{params["side"]}.png')
    return _work(lambda: predict(path), context, with_logits=False)


def _work(predict: Any, context: Any, *, with_logits: bool) -> Work:
    last: list[Any] = []

    def run() -> None:
        last.clear()  # two predictions at a time would be in nobody's memory
        with context:
            last.append(predict())
        wait_for_device()

    def result() -> dict[str, Any]:
        if isinstance(last[0], list):
            return {}
        found = {'labels': last[0].pred_sem_seg.data.squeeze(0).short().cpu()}
        if with_logits and 'seg_logits' in last[0]:
            logits = last[0].seg_logits.data
            step = max(1, round((logits.numel() / MOST_LOGITS) ** 0.5))
            found['logits'] = logits[:, ::step, ::step].float().cpu().clone()
        return found

    return Work(run, result)


def _load(side: Side, folder: Path, params: dict[str, Any]) -> tuple[Any, Any]:
    side.get_ready()
    config = _config_path(folder, side.package, params)
    checkpoint = folder / f'r{params["depth"]}-{params["classes"]}.pth'
    return load_model(
        side,
        config,
        checkpoint,
        backend=params.get('backend', 'torch'),
        precision=params.get('precision', 'fp32'),
        device=params.get('device', 'cpu'),
    )


def _model(params: dict[str, Any]) -> dict[str, Any]:
    return inputs.model_config(params['depth'], params['classes'], mode=params.get('mode', 'whole'))


def _config_path(folder: Path, package: str, params: dict[str, Any]) -> Path:
    words = (params['depth'], params['classes'], params.get('mode', 'whole'), package)
    return folder / ('predict-' + '-'.join(map(str, words)) + '.py')
