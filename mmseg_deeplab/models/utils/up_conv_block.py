"""A decoder stage of a UNet.

Legend of shapes: N batch, C channels, h, w feature map.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn

from mmseg_deeplab.models.utils.build_layers import BATCH_NORM, RELU
from mmseg_deeplab.models.utils.layers import ConvNormAct
from mmseg_deeplab.registry import MODELS
from mmseg_deeplab.utils.errors import ConfigError

INTERP_CONV = {'type': 'InterpConv'}


class UpConvBlock(nn.Module):
    """One decoder stage: bring the coarse map to the skipped one's size and join the two.

    Args:
        conv_block: Class of what follows the joining, such as :class:`BasicConvBlock`.
        in_channels: Channels of the coarse map.
        skip_channels: Channels of the skipped map.
        out_channels: Channels of the output.
        num_convs: Convolutions after joining.
        stride: Step of the first of these, pixels.
        dilation: Of all of these but the first, pixels.
        with_cp: Recompute in the backward pass.
        conv_cfg: Convolutions.
        norm_cfg: Norm layers.
        act_cfg: Activations.
        upsample_cfg: Config of what doubles a map; None where both maps have one size.
        dcn: Must be None.
        plugins: Must be None.

    Raises:
        ConfigError: ``dcn`` or ``plugins`` is given.
    """

    def __init__(
        self,
        conv_block: Callable[..., nn.Module],
        in_channels: int,
        skip_channels: int,
        out_channels: int,
        num_convs: int = 2,
        stride: int = 1,
        dilation: int = 1,
        with_cp: bool = False,
        conv_cfg: dict | None = None,
        norm_cfg: dict = BATCH_NORM,
        act_cfg: dict = RELU,
        upsample_cfg: dict | None = INTERP_CONV,
        dcn: dict | None = None,
        plugins: Sequence[dict] | None = None,
    ) -> None:
        super().__init__()
        if dcn is not None or plugins is not None:
            raise ConfigError('dcn and plugins of UpConvBlock must be None, which has no place')
        cfgs = {'conv_cfg': conv_cfg, 'norm_cfg': norm_cfg, 'act_cfg': act_cfg}
        self.conv_block = conv_block(
            in_channels=2 * skip_channels,
            out_channels=out_channels,
            num_convs=num_convs,
            stride=stride,
            dilation=dilation,
            with_cp=with_cp,
            **cfgs,
        )
        if upsample_cfg is not None:
            cfg = {
                **INTERP_CONV,
                **upsample_cfg,
                'in_channels': in_channels,
                'out_channels': skip_channels,
                'with_cp': with_cp,
                'norm_cfg': norm_cfg,
                'act_cfg': act_cfg,
            }
            self.upsample = MODELS.build(cfg)
        else:
            self.upsample = ConvNormAct(in_channels, skip_channels, 1, **cfgs)

    def forward(self, skip: Tensor, maps: Tensor) -> Tensor:
        """Joined map.

        Args:
            skip: (N, skip_channels, 2h, 2w), or (N, skip_channels, h, w) if it does not double
                the other.
            maps: (N, in_channels, h, w).

        Returns:
            (N, out_channels, ...) of the size of ``skip``, divided by ``stride``.
        """
        return self.conv_block(torch.cat([skip, self.upsample(maps)], dim=1))
