"""Layers from their configs: convolution, norm, activation, and their start weights."""

from __future__ import annotations

from typing import Any

import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.nn.modules.instancenorm import _InstanceNorm

from mmseg_deeplab.registry import MODELS
from mmseg_deeplab.utils.errors import ConfigError

BATCH_NORM = {'type': 'BN', 'requires_grad': True}
RELU = {'type': 'ReLU'}


class LayerNorm2d(nn.LayerNorm):
    """Layer norm over the channels of every pixel of an (N, C, h, w) map."""

    def forward(self, maps: Tensor) -> Tensor:
        """Normalised map.

        Shape:
            - maps, returned: (N, C, h, w)
        """
        pixels = maps.permute(0, 2, 3, 1)
        pixels = F.layer_norm(pixels, self.normalized_shape, self.weight, self.bias, self.eps)
        return pixels.permute(0, 3, 1, 2)


# torch's own classes, so that 'BN' or 'SyncBN' need no import of mmcv
_NORMS: dict[str, type[nn.Module]] = {
    'BN': nn.BatchNorm2d,
    'BN2d': nn.BatchNorm2d,
    'SyncBN': nn.SyncBatchNorm,
    'GN': nn.GroupNorm,
    'IN': nn.InstanceNorm2d,
    'IN2d': nn.InstanceNorm2d,
    'LN': LayerNorm2d,
    'LN2d': LayerNorm2d,
}
_ACTIVATIONS: dict[str, type[nn.Module]] = {
    name: getattr(nn, name)
    for name in (
        *('ReLU', 'ReLU6', 'LeakyReLU', 'PReLU', 'ELU', 'GELU', 'SiLU'),
        *('Mish', 'Hardswish', 'Sigmoid', 'Tanh', 'Identity'),
    )
}
_CONVOLUTIONS: dict[str, type[nn.Module]] = {'Conv': nn.Conv2d, 'Conv2d': nn.Conv2d}
_COMPILED = {'DCN', 'DCNv2', 'DeformConv2d', 'SAConv'}
_IN_PLACE = {'ReLU', 'ReLU6', 'LeakyReLU', 'ELU', 'SiLU', 'Mish', 'Hardswish'}


def _find(kind: type | str, known: dict[str, type[nn.Module]]) -> type[nn.Module]:
    if not isinstance(kind, str):
        return kind
    return known[kind] if kind in known else MODELS.get(kind)


def construct_layer(
    what: str, cfg: dict, cls: type[nn.Module], *args: Any, **options: Any
) -> nn.Module:
    """A layer of a known class; options that it does not take are a mistake in the config.

    Args:
        what: Name of the config's key, for the message.
        cfg: Its value, for the message.
        cls: The layer's class.
        args: Of the class.
        options: Of the class.

    Raises:
        ConfigError: The class does not take these options or values.
    """
    try:
        return cls(*args, **options)
    except (TypeError, ValueError) as error:
        raise ConfigError(f'{what}={dict(cfg)} does not fit {cls.__name__}: {error}') from error


def build_conv(
    conv_cfg: dict | None,
    in_channels: int,
    out_channels: int,
    kernel_size: int,
    *,
    stride: int = 1,
    padding: int = 0,
    dilation: int = 1,
    groups: int = 1,
    bias: bool = True,
) -> nn.Module:
    """A convolution from its config.

    Args:
        conv_cfg: ``type`` (Conv2d, a class, or a registered one that takes the arguments of
            ``nn.Conv2d``) and more of its arguments; None is ``nn.Conv2d``.
        in_channels: Channels of the input.
        out_channels: Channels of the output.
        kernel_size: Side of the kernel, pixels.
        stride: Step, pixels.
        padding: Zeros on each side, pixels.
        dilation: Distance of kernel taps, pixels.
        groups: Groups of channels that do not mix.
        bias: Add one number per output channel.

    Raises:
        ConfigError: Unknown type, one that has to be compiled, or arguments it does not take.
    """
    options = {
        'stride': stride,
        'padding': padding,
        'dilation': dilation,
        'groups': groups,
        'bias': bias,
        **(conv_cfg or {}),
    }
    kind = options.pop('type', 'Conv2d')
    try:
        cls = _find(kind, _CONVOLUTIONS)
    except ConfigError as error:
        if kind not in _COMPILED:
            raise
        raise ConfigError(
            f'{kind} is a compiled operation of the full mmcv, which this project does not need '
            'or import; leave dcn out, or register a convolution of your own under another name'
        ) from error
    shape = (in_channels, out_channels, kernel_size)
    return construct_layer('conv_cfg', conv_cfg or {}, cls, *shape, **options)


def build_norm(norm_cfg: dict, num_features: int) -> nn.Module:
    """A norm layer from its config, weight 1 and bias 0.

    Args:
        norm_cfg: ``type`` (BN, SyncBN, BN2d, GN, IN, LN, a class, or any class registered in
            ``MODELS`` whose first argument is the number of channels), ``requires_grad``
            (default True) and the layer's own arguments (eps, momentum, num_groups).
        num_features: Channels of the map.

    Raises:
        ConfigError: Unknown type, or arguments that the layer does not take.
    """
    options = dict(norm_cfg)
    cls = _find(options.pop('type'), _NORMS)
    requires_grad = options.pop('requires_grad', True)
    if cls is nn.GroupNorm:
        options['num_channels'] = num_features
        norm = construct_layer('norm_cfg', norm_cfg, cls, **options)
    else:
        norm = construct_layer('norm_cfg', norm_cfg, cls, num_features, **options)
    for parameter in norm.parameters():
        parameter.requires_grad = requires_grad
    return norm


def norm_name(norm: nn.Module) -> str:
    """The attribute name of a norm layer, part of state-dict keys: bn, gn, in, ln or norm_layer.

    Args:
        norm: The layer.
    """
    kinds = {_BatchNorm: 'bn', nn.GroupNorm: 'gn', _InstanceNorm: 'in', nn.LayerNorm: 'ln'}
    return next((name for kind, name in kinds.items() if isinstance(norm, kind)), 'norm_layer')


def build_activation(act_cfg: dict) -> nn.Module:
    """An activation from its config; in place where the function allows it.

    Args:
        act_cfg: ``type`` (ReLU, LeakyReLU, GELU, ..., a class, or a registered one) and its
            arguments.

    Raises:
        ConfigError: Unknown type, or arguments that it does not take.
    """
    options = dict(act_cfg)
    kind = options.pop('type')
    if kind in _IN_PLACE:
        options.setdefault('inplace', True)
    return construct_layer('act_cfg', act_cfg, _find(kind, _ACTIVATIONS), **options)


def init_conv(conv: nn.Module) -> None:
    """Kaiming normal weights (fan out, gain of a ReLU) and zero bias, as the zoo trains from.

    Args:
        conv: A convolution; it is changed.
    """
    nn.init.kaiming_normal_(conv.weight, mode='fan_out', nonlinearity='relu')
    if conv.bias is not None:
        nn.init.zeros_(conv.bias)
