"""Models of configs, without the weights that training would start from."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

import torch
from mmengine.config import Config
from torch import nn

from mmseg_deeplab.registry import MODELS
from mmseg_deeplab.utils.errors import ConfigError


def model_without_memory(config: Config) -> nn.Module:
    """The model of a config on the device ``meta``: names and shapes, no numbers.

    Args:
        config: As :func:`load_config` returns it.
    """
    if not config.get('model'):
        raise ConfigError(f'{config.filename or "the config"}: it has no model to build')
    with torch.device('meta'):
        return MODELS.build(without_weights(config.model.to_dict()))


def without_weights(model: Any) -> Any:
    """A copy of a model's config that loads no weights of its own: the checkpoint has all."""
    if isinstance(model, Mapping):
        kept = {key: without_weights(value) for key, value in model.items()}
        return {**kept, **{key: None for key in ('pretrained', 'init_cfg') if key in kept}}
    if isinstance(model, list | tuple):
        return type(model)(without_weights(value) for value in model)
    return copy.deepcopy(model)
