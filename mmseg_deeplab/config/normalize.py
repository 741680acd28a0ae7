"""Bring a config that was written for MMSegmentation into this project's scope."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

from mmengine.config import Config, ConfigDict

from mmseg_deeplab.registry import PEER_SCOPE, SCOPE

LOADING = ('LoadImageFromFile', 'LoadAnnotations')  # transforms with a file backend


def normalize_config(config: Config) -> Config:
    """A copy of a config in which every name means this project's registries.

    ``default_scope`` becomes ``mmseg_deeplab`` where it was ``mmseg`` or missing; a type
    ``mmseg.X`` or ``mmseg.models.x.X`` becomes ``X``, and ``_scope_='mmseg'`` this scope, so a
    file written for MMSegmentation runs here whether or not that package is installed. The
    loading transforms' ``file_client_args``, deprecated there, become ``backend_args``.

    Args:
        config: Left as it is.
    """
    result = copy.deepcopy(config)
    _rewrite(result._cfg_dict)
    if result.get('default_scope') in (None, PEER_SCOPE):
        result.default_scope = SCOPE
    return result


def _rewrite(value: Any) -> None:
    if isinstance(value, ConfigDict):
        # dict.items: ConfigDict.items would import what a lazy-style config only names
        for key, inner in list(dict.items(value)):
            if key == 'type' and isinstance(inner, str) and inner.startswith(f'{PEER_SCOPE}.'):
                dict.__setitem__(value, key, inner.rsplit('.', 1)[-1])
            elif key == '_scope_' and inner == PEER_SCOPE:
                dict.__setitem__(value, key, SCOPE)
            else:
                _rewrite(inner)
        if dict.get(value, 'type') in LOADING and 'file_client_args' in value:
            renamed = with_backend(value)
            value.clear()
            value.update(renamed)
    elif isinstance(value, (list, tuple)):
        for inner in value:
            _rewrite(inner)


def with_backend(settings: Mapping[str, Any]) -> dict[str, Any]:
    """A copy in which ``file_client_args`` has its name of today; a local disk is the default.

    Args:
        settings: Of a loading transform or a data set.
    """
    renamed = dict(settings)
    backend = dict(renamed.pop('file_client_args', None) or {})
    if backend and backend != {'backend': 'disk'}:
        renamed['backend_args'] = backend
    return renamed
