"""The losses that a head's config names."""

from __future__ import annotations

from collections.abc import Sequence

from torch import nn

from mmseg_deeplab.models.losses.cross_entropy_loss import CrossEntropyLoss
from mmseg_deeplab.registry import MODELS
from mmseg_deeplab.utils.errors import ConfigError, ConfigTypeError


def build_losses(loss_decode: dict | Sequence[dict] | None, out_channels: int) -> nn.Module:
    """The loss or losses of a head.

    Args:
        loss_decode: Config of a loss, or a list of configs; None is cross entropy.
        out_channels: Channels of the head's logits; for one, cross entropy is of a sigmoid.

    Returns:
        The loss, or a ``ModuleList`` for a list.

    Raises:
        ConfigError: Neither a dict nor a list (then also a ``TypeError``), or a softmax over
            one channel.
    """
    if loss_decode is None:
        loss_decode = {'type': 'CrossEntropyLoss', 'use_sigmoid': out_channels == 1}
    if isinstance(loss_decode, dict):
        losses = MODELS.build(loss_decode)
    elif isinstance(loss_decode, (list, tuple)) and loss_decode:
        losses = nn.ModuleList(MODELS.build(cfg) for cfg in loss_decode)
    else:
        raise ConfigTypeError(f'loss_decode must be a dict or a list of dicts, got {loss_decode!r}')
    for loss in losses.modules():
        if out_channels == 1 and isinstance(loss, CrossEntropyLoss) and not loss.use_sigmoid:
            raise ConfigError(
                'use_sigmoid must be True in CrossEntropyLoss for one output channel, got False: '
                'a softmax over one channel is always 1 and learns nothing; set use_sigmoid=True '
                'or num_classes=2'
            )
    return losses
