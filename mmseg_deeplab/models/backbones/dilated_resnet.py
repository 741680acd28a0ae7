"""ResNet whose output stride is one setting: strides and dilations follow from it."""

from __future__ import annotations

from collections.abc import Sequence

from mmseg_deeplab.models.backbones.resnet import ResNet
from mmseg_deeplab.registry import MODELS
from mmseg_deeplab.utils.errors import ConfigError

# output stride -> stride of each stage; dilation of each stage
_LAYOUTS = {8: ((1, 2, 1, 1), (1, 1, 2, 4)), 16: ((1, 2, 2, 1), (1, 1, 1, 2))}


@MODELS.register_module()
class DilatedResNet(ResNet):
    """:class:`ResNet` as DeepLabV3 uses it (arXiv:1706.05587, section 3), by output stride.

    The weights are the same at every output stride, so a network may be trained at 16 and tested
    at 8.

    Args:
        depth: 50, 101 or 152.
        output_stride: 8 or 16: pixels of the image per cell of the last map.
        multi_grid: Multipliers of the last stage's dilation, one for each of its blocks: with
            (1, 2, 4) they are 2, 4, 8 at output stride 16 and 4, 8, 16 at 8.
        stem_pool: How the stem's pooling treats the border, see :func:`make_stem_pool`.
        in_channels: Bands of the image.
        stem_channels: Channels of the stem's output.
        base_channels: Width of the first stage; each later stage doubles it.
        out_indices: Stages whose maps are returned, counted from 0.
        frozen_stages: The stem and so many stages are not trained; -1 is none.
        norm_cfg: Norm layers; None is batch norm.
        norm_eval: Batch norms keep their running statistics in training.
        with_cp: Recompute blocks in the backward pass: less memory, more time.
        pretrained: Path or name of a weight file.
        init_cfg: Initialisers.

    Raises:
        ConfigError: An output stride that is not known, or as :class:`ResNet`.
    """

    def __init__(
        self,
        depth: int,
        output_stride: int = 16,
        *,
        multi_grid: Sequence[int] = (1, 2, 4),
        stem_pool: str = 'floor',
        in_channels: int = 3,
        stem_channels: int = 64,
        base_channels: int = 64,
        out_indices: Sequence[int] = (0, 1, 2, 3),
        frozen_stages: int = -1,
        norm_cfg: dict | None = None,
        norm_eval: bool = False,
        with_cp: bool = False,
        pretrained: str | None = None,
        init_cfg: dict | list[dict] | None = None,
    ) -> None:
        if output_stride not in _LAYOUTS:
            known = ' or '.join(str(stride) for stride in _LAYOUTS)
            raise ConfigError(f'output_stride must be {known}, got {output_stride!r}')
        strides, dilations = _LAYOUTS[output_stride]
        super().__init__(
            depth,
            in_channels=in_channels,
            stem_channels=stem_channels,
            base_channels=base_channels,
            strides=strides,
            dilations=dilations,
            multi_grid=[dilations[-1] * step for step in multi_grid],
            out_indices=out_indices,
            stem_pool=stem_pool,
            frozen_stages=frozen_stages,
            norm_cfg=norm_cfg,
            norm_eval=norm_eval,
            with_cp=with_cp,
            pretrained=pretrained,
            init_cfg=init_cfg,
        )
        self.output_stride = output_stride
