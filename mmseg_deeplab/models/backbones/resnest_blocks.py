"""Split attention: several 3x3 convolutions, weighed against each other by channel.

Legend of shapes: N batch, C channels, R radix (branches), h, w feature map.
"""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn

from mmseg_deeplab.models.backbones.resnet_blocks import Bottleneck
from mmseg_deeplab.models.utils.build_layers import build_conv, build_norm, norm_name
from mmseg_deeplab.models.utils.layers import GlobalMeanPool

_FEWEST_ATTENTION_CHANNELS = 32


class SplitAttentionConv2d(nn.Module):
    """R convolutions side by side, summed with weights that depend on the whole map.

    Figure 2 of arXiv:2004.08955. For each channel the weights of the branches add up to one;
    with a single branch its weight is a sigmoid.

    Args:
        in_channels: Channels of the input.
        channels: Channels of the output.
        kernel_size: Side of the kernels, pixels.
        stride: Step, pixels.
        padding: Zeros on each side, pixels.
        dilation: Distance of kernel taps, pixels.
        groups: Groups of channels that do not mix (cardinality in the paper).
        radix: R, 1 or more.
        reduction_factor: How much narrower the layer between pooling and weights is.
        conv_cfg: Convolution, see :func:`build_conv`.
        norm_cfg: Norm layers, see :func:`build_norm`.

    Shape:
        - maps: (N, in_channels, h, w)
        - returned: (N, channels, h', w')
    """

    def __init__(
        self,
        in_channels: int,
        channels: int,
        kernel_size: int,
        stride: int = 1,
        padding: int = 0,
        dilation: int = 1,
        groups: int = 1,
        radix: int = 2,
        reduction_factor: int = 4,
        conv_cfg: dict | None = None,
        *,
        norm_cfg: dict,
    ) -> None:
        super().__init__()
        self.channels = channels
        self.groups = groups
        self.radix = radix
        self.conv = build_conv(
            conv_cfg,
            in_channels,
            channels * radix,
            kernel_size,
            stride=stride,
            padding=padding,
            dilation=dilation,
            groups=groups * radix,
            bias=False,
        )
        self._norm0 = self._add_norm(0, norm_cfg, channels * radix)
        self.relu = nn.ReLU(inplace=True)
        self.pool = GlobalMeanPool()
        narrow = max(in_channels * radix // reduction_factor, _FEWEST_ATTENTION_CHANNELS)
        self.fc1 = nn.Conv2d(channels, narrow, 1, groups=groups)
        self._norm1 = self._add_norm(1, norm_cfg, narrow)
        self.fc2 = nn.Conv2d(narrow, channels * radix, 1, groups=groups)

    def _add_norm(self, index: int, norm_cfg: dict, channels: int) -> str:
        norm = build_norm(norm_cfg, channels)
        name = f'{norm_name(norm)}{index}'
        self.add_module(name, norm)
        return name

    def forward(self, maps: Tensor) -> Tensor:
        """The weighted sum of the branches."""
        maps = self.relu(getattr(self, self._norm0)(self.conv(maps)))  # (N, R * C, h, w)
        branches = maps.unflatten(1, (self.radix, self.channels))
        pooled = self.pool(branches.sum(dim=1))  # (N, C, 1, 1)
        narrow = self.relu(getattr(self, self._norm1)(self.fc1(pooled)))
        return (self._weights(self.fc2(narrow)) * branches).sum(dim=1)

    def _weights(self, scores: Tensor) -> Tensor:
        """Scores (N, R * C, 1, 1), which go group by group -> weights (N, R, C, 1, 1)."""
        if self.radix == 1:
            return scores.sigmoid().unsqueeze(1)
        by_group = scores.flatten(1).unflatten(1, (self.groups, self.radix, -1))
        weights = by_group.transpose(1, 2).softmax(dim=1)  # (N, R, groups, C / groups)
        return weights.flatten(2)[..., None, None]


class SplitAttentionBottleneck(Bottleneck):
    """A bottleneck with :class:`SplitAttentionConv2d` in the middle.

    Args:
        inplanes: See :class:`Bottleneck`, as all arguments not named here.
        planes: Base width.
        stride: Step of the block, pixels.
        dilation: Of the middle convolution, pixels.
        downsample: Shortcut where shapes differ.
        style: ``'pytorch'`` or ``'caffe'``.
        with_cp: Trade time for memory.
        conv_cfg: Convolutions.
        norm_cfg: Norm layers.
        dcn: Config of the middle convolution.
        plugins: More layers.
        groups: Groups of the middle convolution.
        base_width: Channels per group for ``base_channels`` planes, where ``groups`` is above 1.
        base_channels: Planes of the network's first stage.
        radix: Branches of the middle convolution.
        reduction_factor: See :class:`SplitAttentionConv2d`.
        avg_down_stride: Stride by average pooling after the middle convolution.
    """

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
        *,
        groups: int = 1,
        base_width: int = 4,
        base_channels: int = 64,
        radix: int = 2,
        reduction_factor: int = 4,
        avg_down_stride: bool = True,
    ) -> None:
        # plain numbers, which the base's constructor builds the layers from
        self.groups = groups
        self.base_width = base_width
        self.base_channels = base_channels
        self.radix = radix
        self.reduction_factor = reduction_factor
        self.avg_down_stride = avg_down_stride
        super().__init__(
            inplanes,
            planes,
            stride,
            dilation,
            downsample,
            style,
            with_cp,
            conv_cfg,
            norm_cfg,
            dcn,
            plugins,
        )

    def _width(self) -> int:
        if self.groups == 1:
            return self.planes
        return self.planes * self.base_width // self.base_channels * self.groups

    def _build_spatial(self, width: int, stride: int) -> None:
        pools = self.avg_down_stride and stride > 1
        self.conv2 = SplitAttentionConv2d(
            width,
            width,
            3,
            1 if pools else stride,
            self.dilation,
            self.dilation,
            self.groups,
            self.radix,
            self.reduction_factor,
            self._spatial_cfg(),
            norm_cfg=self.norm_cfg,
        )
        self.avd_layer = nn.AvgPool2d(3, stride, padding=1) if pools else nn.Identity()

    def _spatial(self, maps: Tensor) -> Tensor:
        return self.avd_layer(self.conv2(maps))
