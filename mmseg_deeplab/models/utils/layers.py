"""Convolution, norm and activation, together and depthwise separable.

Legend of shapes: N batch, C channels, h, w feature map.
"""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.nn.modules.instancenorm import _InstanceNorm

from mmseg_deeplab.registry import MODELS
from mmseg_deeplab.utils.errors import ConfigError

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
_IN_PLACE = {'ReLU', 'ReLU6', 'LeakyReLU', 'ELU', 'SiLU', 'Mish', 'Hardswish'}


def _find(kind: type | str, known: dict[str, type[nn.Module]]) -> type[nn.Module]:
    if not isinstance(kind, str):
        return kind
    return known[kind] if kind in known else MODELS.get(kind)


def _construct(what: str, cfg: dict, cls: type[nn.Module], *args: Any, **options: Any) -> nn.Module:
    try:
        return cls(*args, **options)
    except (TypeError, ValueError) as error:
        raise ConfigError(f'{what}={dict(cfg)} does not fit {cls.__name__}: {error}') from error


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
        norm = _construct('norm_cfg', norm_cfg, cls, **options)
    else:
        norm = _construct('norm_cfg', norm_cfg, cls, num_features, **options)
    for parameter in norm.parameters():
        parameter.requires_grad = requires_grad
    return norm


def norm_name(norm: nn.Module) -> str:
    """The attribute name of a norm layer, part of state-dict keys: bn, gn, in, ln or norm_layer."""
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
    return _construct('act_cfg', act_cfg, _find(kind, _ACTIVATIONS), **options)


def init_conv(conv: nn.Module) -> None:
    """Kaiming normal weights (fan out, gain of a ReLU) and zero bias, as the zoo trains from."""
    nn.init.kaiming_normal_(conv.weight, mode='fan_out', nonlinearity='relu')
    if conv.bias is not None:
        nn.init.zeros_(conv.bias)


class ConvNormAct(nn.Module):
    """Convolution, then norm, then activation; state-dict names ``conv`` and ``bn``.

    A convolution followed by a norm has no bias.

    Args:
        in_channels: Channels of the input.
        out_channels: Channels of the output.
        kernel_size: Side of the kernel, pixels.
        stride: Step, pixels.
        padding: Zeros on each side, pixels.
        dilation: Distance of kernel taps, pixels.
        groups: Groups of channels that do not mix.
        conv_cfg: ``type`` of the convolution and extra arguments; None is ``nn.Conv2d``.
        norm_cfg: See :func:`build_norm`; None is no norm, and a bias.
        act_cfg: See :func:`build_activation`; None is no activation.

    Shape:
        - maps: (N, in_channels, h, w)
        - returned: (N, out_channels, h', w')

    Raises:
        ConfigError: Unknown layer type or arguments.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int,
        *,
        stride: int = 1,
        padding: int = 0,
        dilation: int = 1,
        groups: int = 1,
        conv_cfg: dict | None = None,
        norm_cfg: dict | None = None,
        act_cfg: dict | None = RELU,
    ) -> None:
        super().__init__()
        options = {
            'stride': stride,
            'padding': padding,
            'dilation': dilation,
            'groups': groups,
            'bias': norm_cfg is None,
            **(conv_cfg or {}),
        }
        cls = _find(options.pop('type', 'Conv2d'), _CONVOLUTIONS)
        shape = (in_channels, out_channels, kernel_size)
        self.conv = _construct('conv_cfg', conv_cfg or {}, cls, *shape, **options)
        init_conv(self.conv)
        self._norm_name = None
        if norm_cfg is not None:
            norm = build_norm(norm_cfg, out_channels)
            self._norm_name = norm_name(norm)
            self.add_module(self._norm_name, norm)
        self.activate = None if act_cfg is None else build_activation(act_cfg)

    @property
    def norm(self) -> nn.Module | None:
        """The norm layer, whatever its name in the state dict."""
        return None if self._norm_name is None else getattr(self, self._norm_name)

    def forward(self, maps: Tensor) -> Tensor:
        """Convolved, normalised, activated map."""
        maps = self.conv(maps)
        if self._norm_name is not None:
            maps = self.norm(maps)
        return maps if self.activate is None else self.activate(maps)


class DepthwiseSeparableConvNormAct(nn.Module):
    """A convolution per channel, then a 1x1 one over channels, each with norm and activation.

    As in the zoo, a head's ``conv_cfg`` does not reach these two (Xception, arXiv:1610.02357;
    DeepLabV3+, arXiv:1802.02611, section 3.2).

    Args:
        in_channels: Channels of the input.
        out_channels: Channels of the output.
        kernel_size: Side of the depthwise kernel, pixels.
        padding: Zeros on each side of the input, pixels.
        dilation: Distance of the depthwise kernel's taps, pixels.
        norm_cfg: See :func:`build_norm`.
        act_cfg: See :func:`build_activation`.

    Shape:
        - maps: (N, in_channels, h, w)
        - returned: (N, out_channels, h', w')
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int,
        *,
        padding: int = 0,
        dilation: int = 1,
        norm_cfg: dict | None = None,
        act_cfg: dict | None = RELU,
    ) -> None:
        super().__init__()
        self.depthwise_conv = ConvNormAct(
            in_channels,
            in_channels,
            kernel_size,
            padding=padding,
            dilation=dilation,
            groups=in_channels,
            norm_cfg=norm_cfg,
            act_cfg=act_cfg,
        )
        self.pointwise_conv = ConvNormAct(
            in_channels, out_channels, 1, norm_cfg=norm_cfg, act_cfg=act_cfg
        )

    def forward(self, maps: Tensor) -> Tensor:
        """Map of ``out_channels`` channels."""
        return self.pointwise_conv(self.depthwise_conv(maps))


class GlobalMeanPool(nn.Module):
    """Mean over height and width; unlike adaptive pooling, every exporter knows it."""

    def forward(self, maps: Tensor) -> Tensor:
        """Mean of each channel, (N, C, h, w) -> (N, C, 1, 1)."""
        return torch.mean(maps, dim=(2, 3), keepdim=True)
