"""ResNet with dilated stages: plain, with a deep stem (V1c), with averaged shortcuts (V1d).

Legend of shapes: N batch, C channels, H, W image.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from torch import Tensor, nn

from mmseg_deeplab.models.backbones.freezing import FreezableModule
from mmseg_deeplab.models.backbones.plugins import stage_plugins
from mmseg_deeplab.models.backbones.resnet_blocks import (
    BasicBlock,
    Bottleneck,
    ResidualBlock,
    block_dilations,
    make_stage,
)
from mmseg_deeplab.models.backbones.stem_pool import make_stem_pool
from mmseg_deeplab.models.utils.base_module import pretrained_cfg
from mmseg_deeplab.models.utils.build_layers import (
    BATCH_NORM,
    build_conv,
    build_norm,
    init_conv,
    norm_name,
)
from mmseg_deeplab.registry import MODELS
from mmseg_deeplab.utils.errors import ConfigError, ConfigKeyError


@MODELS.register_module()
class ResNet(FreezableModule):
    """Residual network (arXiv:1512.03385) whose late stages may dilate instead of stride.

    The zoo's D8 is ``strides=(1, 2, 1, 1), dilations=(1, 1, 2, 4)``, D16 is
    ``strides=(1, 2, 2, 1), dilations=(1, 1, 1, 2)``, both with ``contract_dilation=True``.

    Args:
        depth: 18, 34, 50, 101 or 152.
        in_channels: Bands of the image.
        stem_channels: Channels of the stem's output.
        base_channels: Width of the first stage; each later stage doubles it.
        num_stages: 1 to 4.
        strides: Step of each stage, pixels.
        dilations: Dilation of each stage, pixels.
        out_indices: Stages whose maps are returned, counted from 0.
        style: ``'pytorch'`` or ``'caffe'``: which convolution of a bottleneck strides.
        deep_stem: Three 3x3 convolutions instead of one 7x7; None is the class's own.
        avg_down: Shortcuts stride by average pooling; None is the class's own.
        frozen_stages: The stem and so many stages are not trained; -1 is none, 0 the stem.
        conv_cfg: Convolutions, see :func:`build_conv`; None is ``nn.Conv2d``.
        norm_cfg: Norm layers; None is batch norm.
        norm_eval: Batch norms keep their running statistics in training.
        dcn: Config of the 3x3 convolutions of bottlenecks in chosen stages; the class must be
            registered by you, as mmcv's are compiled.
        stage_with_dcn: The stages that ``dcn`` is for, one entry each.
        plugins: Layers inside bottlenecks, see :func:`stage_plugins`.
        multi_grid: Dilations of the last stage's blocks, replacing its dilation.
        contract_dilation: The first block of a dilated stage takes half the dilation.
        with_cp: Recompute blocks in the backward pass: less memory, more time.
        zero_init_residual: Blocks start as the identity; weights from a file override this.
        stem_pool: ``'floor'``, ``'ceil'`` (Caffe) or ``'same'`` (TensorFlow, MindSpore): how the
            pooling behind the stem treats the border, see :func:`make_stem_pool`.
        pretrained: Path of a weight file, the older form of ``init_cfg``.
        init_cfg: ``dict(type='Pretrained', checkpoint=FILE)`` or other initialisers.

    Attributes:
        out_channels: Channels of each returned map.
        out_strides: Pixels of the image per cell of each returned map.

    Raises:
        ConfigError: Unknown depth (then also a ``KeyError``), or lists of different lengths.
    """

    #: depth -> class of the blocks, blocks per stage
    arch_settings: dict[int, tuple[type[ResidualBlock], tuple[int, ...]]] = {
        18: (BasicBlock, (2, 2, 2, 2)),
        34: (BasicBlock, (3, 4, 6, 3)),
        50: (Bottleneck, (3, 4, 6, 3)),
        101: (Bottleneck, (3, 4, 23, 3)),
        152: (Bottleneck, (3, 8, 36, 3)),
    }
    default_deep_stem = False
    default_avg_down = False

    def __init__(
        self,
        depth: int,
        in_channels: int = 3,
        stem_channels: int = 64,
        base_channels: int = 64,
        num_stages: int = 4,
        strides: Sequence[int] = (1, 2, 2, 2),
        dilations: Sequence[int] = (1, 1, 1, 1),
        out_indices: Sequence[int] = (0, 1, 2, 3),
        style: str = 'pytorch',
        deep_stem: bool | None = None,
        avg_down: bool | None = None,
        frozen_stages: int = -1,
        conv_cfg: dict | None = None,
        norm_cfg: dict | None = None,
        norm_eval: bool = False,
        dcn: dict | None = None,
        stage_with_dcn: Sequence[bool] = (False, False, False, False),
        plugins: Sequence[dict] | None = None,
        multi_grid: Sequence[int] | None = None,
        contract_dilation: bool = False,
        with_cp: bool = False,
        zero_init_residual: bool = True,
        stem_pool: str = 'floor',
        pretrained: str | None = None,
        init_cfg: dict | list[dict] | None = None,
    ) -> None:
        super().__init__(pretrained_cfg(pretrained, init_cfg))
        if depth not in self.arch_settings:
            raise ConfigKeyError(f'depth must be one of {sorted(self.arch_settings)}, got {depth}')
        _check_options(num_stages, strides, dilations, out_indices, style, frozen_stages)
        if dcn is not None and len(stage_with_dcn) != num_stages:
            raise ConfigError(
                f'stage_with_dcn must have one entry for each of the {num_stages} stages, got '
                f'{tuple(stage_with_dcn)}'
            )
        self.depth = depth
        self.in_channels = in_channels
        self.base_channels = base_channels
        self.out_indices = tuple(out_indices)
        self.frozen_stages = frozen_stages
        self.norm_eval = norm_eval
        self.deep_stem = self.default_deep_stem if deep_stem is None else deep_stem
        self.conv_cfg = conv_cfg
        self.norm_cfg = BATCH_NORM if norm_cfg is None else norm_cfg
        self._build_stem(stem_channels)
        self.maxpool = make_stem_pool(stem_pool)

        self.block, num_blocks = self.arch_settings[depth]
        width, stride = stem_channels, 4
        channels, out_strides = [], []
        for index in range(num_stages):
            planes = base_channels * 2**index
            make_block = partial(
                self.block_factory(),
                style=style,
                with_cp=with_cp,
                conv_cfg=conv_cfg,
                norm_cfg=self.norm_cfg,
                dcn=dcn if dcn is not None and stage_with_dcn[index] else None,
                plugins=stage_plugins(plugins, index, num_stages),
            )
            stage = make_stage(
                make_block,
                width,
                planes,
                planes * self.block.expansion,
                dilations=block_dilations(
                    num_blocks[index],
                    dilations[index],
                    contract=contract_dilation,
                    multi_grid=multi_grid if index == num_stages - 1 else None,
                ),
                stride=strides[index],
                avg_down=self.default_avg_down if avg_down is None else avg_down,
                conv_cfg=conv_cfg,
                norm_cfg=self.norm_cfg,
            )
            self.add_module(f'layer{index + 1}', stage)
            width, stride = planes * self.block.expansion, stride * strides[index]
            channels.append(width)
            out_strides.append(stride)
        self.num_stages = num_stages
        self.out_channels = tuple(channels[index] for index in self.out_indices)
        self.out_strides = tuple(out_strides[index] for index in self.out_indices)
        self._reset_parameters(zero_init_residual)
        self._freeze()

    def block_factory(self) -> Callable[..., ResidualBlock]:
        """What makes a block; subclasses may bind further options of their blocks."""
        return self.block

    def _build_stem(self, channels: int) -> None:
        if self.deep_stem:
            half = channels // 2
            layers: list[nn.Module] = []
            widths = [(self.in_channels, half, 2), (half, half, 1), (half, channels, 1)]
            for before, after, stride in widths:
                conv = build_conv(
                    self.conv_cfg, before, after, 3, stride=stride, padding=1, bias=False
                )
                layers += [conv, build_norm(self.norm_cfg, after), nn.ReLU(inplace=True)]
            self.stem = nn.Sequential(*layers)
        else:
            self.conv1 = build_conv(
                self.conv_cfg, self.in_channels, channels, 7, stride=2, padding=3, bias=False
            )
            norm = build_norm(self.norm_cfg, channels)
            self._stem_norm = f'{norm_name(norm)}1'
            self.add_module(self._stem_norm, norm)
            self.relu = nn.ReLU(inplace=True)

    def _reset_parameters(self, zero_init_residual: bool) -> None:
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                init_conv(module)
            elif zero_init_residual and isinstance(module, ResidualBlock):
                weight = getattr(module.last_norm, 'weight', None)
                if weight is not None:
                    nn.init.zeros_(weight)

    def _stem_modules(self) -> list[nn.Module]:
        return [self.stem] if self.deep_stem else [self.conv1, getattr(self, self._stem_norm)]

    def _stages(self) -> list[nn.Module]:
        return [getattr(self, f'layer{index + 1}') for index in range(self.num_stages)]

    def forward(self, images: Tensor) -> tuple[Tensor, ...]:
        """Feature maps of the stages in ``out_indices``.

        Args:
            images: (N, in_channels, H, W) float, normalised.

        Returns:
            Maps (N, out_channels[i], H / out_strides[i], W / out_strides[i]), rounded up.
        """
        if self.deep_stem:
            maps = self.stem(images)
        else:
            maps = self.relu(getattr(self, self._stem_norm)(self.conv1(images)))
        maps = self.maxpool(maps)  # (N, stem_channels, H/4, W/4)
        returned = {}
        for index, stage in enumerate(self._stages()):
            maps = stage(maps)
            returned[index] = maps
        return tuple(returned[index] for index in self.out_indices)


@MODELS.register_module()
class ResNetV1c(ResNet):
    """:class:`ResNet` with a stem of three 3x3 convolutions (arXiv:1812.01187, ResNet-C)."""

    default_deep_stem = True


@MODELS.register_module()
class ResNetV1d(ResNetV1c):
    """:class:`ResNetV1c` whose shortcuts average before they stride (same paper, ResNet-D)."""

    default_avg_down = True


def _check_options(
    num_stages: int,
    strides: Sequence[int],
    dilations: Sequence[int],
    out_indices: Sequence[int],
    style: str,
    frozen_stages: int,
) -> None:
    if not 1 <= num_stages <= 4:
        raise ConfigError(f'num_stages must be 1 to 4, got {num_stages}')
    for name, values in (('strides', strides), ('dilations', dilations)):
        if len(values) != num_stages:
            raise ConfigError(
                f'{name} must have one entry for each of the {num_stages} stages, got '
                f'{tuple(values)}'
            )
    if not out_indices or not all(0 <= index < num_stages for index in out_indices):
        raise ConfigError(
            f'out_indices must be stages from 0 to {num_stages - 1}, got {tuple(out_indices)}'
        )
    if style not in ('pytorch', 'caffe'):
        raise ConfigError(f"style must be 'pytorch' or 'caffe', got {style!r}")
    if not -1 <= frozen_stages <= num_stages:
        raise ConfigError(f'frozen_stages must be -1 to {num_stages}, got {frozen_stages}')
