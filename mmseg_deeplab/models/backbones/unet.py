"""UNet: an encoder that halves the map and a decoder that doubles it, joined at every size.

Legend of shapes: N batch, C channels, H, W image, h, w feature map.
"""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn

from mmseg_deeplab.models.backbones.freezing import FreezableModule
from mmseg_deeplab.models.backbones.unet_blocks import BasicConvBlock
from mmseg_deeplab.models.utils.base_module import pretrained_cfg
from mmseg_deeplab.models.utils.build_layers import BATCH_NORM, RELU
from mmseg_deeplab.models.utils.up_conv_block import INTERP_CONV, UpConvBlock
from mmseg_deeplab.registry import MODELS
from mmseg_deeplab.utils.errors import ConfigError, DataError


@MODELS.register_module()
class UNet(FreezableModule):
    """U-Net (arXiv:1505.04597); the zoo's S5-D16 has the default arguments.

    Args:
        in_channels: Bands of the image.
        base_channels: Width of the first stage; each later stage doubles it.
        num_stages: Stages of the encoder.
        strides: Step of each encoder stage's first convolution, 1 or 2 pixels.
        enc_num_convs: Convolutions of each encoder stage.
        dec_num_convs: Convolutions of each decoder stage, one stage fewer than the encoder's.
        downsamples: Whether each encoder stage but the first begins by max-pooling; has no
            effect where its stride is 2.
        enc_dilations: Dilation of each encoder stage but for its first convolution, pixels.
        dec_dilations: The same for the decoder.
        with_cp: Recompute blocks in the backward pass: less memory, more time.
        conv_cfg: Convolutions, see :func:`build_conv`.
        norm_cfg: Norm layers; None is batch norm.
        act_cfg: Activations; None is ReLU.
        upsample_cfg: What doubles a map, ``InterpConv`` (None) or ``DeconvModule`` with its
            arguments, or a registered class that takes ``in_channels, out_channels, with_cp,
            norm_cfg, act_cfg``.
        norm_eval: Batch norms keep their running statistics in training.
        dcn: Must be None, as in MMSegmentation.
        plugins: Must be None, as in MMSegmentation.
        pretrained: Path of a weight file, the older form of ``init_cfg``.
        init_cfg: ``dict(type='Pretrained', checkpoint=FILE)`` or other initialisers.

    Attributes:
        out_channels: Channels of each returned map.
        out_strides: Pixels of the image per cell of each returned map.

    Raises:
        ConfigError: Lists of the wrong length, or ``dcn`` or ``plugins``.
    """

    def __init__(
        self,
        in_channels: int = 3,
        base_channels: int = 64,
        num_stages: int = 5,
        strides: Sequence[int] = (1, 1, 1, 1, 1),
        enc_num_convs: Sequence[int] = (2, 2, 2, 2, 2),
        dec_num_convs: Sequence[int] = (2, 2, 2, 2),
        downsamples: Sequence[bool] = (True, True, True, True),
        enc_dilations: Sequence[int] = (1, 1, 1, 1, 1),
        dec_dilations: Sequence[int] = (1, 1, 1, 1),
        with_cp: bool = False,
        conv_cfg: dict | None = None,
        norm_cfg: dict | None = None,
        act_cfg: dict | None = None,
        upsample_cfg: dict | None = None,
        norm_eval: bool = False,
        dcn: dict | None = None,
        plugins: Sequence[dict] | None = None,
        pretrained: str | None = None,
        init_cfg: dict | list[dict] | None = None,
    ) -> None:
        super().__init__(pretrained_cfg(pretrained, init_cfg))
        if dcn is not None or plugins is not None:
            raise ConfigError('dcn and plugins must be None for UNet, which has no place for them')
        _check_lengths(num_stages, strides=strides, enc_num_convs=enc_num_convs)
        _check_lengths(num_stages, enc_dilations=enc_dilations)
        _check_lengths(num_stages - 1, dec_num_convs=dec_num_convs, downsamples=downsamples)
        _check_lengths(num_stages - 1, dec_dilations=dec_dilations)
        self.norm_eval = norm_eval
        norm_cfg = BATCH_NORM if norm_cfg is None else norm_cfg
        act_cfg = RELU if act_cfg is None else act_cfg
        widths = [base_channels * 2**index for index in range(num_stages)]
        halves = [strides[i] == 2 or bool(downsamples[i - 1]) for i in range(1, num_stages)]
        self.encoder, self.decoder = nn.ModuleList(), nn.ModuleList()
        for index, width in enumerate(widths):
            block = BasicConvBlock(
                widths[index - 1] if index else in_channels,
                width,
                enc_num_convs[index],
                strides[index],
                enc_dilations[index],
                with_cp,
                conv_cfg,
                norm_cfg,
                act_cfg,
            )
            pools = index > 0 and strides[index] == 1 and downsamples[index - 1]
            layers = [nn.MaxPool2d(2), block] if pools else [block]
            self.encoder.append(nn.Sequential(*layers))
        for index in range(num_stages - 1):
            up = UpConvBlock(
                BasicConvBlock,
                widths[index + 1],
                widths[index],
                widths[index],
                num_convs=dec_num_convs[index],
                dilation=dec_dilations[index],
                with_cp=with_cp,
                conv_cfg=conv_cfg,
                norm_cfg=norm_cfg,
                act_cfg=act_cfg,
                upsample_cfg=(upsample_cfg or INTERP_CONV) if halves[index] else None,
            )
            self.decoder.append(up)
        self._set_outputs(widths, strides[0], halves)

    def _set_outputs(self, widths: list[int], first_stride: int, halves: list[bool]) -> None:
        strides = [first_stride]
        for half in halves:
            strides.append(strides[-1] * (2 if half else 1))
        self.downsample_rate = strides[-1] // first_stride
        self.out_channels = tuple(reversed(widths))
        self.out_strides = tuple(reversed(strides))

    def forward(self, images: Tensor) -> tuple[Tensor, ...]:
        """Maps of the decoder, the coarsest (the encoder's last) first.

        Args:
            images: (N, in_channels, H, W) float, normalised.

        Returns:
            Maps (N, out_channels[i], H / out_strides[i], W / out_strides[i]).

        Raises:
            DataError: Height or width is not a multiple of the encoder's total step.
        """
        height, width = images.shape[-2:]
        rate = self.downsample_rate
        if height % rate or width % rate:
            raise DataError(
                f'height and width of images for this UNet must be multiples of {rate}, got '
                f'{height} x {width}; pad them: data_preprocessor=dict(size_divisor={rate}, '
                f'test_cfg=dict(size_divisor={rate})), or use slide inference with a crop_size '
                'that is a multiple'
            )
        maps, skipped = images, []
        for stage in self.encoder:
            maps = stage(maps)
            skipped.append(maps)
        returned = [maps]
        for stage, skip in zip(reversed(self.decoder), reversed(skipped[:-1]), strict=True):
            maps = stage(skip, maps)
            returned.append(maps)
        return tuple(returned)


def _check_lengths(wanted: int, **lists: Sequence) -> None:
    for name, values in lists.items():
        if len(values) != wanted:
            raise ConfigError(
                f'{name} must have {wanted} entries for this number of stages, got {tuple(values)}'
            )
