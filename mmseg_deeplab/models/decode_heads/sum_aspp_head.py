"""DeepLab v2's head: classifiers of several dilations whose logits are summed.

Legend of shapes: N batch, C channels, h, w feature map, K classes.
"""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn

from mmseg_deeplab.models.decode_heads.decode_head import BaseDecodeHead
from mmseg_deeplab.registry import MODELS
from mmseg_deeplab.utils.errors import ConfigError


class SummedConvs(nn.ModuleList):
    """Dilated 3x3 convolutions with bias, side by side, their results added.

    Args:
        in_channels: Channels of the input.
        out_channels: Channels of the sum.
        dilations: Of each convolution, pixels.

    Shape:
        - maps: (N, in_channels, h, w)
        - returned: (N, out_channels, h, w)
    """

    def __init__(self, in_channels: int, out_channels: int, dilations: Sequence[int]) -> None:
        super().__init__(
            nn.Conv2d(in_channels, out_channels, 3, padding=dilation, dilation=dilation)
            for dilation in dilations
        )
        for conv in self:
            nn.init.normal_(conv.weight, std=0.01)
            nn.init.zeros_(conv.bias)

    def forward(self, maps: Tensor) -> Tensor:
        """The sum."""
        first, *others = self
        return sum((conv(maps) for conv in others), start=first(maps))


@MODELS.register_module()
class SumASPPHead(BaseDecodeHead):
    """Atrous spatial pyramid pooling as DeepLab v2 has it (arXiv:1606.00915, section 3.2).

    The branches are classifiers: their logits are summed, there is no norm and no pooling. The
    state dict names them ``conv_seg.0``, ``conv_seg.1``, ...

    Args:
        in_channels: See :class:`BaseDecodeHead`, as all arguments not named here.
        num_classes: K.
        dilations: One 3x3 convolution each, pixels of the map: (6, 12, 18, 24) is the paper's
            ASPP-L, (2, 4, 8, 12) its ASPP-S.
        out_channels: Channels of the logits.
        threshold: For one channel.
        dropout_ratio: 0..1.
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

    def __init__(
        self,
        in_channels: int | Sequence[int],
        *,
        num_classes: int,
        dilations: Sequence[int] = (6, 12, 18, 24),
        out_channels: int | None = None,
        threshold: float | None = None,
        dropout_ratio: float = 0.0,
        in_index: int | Sequence[int] = -1,
        input_transform: str | None = None,
        loss_decode: dict | Sequence[dict] | None = None,
        ignore_index: int = 255,
        sampler: dict | None = None,
        align_corners: bool = False,
        init_cfg: dict | list[dict] | None = None,
    ) -> None:
        channels = sum(in_channels) if isinstance(in_channels, (list, tuple)) else in_channels
        super().__init__(
            in_channels,
            channels,
            num_classes=num_classes,
            out_channels=out_channels,
            threshold=threshold,
            dropout_ratio=dropout_ratio,
            in_index=in_index,
            input_transform=input_transform,
            loss_decode=loss_decode,
            ignore_index=ignore_index,
            sampler=sampler,
            align_corners=align_corners,
            init_cfg=init_cfg,
        )
        if not dilations or min(dilations) < 1:
            raise ConfigError(f'dilations must be numbers from 1 upwards, got {dilations}')
        if input_transform == 'multiple_select':
            raise ConfigError(
                f"input_transform must be None or 'resize_concat', got {input_transform!r}"
            )
        self.dilations = tuple(dilations)
        self.conv_seg = SummedConvs(channels, self.out_channels, self.dilations)

    def forward(self, features: Sequence[Tensor]) -> Tensor:
        """Logits (N, out_channels, h, w) of the backbone's maps."""
        return self.cls_seg(self._transform_inputs(features))
