"""Building pixel samplers from configs."""

from __future__ import annotations

from typing import Any

from mmseg_deeplab.registry import MODELS
from mmseg_deeplab.structures.sampler.base_pixel_sampler import BasePixelSampler

PIXEL_SAMPLERS = MODELS  # where a sampler of one's own is registered


def build_pixel_sampler(cfg: dict, **default_args: Any) -> BasePixelSampler:
    """A pixel sampler from its config.

    Args:
        cfg: ``dict(type='OHEMPixelSampler', ...)``.
        default_args: Arguments where the config has none, such as ``context``.
    """
    return PIXEL_SAMPLERS.build(cfg, default_args=default_args)
