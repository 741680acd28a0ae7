"""MobileNetV2 with dilated layers.

Legend of shapes: N batch, C channels, H, W image, h, w feature map.
"""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn

from mmseg_deeplab.models.backbones.freezing import FreezableModule
from mmseg_deeplab.models.utils.base_module import pretrained_cfg
from mmseg_deeplab.models.utils.build_layers import BATCH_NORM
from mmseg_deeplab.models.utils.layers import ConvNormAct
from mmseg_deeplab.models.utils.recompute import run_block
from mmseg_deeplab.registry import MODELS
from mmseg_deeplab.utils.errors import ConfigError

RELU6 = {'type': 'ReLU6'}
# factor of expansion, channels, blocks of each layer: table 2 of arXiv:1801.04381
_LAYERS = ((1, 16, 1), (6, 24, 2), (6, 32, 3), (6, 64, 4), (6, 96, 3), (6, 160, 3), (6, 320, 1))
_STEM_CHANNELS = 32
_CHANNELS_STEP = 8


def make_divisible(
    value: float, divisor: int, min_value: int | None = None, min_ratio: float = 0.9
) -> int:
    """The multiple of ``divisor`` nearest to a number of channels, but not far below it.

    Args:
        value: Channels wanted.
        divisor: What the result is a multiple of.
        min_value: The least result; None is ``divisor``.
        min_ratio: The result is at least this share of ``value``.
    """
    nearest = int(value + divisor / 2) // divisor * divisor
    nearest = max(divisor if min_value is None else min_value, nearest)
    return nearest + divisor if nearest < min_ratio * value else nearest


class InvertedResidual(nn.Module):
    """Widen, convolve each channel by itself, narrow again; the input is added where it fits.

    Args:
        in_channels: Channels of the input.
        out_channels: Channels of the output.
        stride: 1 or 2, pixels.
        expand_ratio: How much wider the middle is than the input.
        dilation: Distance of the depthwise convolution's taps, pixels.
        conv_cfg: Convolutions, see :func:`build_conv`.
        norm_cfg: Norm layers; None is batch norm.
        act_cfg: Activation of the first two convolutions; None is ReLU6.
        with_cp: Recompute the block in the backward pass: less memory, more time.

    Shape:
        - maps: (N, in_channels, h, w)
        - returned: (N, out_channels, h', w')

    Raises:
        ConfigError: ``stride`` is neither 1 nor 2.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        stride: int,
        expand_ratio: float,
        dilation: int = 1,
        conv_cfg: dict | None = None,
        norm_cfg: dict | None = None,
        act_cfg: dict | None = None,
        with_cp: bool = False,
    ) -> None:
        super().__init__()
        if stride not in (1, 2):
            raise ConfigError(f'stride of an inverted residual must be 1 or 2, got {stride}')
        norm_cfg = BATCH_NORM if norm_cfg is None else norm_cfg
        act_cfg = RELU6 if act_cfg is None else act_cfg
        self.with_cp = with_cp
        self.adds_input = stride == 1 and in_channels == out_channels
        width = round(in_channels * expand_ratio)
        cfgs = {'conv_cfg': conv_cfg, 'norm_cfg': norm_cfg}
        layers = []
        if expand_ratio != 1:
            layers.append(ConvNormAct(in_channels, width, 1, act_cfg=act_cfg, **cfgs))
        depthwise = ConvNormAct(
            width,
            width,
            3,
            stride=stride,
            padding=dilation,
            dilation=dilation,
            groups=width,
            act_cfg=act_cfg,
            **cfgs,
        )
        # no activation after narrowing: it would lose information (section 3.2 of the paper)
        narrow = ConvNormAct(width, out_channels, 1, act_cfg=None, **cfgs)
        self.conv = nn.Sequential(*layers, depthwise, narrow)

    def forward(self, maps: Tensor) -> Tensor:
        """The block's output."""
        return run_block(self._block, maps, self.with_cp)

    def _block(self, maps: Tensor) -> Tensor:
        return maps + self.conv(maps) if self.adds_input else self.conv(maps)


@MODELS.register_module()
class MobileNetV2(FreezableModule):
    """MobileNetV2 (arXiv:1801.04381) up to its last inverted residual.

    The zoo's D8 is ``strides=(1, 2, 2, 1, 1, 1, 1), dilations=(1, 1, 1, 2, 2, 4, 4)``. As there,
    only the first block of a layer is dilated: the published weights were trained so.

    Args:
        widen_factor: Factor of all channels, rounded to a multiple of 8.
        strides: Step of each of the seven layers, pixels.
        dilations: Dilation of each layer's first block, pixels.
        out_indices: Layers whose maps are returned, counted from 0.
        frozen_stages: The stem and so many layers are not trained; -1 is none, 0 the stem.
        conv_cfg: Convolutions, see :func:`build_conv`.
        norm_cfg: Norm layers; None is batch norm.
        act_cfg: Activations; None is ReLU6.
        norm_eval: Batch norms keep their running statistics in training.
        with_cp: Recompute blocks in the backward pass: less memory, more time.
        pretrained: Path of a weight file, the older form of ``init_cfg``.
        init_cfg: ``dict(type='Pretrained', checkpoint=FILE)`` or other initialisers.
        in_channels: Bands of the image.

    Attributes:
        out_channels: Channels of each returned map.
        out_strides: Pixels of the image per cell of each returned map.

    Raises:
        ConfigError: A list has not one entry per layer, or a layer does not exist.
    """

    def __init__(
        self,
        widen_factor: float = 1.0,
        strides: Sequence[int] = (1, 2, 2, 2, 1, 2, 1),
        dilations: Sequence[int] = (1, 1, 1, 1, 1, 1, 1),
        out_indices: Sequence[int] = (1, 2, 4, 6),
        frozen_stages: int = -1,
        conv_cfg: dict | None = None,
        norm_cfg: dict | None = None,
        act_cfg: dict | None = None,
        norm_eval: bool = False,
        with_cp: bool = False,
        pretrained: str | None = None,
        init_cfg: dict | list[dict] | None = None,
        *,
        in_channels: int = 3,
    ) -> None:
        super().__init__(pretrained_cfg(pretrained, init_cfg))
        _check_options(strides, dilations, out_indices, frozen_stages)
        self.out_indices = tuple(out_indices)
        self.frozen_stages = frozen_stages
        self.norm_eval = norm_eval
        norm_cfg = BATCH_NORM if norm_cfg is None else norm_cfg
        act_cfg = RELU6 if act_cfg is None else act_cfg
        width = make_divisible(_STEM_CHANNELS * widen_factor, _CHANNELS_STEP)
        self.conv1 = ConvNormAct(
            in_channels,
            width,
            3,
            stride=2,
            padding=1,
            conv_cfg=conv_cfg,
            norm_cfg=norm_cfg,
            act_cfg=act_cfg,
        )
        out_stride, channels, out_strides = 2, [], []
        for index, (expand_ratio, wanted, num_blocks) in enumerate(_LAYERS):
            wider = make_divisible(wanted * widen_factor, _CHANNELS_STEP)
            blocks = []
            for block in range(num_blocks):
                stride, dilation = (1, 1) if block else (strides[index], dilations[index])
                blocks.append(
                    InvertedResidual(
                        width,
                        wider,
                        stride,
                        expand_ratio,
                        dilation,
                        conv_cfg,
                        norm_cfg,
                        act_cfg,
                        with_cp,
                    )
                )
                width = wider
            self.add_module(f'layer{index + 1}', nn.Sequential(*blocks))
            out_stride *= strides[index]
            channels.append(width)
            out_strides.append(out_stride)
        self.out_channels = tuple(channels[index] for index in self.out_indices)
        self.out_strides = tuple(out_strides[index] for index in self.out_indices)
        self._freeze()

    def _stem_modules(self) -> list[nn.Module]:
        return [self.conv1]

    def _stages(self) -> list[nn.Module]:
        return [getattr(self, f'layer{index + 1}') for index in range(len(_LAYERS))]

    def forward(self, images: Tensor) -> tuple[Tensor, ...]:
        """Feature maps of the layers in ``out_indices``.

        Args:
            images: (N, in_channels, H, W) float, normalised.

        Returns:
            Maps (N, out_channels[i], H / out_strides[i], W / out_strides[i]), rounded up. A
            tuple also for a single map, where MMSegmentation returns the bare tensor, of which
            its heads would then take an image for a map.
        """
        maps = self.conv1(images)
        returned = {}
        for index, stage in enumerate(self._stages()):
            maps = stage(maps)
            returned[index] = maps
        return tuple(returned[index] for index in self.out_indices)


def _check_options(
    strides: Sequence[int],
    dilations: Sequence[int],
    out_indices: Sequence[int],
    frozen_stages: int,
) -> None:
    count = len(_LAYERS)
    for name, values in (('strides', strides), ('dilations', dilations)):
        if len(values) != count:
            raise ConfigError(
                f'{name} must have one entry for each of the {count} layers, got {tuple(values)}'
            )
    if not out_indices or not all(0 <= index < count for index in out_indices):
        raise ConfigError(
            f'out_indices must be layers from 0 to {count - 1}, got {tuple(out_indices)}'
        )
    if not -1 <= frozen_stages <= count:
        raise ConfigError(f'frozen_stages must be -1 to {count}, got {frozen_stages}')
