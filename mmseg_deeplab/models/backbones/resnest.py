"""ResNeSt: a ResNet whose 3x3 convolutions are split attention."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from mmseg_deeplab.models.backbones.resnest_blocks import SplitAttentionBottleneck
from mmseg_deeplab.models.backbones.resnet import ResNetV1d
from mmseg_deeplab.models.backbones.resnet_blocks import ResidualBlock
from mmseg_deeplab.registry import MODELS


@MODELS.register_module()
class ResNeSt(ResNetV1d):
    """Split-attention network (arXiv:2004.08955) in the frame of a dilated ResNet-D.

    Args:
        groups: Groups of the middle convolutions.
        base_width: Channels per group in the first stage, where ``groups`` is above 1.
        radix: Branches of the middle convolutions.
        reduction_factor: How much narrower the layer before the branches' weights is.
        avg_down_stride: Blocks stride by average pooling instead of by a convolution.
        depth: 50, 101, 152 or 200.
        in_channels: See :class:`ResNet`, as all arguments not named here.
        stem_channels: 64 for depth 50, 128 for the deeper ones of the paper and the zoo.
        base_channels: Width of the first stage.
        num_stages: 1 to 4.
        strides: Step of each stage, pixels.
        dilations: Dilation of each stage, pixels.
        out_indices: Stages whose maps are returned.
        style: ``'pytorch'`` or ``'caffe'``.
        frozen_stages: The stem and so many stages are not trained.
        conv_cfg: Convolutions.
        norm_cfg: Norm layers; None is batch norm.
        norm_eval: Batch norms keep their running statistics in training.
        dcn: Config of the middle convolutions in chosen stages.
        stage_with_dcn: The stages that ``dcn`` is for.
        plugins: Layers inside the blocks.
        multi_grid: Dilations of the last stage's blocks.
        contract_dilation: The first block of a dilated stage takes half the dilation.
        with_cp: Recompute blocks in the backward pass.
        zero_init_residual: Blocks start as the identity. MMSegmentation has this argument for
            ResNeSt too, but there it has no effect; so it is False here unless you ask.
        pretrained: Path of a weight file, the older form of ``init_cfg``.
        init_cfg: Initialisers.

    Raises:
        ConfigError: Unknown depth, or lists of different lengths.
    """

    arch_settings = {
        50: (SplitAttentionBottleneck, (3, 4, 6, 3)),
        101: (SplitAttentionBottleneck, (3, 4, 23, 3)),
        152: (SplitAttentionBottleneck, (3, 8, 36, 3)),
        200: (SplitAttentionBottleneck, (3, 24, 36, 3)),
    }

    def __init__(
        self,
        groups: int = 1,
        base_width: int = 4,
        radix: int = 2,
        reduction_factor: int = 4,
        avg_down_stride: bool = True,
        *,
        depth: int,
        in_channels: int = 3,
        stem_channels: int = 64,
        base_channels: int = 64,
        num_stages: int = 4,
        strides: Sequence[int] = (1, 2, 2, 2),
        dilations: Sequence[int] = (1, 1, 1, 1),
        out_indices: Sequence[int] = (0, 1, 2, 3),
        style: str = 'pytorch',
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
        zero_init_residual: bool = False,
        pretrained: str | None = None,
        init_cfg: dict | list[dict] | None = None,
    ) -> None:
        # plain numbers, which the base's constructor needs for the blocks
        self.groups = groups
        self.base_width = base_width
        self.radix = radix
        self.reduction_factor = reduction_factor
        self.avg_down_stride = avg_down_stride
        super().__init__(
            depth,
            in_channels,
            stem_channels,
            base_channels,
            num_stages,
            strides,
            dilations,
            out_indices,
            style,
            frozen_stages=frozen_stages,
            conv_cfg=conv_cfg,
            norm_cfg=norm_cfg,
            norm_eval=norm_eval,
            dcn=dcn,
            stage_with_dcn=stage_with_dcn,
            plugins=plugins,
            multi_grid=multi_grid,
            contract_dilation=contract_dilation,
            with_cp=with_cp,
            zero_init_residual=zero_init_residual,
            pretrained=pretrained,
            init_cfg=init_cfg,
        )

    def block_factory(self) -> Callable[..., ResidualBlock]:
        """:class:`SplitAttentionBottleneck` with this network's options."""
        return partial(
            self.block,
            groups=self.groups,
            base_width=self.base_width,
            base_channels=self.base_channels,
            radix=self.radix,
            reduction_factor=self.reduction_factor,
            avg_down_stride=self.avg_down_stride,
        )
