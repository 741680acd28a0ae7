"""The older names for building models; all of them are ``MODELS.build``."""

from __future__ import annotations

from torch import nn

from mmseg_deeplab.registry import MODELS
from mmseg_deeplab.utils.errors import ConfigError

BACKBONES = HEADS = LOSSES = SEGMENTORS = MODELS


def build_backbone(cfg: dict) -> nn.Module:
    """A backbone from its config; use ``MODELS.build`` in new code.

    Args:
        cfg: ``type`` and the arguments of that class.
    """
    return MODELS.build(cfg)


def build_head(cfg: dict) -> nn.Module:
    """A head from its config; use ``MODELS.build`` in new code.

    Args:
        cfg: ``type`` and the arguments of that class.
    """
    return MODELS.build(cfg)


def build_loss(cfg: dict) -> nn.Module:
    """A loss from its config; use ``MODELS.build`` in new code.

    Args:
        cfg: ``type`` and the arguments of that class.
    """
    return MODELS.build(cfg)


def build_segmentor(
    cfg: dict, train_cfg: dict | None = None, test_cfg: dict | None = None
) -> nn.Module:
    """A segmentor from its config; use ``MODELS.build`` in new code.

    Args:
        cfg: Config of the segmentor.
        train_cfg: Given beside the config instead of in it.
        test_cfg: The same.

    Raises:
        ConfigError: One of the two is given in both places.
    """
    cfg = dict(cfg)
    for name, value in (('train_cfg', train_cfg), ('test_cfg', test_cfg)):
        if value is None:
            continue
        if cfg.get(name) is not None:
            raise ConfigError(f'{name} must be given in the model or beside it, got both')
        cfg[name] = value
    return MODELS.build(cfg)
