"""Putting a checkpoint's weights into a model, or saying clearly why they do not fit."""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Mapping

import torch
from torch import nn

from mmseg_deeplab.utils.errors import CheckpointError
from mmseg_deeplab.utils.log import get_logger

_CLASSIFIER = re.compile(r'(^|\.)conv_seg\.(weight|bias)$')
_AUXILIARY = re.compile(r'(^|\.)auxiliary_head\.')  # not needed for prediction
_COUNTER = re.compile(r'(^|\.)num_batches_tracked$')  # absent from very old files, and harmless


def load_state(
    model: nn.Module,
    state_dict: Mapping[str, torch.Tensor],
    *,
    source: str = 'the checkpoint',
    new_classifier: bool = False,
    need_auxiliary: bool = False,
) -> None:
    """Load weights; all of them must fit, with the exceptions below, or nothing is loaded.

    Missing or left-over auxiliary heads are accepted with a warning unless
    ``need_auxiliary``; missing ``num_batches_tracked`` always.

    Args:
        model: The model without a wrapper; a TTA model's inner model is found.
        state_dict: Its keys may begin with ``module.``, as several processes leave them.
        source: The file's name, for messages.
        new_classifier: Leave the classifiers (``conv_seg``) as they are where the number of
            classes differs, as fine-tuning wants.
        need_auxiliary: Demand the auxiliary heads, as resuming does.

    Raises:
        CheckpointError: The checkpoint is of another class count or another architecture. The
            model is then unchanged.
    """
    fitting = fit_state(
        model,
        state_dict,
        source=source,
        new_classifier=new_classifier,
        need_auxiliary=need_auxiliary,
    )
    inner_model(model).load_state_dict(fitting, strict=False)


def fit_state(
    model: nn.Module,
    state_dict: Mapping[str, torch.Tensor],
    *,
    source: str,
    new_classifier: bool = False,
    need_auxiliary: bool = False,
) -> Mapping[str, torch.Tensor]:
    """The state that :func:`load_state` would load; nothing is changed.

    Args:
        model: As there.
        state_dict: As there.
        source: As there.
        new_classifier: As there.
        need_auxiliary: As there.

    Raises:
        CheckpointError: As there.
    """
    model = inner_model(model)
    given = OrderedDict((key.removeprefix('module.'), value) for key, value in state_dict.items())
    if hasattr(state_dict, '_metadata'):
        given._metadata = state_dict._metadata  # type: ignore[attr-defined]
    own = model.state_dict()
    misshapen = [key for key in given if key in own and given[key].shape != own[key].shape]
    missing = [key for key in own if key not in given and not _COUNTER.search(key)]
    surplus = [key for key in given if key not in own]
    if not need_auxiliary:
        missing, surplus = _forgive_auxiliary(missing, source), _forgive_auxiliary(surplus, source)
    if misshapen and not missing and not surplus and _only_classes(misshapen, own, given):
        if not new_classifier:
            raise CheckpointError(_class_message(misshapen, own, given, source))
        get_logger().warning(_class_message(misshapen, own, given, source, kept=True))
        for key in misshapen:
            given[key] = own[key]
    elif misshapen or missing or surplus:
        message = _architecture_message(missing, surplus, misshapen, own, given, source)
        raise CheckpointError(message)
    return given


def inner_model(model: nn.Module) -> nn.Module:
    """The model inside wrappers for several processes or for test-time augmentation."""
    from mmengine.model import BaseTTAModel, is_model_wrapper

    while is_model_wrapper(model) or isinstance(model, BaseTTAModel):
        model = model.module
    return model


def _forgive_auxiliary(keys: list[str], source: str) -> list[str]:
    others = [key for key in keys if not _AUXILIARY.search(key)]
    if len(others) < len(keys):
        get_logger().warning(
            f'{source}: the model and the checkpoint differ in their auxiliary heads, which '
            'prediction does not use'
        )
    return others


def _only_classes(
    misshapen: list[str],
    own: Mapping[str, torch.Tensor],
    given: Mapping[str, torch.Tensor],
) -> bool:
    return all(
        _CLASSIFIER.search(key) and given[key].shape[1:] == own[key].shape[1:] for key in misshapen
    )


def _class_message(
    misshapen: list[str],
    own: Mapping[str, torch.Tensor],
    given: Mapping[str, torch.Tensor],
    source: str,
    kept: bool = False,
) -> str:
    key = next((key for key in misshapen if 'decode_head' in key), misshapen[0])
    theirs, ours = given[key].shape[0], own[key].shape[0]
    start = f'{source}: the checkpoint has {theirs} classes, the model {ours}; '
    if kept:
        return start + 'its classifiers (conv_seg) start afresh, all other weights are loaded'
    return start + f'set num_classes={theirs}, or choose a checkpoint of {ours} classes'


def _architecture_message(
    missing: list[str],
    surplus: list[str],
    misshapen: list[str],
    own: Mapping[str, torch.Tensor],
    given: Mapping[str, torch.Tensor],
    source: str,
) -> str:
    found = []
    if missing:
        found.append(f'{len(missing)} weights are missing ({_some(missing)})')
    if surplus:
        found.append(f'{len(surplus)} are unknown to the model ({_some(surplus)})')
    if misshapen:
        key = misshapen[0]
        shapes = f'{key}: {tuple(given[key].shape)} for {tuple(own[key].shape)}'
        found.append(f'{len(misshapen)} have another shape ({shapes})')
    return (
        f'{source}: the checkpoint is of another architecture: {"; ".join(found)}. Use the '
        'config that it was trained with'
    )


def _some(keys: list[str]) -> str:
    return ', '.join(keys[:2]) + (', ...' if len(keys) > 2 else '')
