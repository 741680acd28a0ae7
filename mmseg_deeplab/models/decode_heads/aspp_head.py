"""DeepLabV3's head: atrous spatial pyramid pooling.

Legend of shapes: N batch, C channels, h, w feature map, K classes.
"""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from mmseg_deeplab.models.decode_heads.decode_head import BaseDecodeHead
from mmseg_deeplab.models.utils.layers import ConvNormAct, GlobalMeanPool
from mmseg_deeplab.registry import MODELS
from mmseg_deeplab.utils.errors import ConfigError, TrainingError


class ASPPModule(nn.ModuleList):
    """Branches of several dilations, side by side.

    Args:
        dilations: One branch each, pixels: 1 is a 1x1 convolution, more a dilated 3x3 one.
        in_channels: Channels of the input.
        channels: Channels of each branch's result.
        conv_cfg: Convolutions.
        norm_cfg: Norm layers.
        act_cfg: Activations.
    """

    def __init__(
        self,
        dilations: Sequence[int],
        in_channels: int,
        channels: int,
        conv_cfg: dict | None,
        norm_cfg: dict | None,
        act_cfg: dict | None,
    ) -> None:
        super().__init__()
        self.dilations = dilations
        self.in_channels = in_channels
        self.channels = channels
        self.conv_cfg = conv_cfg
        self.norm_cfg = norm_cfg
        self.act_cfg = act_cfg
        self.extend(self._make_branch(dilation) for dilation in dilations)

    def _make_branch(self, dilation: int) -> nn.Module:
        kernel_size = 1 if dilation == 1 else 3
        return ConvNormAct(
            self.in_channels,
            self.channels,
            kernel_size,
            padding=kernel_size // 2 * dilation,
            dilation=dilation,
            conv_cfg=self.conv_cfg,
            norm_cfg=self.norm_cfg,
            act_cfg=self.act_cfg,
        )

    def forward(self, maps: Tensor) -> list[Tensor]:
        """(N, channels, h, w) of each branch.

        Args:
            maps: (N, in_channels, h, w).
        """
        return [branch(maps) for branch in self]


@MODELS.register_module()
class ASPPHead(BaseDecodeHead):
    """Convolutions of several dilations and the image's mean, side by side (arXiv:1706.05587).

    Args:
        in_channels: See :class:`BaseDecodeHead`, as all arguments not named here.
        channels: Width of each branch and of the result.
        num_classes: K.
        dilations: One branch each, pixels of the map: 1 is a 1x1 convolution, more a dilated
            3x3 one. The zoo's D8 takes (1, 12, 24, 36), D16 (1, 6, 12, 18).
        out_channels: Channels of the logits.
        threshold: For one channel.
        dropout_ratio: 0..1.
        conv_cfg: Convolutions.
        norm_cfg: Norm layers.
        act_cfg: Activations.
        in_index: Which map.
        input_transform: None or ``'resize_concat'``.
        loss_decode: Loss or losses.
        ignore_index: Label that costs nothing.
        sampler: Pixel sampler.
        align_corners: How maps are resized.
        init_cfg: Initialisers.

    Raises:
        ConfigError: Arguments that do not fit each other.
    """

    _branches = ASPPModule  # subclasses may have other convolutions

    def __init__(
        self,
        in_channels: int | Sequence[int],
        channels: int,
        *,
        num_classes: int,
        dilations: Sequence[int] = (1, 6, 12, 18),
        out_channels: int | None = None,
        threshold: float | None = None,
        dropout_ratio: float = 0.1,
        conv_cfg: dict | None = None,
        norm_cfg: dict | None = None,
        act_cfg: dict | None = None,
        in_index: int | Sequence[int] = -1,
        input_transform: str | None = None,
        loss_decode: dict | Sequence[dict] | None = None,
        ignore_index: int = 255,
        sampler: dict | None = None,
        align_corners: bool = False,
        init_cfg: dict | list[dict] | None = None,
    ) -> None:
        super().__init__(
            in_channels,
            channels,
            num_classes=num_classes,
            out_channels=out_channels,
            threshold=threshold,
            dropout_ratio=dropout_ratio,
            conv_cfg=conv_cfg,
            norm_cfg=norm_cfg,
            act_cfg=act_cfg,
            in_index=in_index,
            input_transform=input_transform,
            loss_decode=loss_decode,
            ignore_index=ignore_index,
            sampler=sampler,
            align_corners=align_corners,
            init_cfg=init_cfg,
        )
        numbers = isinstance(dilations, (list, tuple)) and all(
            isinstance(d, int) for d in dilations
        )
        if not numbers or not dilations or min(dilations) < 1:
            raise ConfigError(f'dilations must be numbers from 1 upwards, got {dilations!r}')
        if input_transform == 'multiple_select':
            raise ConfigError(
                f"input_transform of {type(self).__name__} must be None or 'resize_concat', got "
                f'{input_transform!r}'
            )
        self.dilations = tuple(dilations)
        self.image_pool = nn.Sequential(
            GlobalMeanPool(), self._conv(self.in_channels, kernel_size=1)
        )
        self.aspp_modules = self._branches(
            self.dilations, self.in_channels, channels, conv_cfg, self.norm_cfg, self.act_cfg
        )
        joined = (len(self.dilations) + 1) * channels
        self.bottleneck = self._conv(joined, kernel_size=3)

    def _conv(self, in_channels: int, *, kernel_size: int) -> ConvNormAct:
        return ConvNormAct(
            in_channels,
            self.channels,
            kernel_size,
            padding=kernel_size // 2,
            conv_cfg=self.conv_cfg,
            norm_cfg=self.norm_cfg,
            act_cfg=self.act_cfg,
        )

    def _forward_feature(self, features: Sequence[Tensor]) -> Tensor:
        return self.encode_context(self._transform_inputs(features))

    def encode_context(self, maps: Tensor) -> Tensor:
        """What surrounds each cell, near and far: (N, in_channels, h, w) -> (N, channels, h, w)."""
        check_pooled_batch(self, self.image_pool[1].norm, maps)
        # a 1x1 map resized bilinearly is itself everywhere, whatever align_corners says
        image_mean = self.image_pool(maps)  # (N, channels, 1, 1)
        return self.bottleneck(*self.aspp_modules(maps), constant=image_mean)

    def forward(self, features: Sequence[Tensor]) -> Tensor:
        """Logits (N, out_channels, h, w) of the backbone's maps."""
        return self.cls_seg(self._forward_feature(features))


def check_pooled_batch(head: nn.Module, norm: nn.Module | None, maps: Tensor) -> None:
    """Refuse to train batch norm on one pooled value per channel.

    Args:
        head: In training or not.
        norm: The pooling branch's norm.
        maps: (N, C, h, w), to be pooled.

    Raises:
        TrainingError: N is 1, and the norm would need several values.
    """
    if not (head.training and maps.shape[0] == 1 and isinstance(norm, _BatchNorm)):
        return
    if norm.training and not isinstance(norm, nn.SyncBatchNorm):
        raise TrainingError(
            'batch size per process must be 2 or more to train image pooling with batch '
            'norm, got 1 (one value per channel has no variance); raise '
            "train_dataloader.batch_size, or use norm_cfg=dict(type='GN', num_groups=...), "
            'or SyncBN over several processes'
        )
