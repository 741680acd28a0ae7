"""State as plain data: what a checkpoint may hold, so that loading it cannot run code."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from pathlib import PurePath
from typing import Any

import numpy as np
import torch
from mmengine.logging import HistoryBuffer, MessageHub

from mmseg_deeplab.utils.log import get_logger

_ATOMS = (type(None), bool, int, float, complex, str, bytes)


def to_plain(value: Any, where: str = 'checkpoint') -> Any:
    """Copy nested state as containers of numbers, text and CPU tensors.

    NumPy arrays become tensors, NumPy numbers Python's, any mapping a dict. What has no plain
    form is left out with a warning that names its place.

    Args:
        value: The state.
        where: Its name, for the warning.
    """
    if isinstance(value, torch.Tensor):
        return value.detach().cpu()
    if type(value) in _ATOMS:
        return value
    if isinstance(value, OrderedDict) and hasattr(value, '_metadata'):
        # A module's state: torch reads the versions of its layers from `_metadata`.
        copied = OrderedDict((key, to_plain(item, f'{where}.{key}')) for key, item in value.items())
        copied._metadata = to_plain(value._metadata, where)  # type: ignore[attr-defined]
        return copied
    if isinstance(value, Mapping):
        pairs = ((key, to_plain(item, f'{where}.{key}')) for key, item in dict(value).items())
        return {key: item for key, item in pairs if item is not _NO_PLAIN_FORM}
    if isinstance(value, (list, tuple, set, frozenset)):
        items = [to_plain(item, f'{where}[{k}]') for k, item in enumerate(value)]
        items = [item for item in items if item is not _NO_PLAIN_FORM]
        return tuple(items) if isinstance(value, tuple) else items
    if isinstance(value, np.ndarray) and value.dtype.kind in 'biuf':
        return torch.from_numpy(np.ascontiguousarray(value))
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, _ATOMS):  # a subclass, such as an enum of numbers
        return next(kind(value) for kind in _ATOMS[1:] if isinstance(value, kind))
    if isinstance(value, PurePath):
        return str(value)
    if isinstance(value, torch.dtype | torch.device):
        return str(value)
    get_logger().warning(f'{where} is not saved: {type(value).__name__} has no plain form')
    return _NO_PLAIN_FORM


_NO_PLAIN_FORM = object()


def hub_to_plain(hub: MessageHub) -> dict[str, Any]:
    """The message hub's state in MMEngine's layout, each history as two tensors.

    Args:
        hub: The runner's message hub.
    """
    state = hub.state_dict()
    histories = {
        key: dict(log_history=buffer.data[0], count_history=buffer.data[1])
        for key, buffer in state['log_scalars'].items()
    }
    return to_plain({**state, 'log_scalars': histories}, 'message_hub')


def hub_from_plain(state: Mapping[str, Any]) -> dict[str, Any]:
    """What MMEngine's ``MessageHub.load_state_dict`` takes, from :func:`hub_to_plain`'s form.

    Args:
        state: Also accepted: the state of an old MMEngine checkpoint, where
            ``checkpoint.load_checkpoint`` has turned each history into a dict as above.
    """
    histories = OrderedDict()
    for key, history in state.get('log_scalars', {}).items():
        buffer = HistoryBuffer()
        buffer._log_history = np.array(history['log_history'])
        buffer._count_history = np.array(history['count_history'])
        histories[key] = buffer
    info = dict(state.get('runtime_info', {}))
    known = {*histories, *info}
    resumed = {key: on for key, on in state.get('resumed_keys', {}).items() if key in known and on}
    return dict(log_scalars=histories, runtime_info=info, resumed_keys=resumed)
