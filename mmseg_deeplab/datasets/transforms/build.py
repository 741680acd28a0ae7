"""Transforms from configs, found in this project's registry whatever has been set up."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import nullcontext

from mmengine.registry import DefaultScope

from mmseg_deeplab.registry import SCOPE, TRANSFORMS


def build_transforms(transforms: Sequence[dict | Callable]) -> list[Callable]:
    """Build those that are configs.

    MMCV's wrappers (``RandomChoice``, ``RandomApply``) build what is inside them by MMEngine's
    own rule, which outside a run would find mmcv's transforms of the same names.

    Args:
        transforms: Configs or callables; they are not changed.

    Raises:
        ConfigError: A type is unknown.
    """
    outside_a_run = DefaultScope.get_current_instance() is None
    with DefaultScope.overwrite_default_scope(SCOPE) if outside_a_run else nullcontext():
        return [TRANSFORMS.build(each) if isinstance(each, dict) else each for each in transforms]
