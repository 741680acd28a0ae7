"""The arguments of ``composer_deeplabv3`` in the form that they had before Composer 0.9."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from mmseg_deeplab.utils.errors import ConfigError
from mmseg_deeplab.utils.log import warn_once

_OLDER = (
    *('num_classes', 'backbone_arch', 'is_backbone_pretrained', 'backbone_url', 'sync_bn'),
    *('use_plus', 'ignore_index', 'cross_entropy_weight', 'dice_weight', 'initializers'),
)
_WEIGHTS = {'backbone_weights', 'is_backbone_pretrained', 'backbone_url'}
_PRETRAINED, _URL = 2, 3  # places in the older order
_RENAMED = (
    'composer_deeplabv3: is_backbone_pretrained and backbone_url are the names of Composer '
    'before 0.9; the newer name is backbone_weights={weights!r}'
)
_NO_WEIGHTS = (
    'composer_deeplabv3: no weights were asked for, so the backbone starts at random; before '
    "Composer 0.9 it had torchvision's, backbone_weights='IMAGENET1K_V1'"
)


def takes_older_order(build: Callable) -> Callable:
    """Let a function also be called by place in the order of before 0.9.

    That order is told by its third and fourth arguments, a truth value and a text; no call in
    the newer order has these.

    Args:
        build: With the older arguments as keywords.
    """

    @wraps(build)
    def call(*places: Any, **named: Any) -> Any:
        if len(places) <= _PRETRAINED and not _WEIGHTS & named.keys():
            warn_once(_NO_WEIGHTS)
        older = (
            len(places) > _URL
            and isinstance(places[_PRETRAINED], bool)
            and isinstance(places[_URL], str)
        )
        if not older or len(places) > len(_OLDER):
            return build(*places, **named)
        by_name = dict(zip(_OLDER, places, strict=False))
        if twice := sorted(by_name.keys() & named.keys()):
            raise ConfigError(f'composer_deeplabv3: {", ".join(twice)} given by place and by name')
        return build(**by_name, **named)

    return call


def weights_from_older(
    weights: str | bool | None, is_pretrained: bool | None, url: str
) -> str | None:
    """``backbone_weights`` that say the same as arguments of both ages; one line names it.

    Args:
        weights: ``backbone_weights``; a truth value is the older third argument by place.
        is_pretrained: ``is_backbone_pretrained``, None if it was not given.
        url: ``backbone_url``, empty if it was not given.

    Raises:
        ConfigError: Both ages are given.
    """
    if isinstance(weights, bool):
        is_pretrained, weights = weights, None
    if is_pretrained is None and not url:
        return weights
    if weights is not None:
        raise ConfigError(
            f'composer_deeplabv3: give backbone_weights={weights!r} or the older '
            'is_backbone_pretrained and backbone_url, not both'
        )
    if is_pretrained is not False:
        weights = url or 'IMAGENET1K_V1'
    warn_once(_RENAMED.format(weights=weights))
    return weights
