"""Residual blocks and the stage that strings them together.

Legend of shapes: N batch, C channels, h, w feature map.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch.utils.checkpoint
from torch import Tensor, nn

from mmseg_deeplab.models.utils.layers import build_norm, norm_name
from mmseg_deeplab.utils.errors import ConfigError


class ResidualBlock(nn.Module):
    """``relu(branch(x) + shortcut(x))``; subclasses say what the branch is.

    Args:
        with_cp: Recompute the block in the backward pass instead of keeping its maps.

    Attributes:
        downsample: Brings the input to the branch's shape; None where it has it. Subclasses
            set it last, which keeps the published order of state-dict keys.
    """

    expansion = 1  # output channels per plane
    downsample: nn.Module | None

    def __init__(self, with_cp: bool) -> None:
        super().__init__()
        self.with_cp = with_cp
        self.relu = nn.ReLU(inplace=True)

    def add_norm(self, index: int, norm_cfg: dict, num_features: int) -> None:
        """Register the ``index``-th norm under its state-dict name, such as ``bn1``."""
        norm = build_norm(norm_cfg, num_features)
        self.add_module(f'{norm_name(norm)}{index}', norm)
        self._norm_prefix = norm_name(norm)

    def norm(self, index: int) -> nn.Module:
        """The norm that follows the ``index``-th convolution, counted from 1."""
        return getattr(self, f'{self._norm_prefix}{index}')

    def forward(self, maps: Tensor) -> Tensor:
        """Block output, (N, C, h, w) -> (N, planes * expansion, h', w')."""
        if self.with_cp and maps.requires_grad:
            return torch.utils.checkpoint.checkpoint(self._block, maps, use_reentrant=False)
        return self._block(maps)

    def _block(self, maps: Tensor) -> Tensor:
        shortcut = maps if self.downsample is None else self.downsample(maps)
        return self.relu(self._branch(maps) + shortcut)

    def _branch(self, maps: Tensor) -> Tensor:
        raise NotImplementedError


class BasicBlock(ResidualBlock):
    """Two 3x3 convolutions (ResNet-18 and 34).

    Only the first is dilated. A dilated R-18 is thus not the twin of the strided one, but this
    is what the published checkpoints were trained with.

    Args:
        in_channels: Channels of the input.
        planes: Channels of the output.
        stride: Step of the first convolution, pixels.
        dilation: Distance of the first convolution's taps, pixels.
        downsample: Shortcut where shapes differ.
        style: Has no effect on this block.
        norm_cfg: Norm layers.
        with_cp: Trade time for memory.
    """

    expansion = 1

    def __init__(
        self,
        in_channels: int,
        planes: int,
        *,
        stride: int = 1,
        dilation: int = 1,
        downsample: nn.Module | None = None,
        style: str = 'pytorch',
        norm_cfg: dict,
        with_cp: bool = False,
    ) -> None:
        super().__init__(with_cp)
        self.conv1 = _conv3x3(in_channels, planes, stride, dilation)
        self.add_norm(1, norm_cfg, planes)
        self.conv2 = _conv3x3(planes, planes, 1, 1)
        self.add_norm(2, norm_cfg, planes)
        self.downsample = downsample

    @property
    def last_norm(self) -> nn.Module:
        """The norm whose weight may start at zero."""
        return self.norm(2)

    def _branch(self, maps: Tensor) -> Tensor:
        maps = self.relu(self.norm(1)(self.conv1(maps)))
        return self.norm(2)(self.conv2(maps))


class Bottleneck(ResidualBlock):
    """1x1, 3x3 and 1x1 convolutions (ResNet-50 and deeper); the 3x3 one is dilated.

    Args:
        in_channels: Channels of the input.
        planes: A quarter of the output's channels.
        stride: Step of the block, pixels.
        dilation: Distance of the 3x3 convolution's taps, pixels.
        downsample: Shortcut where shapes differ.
        style: ``'pytorch'`` puts the stride on the 3x3 convolution, ``'caffe'`` on the first.
        norm_cfg: Norm layers.
        with_cp: Trade time for memory.
    """

    expansion = 4

    def __init__(
        self,
        in_channels: int,
        planes: int,
        *,
        stride: int = 1,
        dilation: int = 1,
        downsample: nn.Module | None = None,
        style: str = 'pytorch',
        norm_cfg: dict,
        with_cp: bool = False,
    ) -> None:
        super().__init__(with_cp)
        first, second = (1, stride) if style == 'pytorch' else (stride, 1)
        self.conv1 = nn.Conv2d(in_channels, planes, 1, stride=first, bias=False)
        self.add_norm(1, norm_cfg, planes)
        self.conv2 = _conv3x3(planes, planes, second, dilation)
        self.add_norm(2, norm_cfg, planes)
        self.conv3 = nn.Conv2d(planes, planes * self.expansion, 1, bias=False)
        self.add_norm(3, norm_cfg, planes * self.expansion)
        self.downsample = downsample

    @property
    def last_norm(self) -> nn.Module:
        """The norm whose weight may start at zero."""
        return self.norm(3)

    def _branch(self, maps: Tensor) -> Tensor:
        maps = self.relu(self.norm(1)(self.conv1(maps)))
        maps = self.relu(self.norm(2)(self.conv2(maps)))
        return self.norm(3)(self.conv3(maps))


def _conv3x3(in_channels: int, out_channels: int, stride: int, dilation: int) -> nn.Conv2d:
    return nn.Conv2d(
        in_channels,
        out_channels,
        3,
        stride=stride,
        padding=dilation,
        dilation=dilation,
        bias=False,
    )


def make_stage(
    block: type[BasicBlock] | type[Bottleneck],
    in_channels: int,
    planes: int,
    *,
    dilations: Sequence[int],
    stride: int,
    avg_down: bool,
    style: str,
    norm_cfg: dict,
    with_cp: bool,
) -> nn.Sequential:
    """One stage: a block that may stride and widen, then blocks that keep the shape.

    Args:
        block: Class of the blocks.
        in_channels: Channels of the stage's input.
        planes: Base width of the stage.
        dilations: One per block, pixels; see :func:`block_dilations`.
        stride: Step of the first block, pixels.
        avg_down: The shortcut strides by average pooling instead of by its convolution.
        style: ``'pytorch'`` or ``'caffe'``, see :class:`Bottleneck`.
        norm_cfg: Norm layers.
        with_cp: Trade time for memory.
    """
    out_channels = planes * block.expansion
    shortcut = None
    if stride != 1 or in_channels != out_channels:
        shortcut = _make_shortcut(in_channels, out_channels, stride, avg_down, norm_cfg)
    blocks = []
    for index, dilation in enumerate(dilations):
        blocks.append(
            block(
                out_channels if index else in_channels,
                planes,
                stride=1 if index else stride,
                dilation=dilation,
                downsample=None if index else shortcut,
                style=style,
                norm_cfg=norm_cfg,
                with_cp=with_cp,
            )
        )
    return nn.Sequential(*blocks)


def _make_shortcut(
    in_channels: int, out_channels: int, stride: int, avg_down: bool, norm_cfg: dict
) -> nn.Sequential:
    layers: list[nn.Module] = []
    if avg_down:
        # ceil_mode and the uncounted padding keep the last row of an odd-sized map a mean
        layers.append(nn.AvgPool2d(stride, stride, ceil_mode=True, count_include_pad=False))
        stride = 1
    layers.append(nn.Conv2d(in_channels, out_channels, 1, stride=stride, bias=False))
    layers.append(build_norm(norm_cfg, out_channels))
    return nn.Sequential(*layers)


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
