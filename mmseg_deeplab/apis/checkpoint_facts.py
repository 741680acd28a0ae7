"""What a checkpoint file holds, as plain values: for the inspector and for the model card."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import torch

from mmseg_deeplab.engine.file_meta import dataset_meta_of, layout_of
from mmseg_deeplab.utils.config_text import read_config_text
from mmseg_deeplab.utils.first_conv import first_conv_name
from mmseg_deeplab.utils.weight_formats import SAFETENSORS, SAFETENSORS_SUFFIX

_STATISTICS = ('running_mean', 'running_var', 'num_batches_tracked')  # of batch norms
_PROGRAMS = ('mmengine_version', 'mmseg_version', 'mmcv_version')
_RUN = ('iter', 'epoch', 'time', 'seed', 'experiment_name', 'exp_name')
_MEANS = ('aAcc', 'mIoU', 'mAcc', 'mDice', 'mFscore', 'mPrecision', 'mRecall')
_INPUT = ('bands', 'mean', 'std', 'bgr_to_rgb', 'scaling', 'nodata', 'ground_resolution')


def checkpoint_facts(content: Mapping[str, Any]) -> dict[str, Any]:
    """What a checkpoint says of itself.

    Args:
        content: As :func:`engine.checkpoint.load_checkpoint` returns it.

    Returns:
        ``layout``, ``versions``, ``run`` (iteration, time, ...), ``classes``, ``palette``,
        ``input`` (bands, normalising, ground resolution), ``model`` (types from the config's
        text), ``scores`` (the last validation's, in percent) and ``weights``
        (:func:`weight_facts`). What is not known is None or empty.
    """
    meta = content.get('meta') or {}
    dataset = dataset_meta_of(content)
    config = config_of(meta)
    return {
        'layout': layout_of(content),
        'versions': _versions(meta),
        'run': {key: meta[key] for key in _RUN if meta.get(key) is not None},
        'classes': list(dataset.get('classes') or ()),
        'palette': _colours(dataset.get('palette')),
        'reduce_zero_label': dataset.get('reduce_zero_label'),
        'input': _input(meta, config),
        'model': _model(_mapping(config.get('model'))),
        'scores': last_scores(content),
        'weights': weight_facts(content['state_dict']),
    }


def config_of(meta: Mapping[str, Any]) -> dict[str, Any]:
    """The config in a checkpoint's ``meta`` (``cfg`` of 1.x, ``config`` of 0.x files).

    Args:
        meta: The checkpoint's; the text is read, not run.
    """
    text = meta.get('cfg') or meta.get('config')
    return read_config_text(text) if isinstance(text, str) else {}


def weight_facts(state: Mapping[str, Any]) -> dict[str, Any]:
    """What the weights themselves show.

    Args:
        state: Names to tensors.

    Returns:
        ``entries``, ``parameters`` (numbers, without running statistics), ``bytes``, ``dtypes``,
        ``parts`` (parameters for each part of the model), ``bands`` of the first convolution
        and ``num_classes`` of each classifier.
    """
    tensors = {name: value for name, value in state.items() if isinstance(value, torch.Tensor)}
    trained = {name: value for name, value in tensors.items() if not name.endswith(_STATISTICS)}
    parts: dict[str, int] = {}
    for name, value in trained.items():
        part = name.removeprefix('module.').split('.')[0]
        parts[part] = parts.get(part, 0) + value.numel()
    first = first_conv_name(tensors)
    return {
        'entries': len(tensors),
        'parameters': sum(parts.values()),
        'bytes': sum(value.numel() * value.element_size() for value in tensors.values()),
        'dtypes': sorted({str(value.dtype).removeprefix('torch.') for value in trained.values()}),
        'parts': parts,
        'bands': None if first is None else tensors[first].shape[1],
        'num_classes': {
            name.removesuffix('.weight'): value.shape[0]
            for name, value in tensors.items()
            if name.endswith(('conv_seg.weight', 'conv_seg.0.weight')) and value.dim()
        },
    }


def last_scores(content: Mapping[str, Any]) -> dict[str, float]:
    """The scores that a checkpoint notes, in percent.

    Args:
        content: The checkpoint; of a training, ``message_hub`` of MMEngine's layout has those of
            the last validation, and of a published file, ``meta['scores']`` has them.
    """
    hub = _mapping(content.get('message_hub'))
    found = {}
    for name, value in _mapping(_mapping(content.get('meta')).get('scores')).items():
        with suppress(TypeError, ValueError, RuntimeError):
            found[str(name)] = float(value)
    for name, history in _mapping(hub.get('log_scalars')).items():
        name = str(name)
        if not name.startswith('val/') or name.endswith('time'):
            continue
        with suppress(LookupError, TypeError, ValueError, RuntimeError):  # none, or no numbers
            found[name.removeprefix('val/')] = float(_mapping(history)['log_history'][-1])
    return found


def measured_scores(measured: Mapping[str, Any]) -> dict[str, float]:
    """The scores over all classes that a test measured, in percent.

    Args:
        measured: Content of a ``metrics.json``, fractions of 1.
    """
    return {key: 100 * measured[key] for key in _MEANS if measured.get(key) is not None}


def file_kind(path: Path) -> str:
    """The container of a file: ``'zip'``, ``'safetensors'``, ``'pickle'`` or ``'unknown'``.

    Args:
        path: An existing file.
    """
    if path.suffix == SAFETENSORS_SUFFIX:
        return SAFETENSORS
    with open(path, 'rb') as file:
        start = file.read(2)
    kinds = {b'PK': 'zip', b'\x80': 'pickle'}  # pickles since protocol 2, of Python 2.3
    return next((kind for mark, kind in kinds.items() if start.startswith(mark)), 'unknown')


def _versions(meta: Mapping[str, Any]) -> dict[str, str]:
    found = {key.removesuffix('_version'): meta[key] for key in _PROGRAMS if meta.get(key)}
    ours = _mapping(meta.get('mmseg_deeplab'))
    return {**found, **({'mmseg_deeplab': ours['version']} if 'version' in ours else {})}


def _input(meta: Mapping[str, Any], config: Mapping[str, Any]) -> dict[str, Any]:
    noted = _mapping(_mapping(meta.get('mmseg_deeplab')).get('input'))
    known = _mapping(_mapping(config.get('model')).get('data_preprocessor'))
    known = known or _mapping(config.get('img_norm_cfg'))
    found = {key: noted.get(key, known.get(key)) for key in _INPUT}
    if found['bgr_to_rgb'] is None and 'to_rgb' in known:
        found['bgr_to_rgb'] = known['to_rgb']  # 0.x
    return {key: _plain(value) for key, value in found.items() if value is not None}


def _mapping(value: Any) -> Mapping[str, Any]:
    """What is no mapping in a foreign file counts as empty."""
    return value if isinstance(value, Mapping) else {}


def _colours(palette: Any) -> list[list[int]]:
    try:
        return [[int(part) for part in colour] for colour in palette or ()]
    except (TypeError, ValueError, RuntimeError):
        return []


def _plain(value: Any) -> Any:
    if isinstance(value, torch.Tensor):
        return value.tolist()
    return list(value) if isinstance(value, tuple) else value


def _model(model: Mapping[str, Any]) -> dict[str, Any]:
    head = model.get('decode_head')
    if isinstance(head, (list, tuple)):
        head = head[-1] if head else None
    backbone, head = _mapping(model.get('backbone')), _mapping(head)
    found = {
        'type': model.get('type'),
        'backbone': backbone.get('type'),
        'depth': backbone.get('depth'),
        'decode_head': head.get('type'),
    }
    return {key: value for key, value in found.items() if value is not None}
