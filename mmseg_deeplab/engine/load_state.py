"""Putting a checkpoint's weights into a model, or saying clearly why they do not fit."""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Mapping

import torch
from torch import nn

from mmseg_deeplab.engine.load_report import LoadReport, some
from mmseg_deeplab.utils import first_conv as bands
from mmseg_deeplab.utils.errors import CheckpointError
from mmseg_deeplab.utils.log import get_logger

State = Mapping[str, torch.Tensor]

CLASSIFIER = re.compile(r'(^|\.)conv_seg\.(\d+\.)?(weight|bias)$')
_HEAD = re.compile(r'^(decode_head|auxiliary_head)\.')
_AUXILIARY = re.compile(r'(^|\.)auxiliary_head\.')  # not needed for prediction
_COUNTER = re.compile(r'(^|\.)num_batches_tracked$')  # absent from very old files, and harmless


def load_state(
    model: nn.Module,
    state_dict: State,
    *,
    source: str = 'the checkpoint',
    new_classifier: bool = False,
    need_auxiliary: bool = False,
    drop_head: bool = False,
    first_conv: str | None = None,
) -> LoadReport:
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
        drop_head: Leave the classifiers as they are in any case, and what else of the heads
            does not fit; so any file serves whose backbone fits.
        first_conv: ``'mean'`` or ``'copy'``: how the first convolution is made to fit another
            number of bands, see :func:`utils.first_conv.adapt_kernel`; None refuses that.

    Returns:
        What was loaded and what was not.

    Raises:
        CheckpointError: The checkpoint is of another class count or another architecture. The
            model is then unchanged.
        ConfigError: ``first_conv`` is none of these.
    """
    fitting, report = fit_state(
        model,
        state_dict,
        source=source,
        new_classifier=new_classifier,
        need_auxiliary=need_auxiliary,
        drop_head=drop_head,
        first_conv=first_conv,
    )
    inner_model(model).load_state_dict(fitting, strict=False)
    return report


def fit_state(
    model: nn.Module,
    state_dict: State,
    *,
    source: str,
    new_classifier: bool = False,
    need_auxiliary: bool = False,
    drop_head: bool = False,
    first_conv: str | None = None,
) -> tuple[State, LoadReport]:
    """The state that :func:`load_state` would load; nothing is changed.

    Args:
        model: As there.
        state_dict: As there.
        source: As there.
        new_classifier: As there.
        need_auxiliary: As there.
        drop_head: As there.
        first_conv: As there.

    Returns:
        An entry for every one of the model's, its own where the file's is not taken; and the
        report.

    Raises:
        CheckpointError: As there.
        ConfigError: As there.
    """
    own = inner_model(model).state_dict()
    given = {key.removeprefix('module.'): value for key, value in state_dict.items()}
    new_bands = bands.adapted(given, own, first_conv)
    if new_bands is not None:
        given[new_bands[0]] = new_bands[1]
    dropped = _unfit_heads(given, own) if drop_head else {}
    kept = {key: value for key, value in given.items() if key not in dropped}
    misshapen = [key for key in kept if key in own and kept[key].shape != own[key].shape]
    missing = [key for key in own if key not in kept and not _COUNTER.search(key)]
    surplus = [key for key in kept if key not in own]
    serious = missing, surplus
    if drop_head:
        serious = _without(missing, _HEAD), surplus
    elif not need_auxiliary:
        serious = _without(missing, _AUXILIARY), _without(surplus, _AUXILIARY)
        if serious != (missing, surplus):
            get_logger().warning(
                f'{source}: the model and the checkpoint differ in their auxiliary heads, which '
                'prediction does not use'
            )
    if misshapen and serious == ([], []) and _only_classes(misshapen, own, kept):
        if not new_classifier:
            raise CheckpointError(_class_message(misshapen, own, kept, source))
        get_logger().warning(_class_message(misshapen, own, kept, source, kept=True))
        dropped |= {key: f'{_classes(kept[key])}, here {_classes(own[key])}' for key in misshapen}
    elif misshapen or serious != ([], []):
        raise CheckpointError(_architecture_message(*serious, misshapen, own, kept, source))
    dropped |= dict.fromkeys(surplus, 'not in the model')
    taken = [key for key in own if key in kept and key not in dropped]
    complete = OrderedDict((key, kept[key] if key in taken else own[key]) for key in own)
    if hasattr(state_dict, '_metadata'):  # torch reads the versions of layers from it
        complete._metadata = state_dict._metadata  # type: ignore[attr-defined]
    return complete, LoadReport(
        source=source,
        loaded=tuple(taken),
        dropped=dropped,
        missing=tuple(key for key in own if key not in taken and not _COUNTER.search(key)),
        adapted=None if new_bands is None else new_bands[0],
    )


def inner_model(model: nn.Module) -> nn.Module:
    """The model inside wrappers for several processes or for test-time augmentation."""
    from mmengine.model import BaseTTAModel, is_model_wrapper

    while is_model_wrapper(model) or isinstance(model, BaseTTAModel):
        model = model.module
    return model


def _unfit_heads(given: State, own: State) -> dict[str, str]:
    """The entries that ``drop_head`` leaves out, with the reason for each."""
    dropped = {}
    for key, value in given.items():
        if CLASSIFIER.search(key):
            dropped[key] = _classes(value)
        elif _HEAD.search(key) and key not in own:
            dropped[key] = 'not in the model'
        elif _HEAD.search(key) and value.shape != own[key].shape:
            dropped[key] = f'shape {tuple(value.shape)}, here {tuple(own[key].shape)}'
    return dropped


def _without(keys: list[str], pattern: re.Pattern[str]) -> list[str]:
    return [key for key in keys if not pattern.search(key)]


def _classes(value: torch.Tensor) -> str:
    return f'{value.shape[0]} classes'


def _only_classes(misshapen: list[str], own: State, given: State) -> bool:
    return all(
        CLASSIFIER.search(key) and given[key].shape[1:] == own[key].shape[1:] for key in misshapen
    )


def _class_message(
    misshapen: list[str], own: State, given: State, source: str, kept: bool = False
) -> str:
    key = next((key for key in misshapen if 'decode_head' in key), misshapen[0])
    theirs, ours = given[key].shape[0], own[key].shape[0]
    start = f'{source}: the checkpoint has {theirs} classes, the model {ours}; '
    if kept:
        return start + 'its classifiers (conv_seg) start afresh, all other weights are loaded'
    return start + (
        f'set num_classes={theirs}, or choose a checkpoint of {ours} classes, or train one from '
        f'this one with --load-from {source} --drop-head'
    )


def _architecture_message(
    missing: list[str],
    surplus: list[str],
    misshapen: list[str],
    own: State,
    given: State,
    source: str,
) -> str:
    first = bands.first_conv_name(own)
    others = [key for key in misshapen if key != first]
    other_bands = first in misshapen and bands.differs_in_bands(given[first], own[first])
    if other_bands and not missing and not surplus and _only_classes(others, own, given):
        return (
            f'{source}: the checkpoint is for {given[first].shape[1]} bands, the model for '
            f'{own[first].shape[1]}; train one from it with first_conv "mean" or "copy" '
            f'(--load-from {source} --drop-head --first-conv mean), or use images of those bands'
        )
    found = []
    if missing:
        found.append(f'{len(missing)} weights are missing ({some(missing)})')
    if surplus:
        found.append(f'{len(surplus)} are unknown to the model ({some(surplus)})')
    if misshapen:
        key = misshapen[0]
        shapes = f'{key}: {tuple(given[key].shape)} for {tuple(own[key].shape)}'
        found.append(f'{len(misshapen)} have another shape ({shapes})')
    return (
        f'{source}: the checkpoint is of another architecture: {"; ".join(found)}. Use the '
        'config that it was trained with'
    )
