"""Residual blocks and the stage that strings them together.

Legend of shapes: N batch, C channels, h, w feature map.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from torch import Tensor, nn

from mmseg_deeplab.models.backbones.plugins import add_plugins, apply_plugins
from mmseg_deeplab.models.utils.build_layers import BATCH_NORM, build_conv, build_norm, norm_name
from mmseg_deeplab.models.utils.recompute import run_block
from mmseg_deeplab.utils.errors import ConfigError


class ResidualBlock(nn.Module):
    """``relu(branch(x) + shortcut(x))``; subclasses say what the branch is.

    Args:
        inplanes: Channels of the input.
        planes: Base width; the output has ``planes * expansion`` channels.
        stride: Step of the block, pixels.
        dilation: Distance of the taps of its dilated 3x3 convolution, pixels.
        downsample: Brings the input to the branch's shape; None where it has it.
        style: ``'pytorch'`` or ``'caffe'``, see :class:`Bottleneck`.
        with_cp: Recompute the block in the backward pass instead of keeping its maps.
        conv_cfg: Convolutions, see :func:`build_conv`.
        norm_cfg: Norm layers; None is batch norm.
        dcn: Another kind of 3x3 convolution; for :class:`Bottleneck`.
        plugins: More layers, see :mod:`plugins`; for :class:`Bottleneck`.
    """

    expansion = 1  # output channels per plane

    def __init__(
        self,
        inplanes: int,
        planes: int,
        stride: int = 1,
        dilation: int = 1,
        downsample: nn.Module | None = None,
        style: str = 'pytorch',
        with_cp: bool = False,
        conv_cfg: dict | None = None,
        norm_cfg: dict | None = None,
        dcn: dict | None = None,
        plugins: Sequence[dict] | None = None,
    ) -> None:
        super().__init__()
        self.inplanes = inplanes
        self.planes = planes
        self.stride = stride
        self.dilation = dilation
        self.style = style
        self.with_cp = with_cp
        self.conv_cfg = conv_cfg
        self.norm_cfg = BATCH_NORM if norm_cfg is None else norm_cfg
        self.dcn = dcn
        self.plugins = plugins
        self._build_branch()
        self.relu = nn.ReLU(inplace=True)
        # shortcut and plugins last: the published order of state-dict keys
        self.downsample = downsample
        channels = (planes, planes, planes * self.expansion)
        self._plugin_names = add_plugins(self, plugins or (), channels)

    def _build_branch(self) -> None:
        raise NotImplementedError

    def _branch(self, maps: Tensor) -> Tensor:
        raise NotImplementedError

    def _conv3x3(
        self, in_channels: int, stride: int, dilation: int, conv_cfg: dict | None
    ) -> nn.Module:
        return build_conv(
            conv_cfg,
            in_channels,
            self.planes,
            3,
            stride=stride,
            padding=dilation,
            dilation=dilation,
            bias=False,
        )

    def add_norm(self, index: int, num_features: int) -> None:
        """Register the ``index``-th norm under its state-dict name, such as ``bn1``."""
        norm = build_norm(self.norm_cfg, num_features)
        self.add_module(f'{norm_name(norm)}{index}', norm)
        self._norm_prefix = norm_name(norm)

    def norm(self, index: int) -> nn.Module:
        """The norm that follows the ``index``-th convolution, counted from 1."""
        return getattr(self, f'{self._norm_prefix}{index}')

    def forward(self, maps: Tensor) -> Tensor:
        """Block output, (N, inplanes, h, w) -> (N, planes * expansion, h', w')."""
        return run_block(self._block, maps, self.with_cp)

    def _block(self, maps: Tensor) -> Tensor:
        shortcut = maps if self.downsample is None else self.downsample(maps)
        return self.relu(self._branch(maps) + shortcut)


class BasicBlock(ResidualBlock):
    """Two 3x3 convolutions (ResNet-18 and 34); arguments as :class:`ResidualBlock`.

    Only the first is dilated. A dilated R-18 is thus not the twin of the strided one, but this
    is what the published checkpoints were trained with.

    Raises:
        ConfigError: ``dcn`` or ``plugins`` is given.
    """

    def _build_branch(self) -> None:
        if self.dcn is not None or self.plugins:
            raise ConfigError(
                'dcn and plugins must be for bottlenecks (depth 50 and more), got them for the '
                'basic blocks of depth 18 or 34; leave them out'
            )
        self.conv1 = self._conv3x3(self.inplanes, self.stride, self.dilation, self.conv_cfg)
        self.add_norm(1, self.planes)
        self.conv2 = self._conv3x3(self.planes, 1, 1, self.conv_cfg)
        self.add_norm(2, self.planes)

    @property
    def last_norm(self) -> nn.Module:
        """The norm whose weight may start at zero."""
        return self.norm(2)

    def _branch(self, maps: Tensor) -> Tensor:
        maps = self.relu(self.norm(1)(self.conv1(maps)))
        return self.norm(2)(self.conv2(maps))


class Bottleneck(ResidualBlock):
    """1x1, 3x3 and 1x1 convolutions (ResNet-50 and deeper); the 3x3 one is dilated.

    Arguments as :class:`ResidualBlock`. ``style='pytorch'`` puts the stride on the 3x3
    convolution, ``'caffe'`` on the first. ``dcn`` is the config of the 3x3 convolution; a true
    ``fallback_on_stride`` in it keeps the ordinary one.
    """

    expansion = 4

    def _build_branch(self) -> None:
        first, second = (1, self.stride) if self.style == 'pytorch' else (self.stride, 1)
        width, out_channels = self._width(), self.planes * self.expansion
        self.conv1 = build_conv(self.conv_cfg, self.inplanes, width, 1, stride=first, bias=False)
        self.add_norm(1, width)
        self._build_spatial(width, second)
        self.conv3 = build_conv(self.conv_cfg, width, out_channels, 1, bias=False)
        self.add_norm(3, out_channels)

    def _width(self) -> int:
        return self.planes

    def _build_spatial(self, width: int, stride: int) -> None:
        """The layers between the two 1x1 convolutions; subclasses may have others."""
        self.conv2 = self._conv3x3(width, stride, self.dilation, self._spatial_cfg())
        self.add_norm(2, width)

    def _spatial_cfg(self) -> dict | None:
        """Config of the middle convolution."""
        dcn = dict(self.dcn or {})
        fallback = dcn.pop('fallback_on_stride', False)
        return dcn if dcn and not fallback else self.conv_cfg

    def _spatial(self, maps: Tensor) -> Tensor:
        return self.relu(self.norm(2)(self.conv2(maps)))

    @property
    def last_norm(self) -> nn.Module:
        """The norm whose weight may start at zero."""
        return self.norm(3)

    def _branch(self, maps: Tensor) -> Tensor:
        maps = self.relu(self.norm(1)(self.conv1(maps)))
        maps = self._spatial(apply_plugins(self, self._plugin_names[0], maps))
        maps = self.norm(3)(self.conv3(apply_plugins(self, self._plugin_names[1], maps)))
        return apply_plugins(self, self._plugin_names[2], maps)


def make_stage(
    make_block: Callable[..., ResidualBlock],
    inplanes: int,
    planes: int,
    out_channels: int,
    *,
    dilations: Sequence[int],
    stride: int,
    avg_down: bool,
    conv_cfg: dict | None,
    norm_cfg: dict,
) -> nn.Sequential:
    """One stage: a block that may stride and widen, then blocks that keep the shape.

    Args:
        make_block: Class of the blocks, with its further options bound.
        inplanes: Channels of the stage's input.
        planes: Base width of the stage.
        out_channels: Channels of the stage's output.
        dilations: One per block, pixels; see :func:`block_dilations`.
        stride: Step of the first block, pixels.
        avg_down: The shortcut strides by average pooling instead of by its convolution.
        conv_cfg: Convolution of the shortcut.
        norm_cfg: Norm of the shortcut.
    """
    shortcut = None
    if stride != 1 or inplanes != out_channels:
        layers: list[nn.Module] = []
        if avg_down:
            # ceil_mode and the uncounted padding keep the last row of an odd-sized map a mean
            layers.append(nn.AvgPool2d(stride, stride, ceil_mode=True, count_include_pad=False))
        step = 1 if avg_down else stride
        layers.append(build_conv(conv_cfg, inplanes, out_channels, 1, stride=step, bias=False))
        layers.append(build_norm(norm_cfg, out_channels))
        shortcut = nn.Sequential(*layers)
    first = make_block(inplanes, planes, stride=stride, dilation=dilations[0], downsample=shortcut)
    others = [make_block(out_channels, planes, dilation=dilation) for dilation in dilations[1:]]
    return nn.Sequential(first, *others)


def block_dilations(
    num_blocks: int, dilation: int, *, contract: bool, multi_grid: Sequence[int] | None
) -> tuple[int, ...]:
    """The dilation of each block of a stage.

    Args:
        num_blocks: Blocks in the stage.
        dilation: The stage's dilation.
        contract: The first block takes half of it, because its input has the stride before.
            Not used when ``multi_grid`` is given.
        multi_grid: Dilations that replace ``dilation`` block by block; unlike in Detectron2
            they are not multiplied by it (arXiv:1706.05587, section 3.3, multiplies).

    Raises:
        ConfigError: ``multi_grid`` is shorter than the stage.
    """
    if multi_grid is not None:
        if len(multi_grid) < num_blocks:
            raise ConfigError(
                f'multi_grid must name a dilation for each of the {num_blocks} blocks of the '
                f'last stage, got {tuple(multi_grid)}'
            )
        return tuple(multi_grid[:num_blocks])
    first = dilation // 2 if contract and dilation > 1 else dilation
    return (first, *([dilation] * (num_blocks - 1)))
