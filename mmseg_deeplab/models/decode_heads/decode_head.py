"""What every head shares: choose maps, classify pixels, sum losses.

Legend of shapes: N batch, C channels, H, W image, h, w feature map, K classes.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from mmseg_deeplab.models.losses import accuracy
from mmseg_deeplab.models.losses.build import build_losses
from mmseg_deeplab.models.utils.base_module import SegModule
from mmseg_deeplab.models.utils.build_layers import RELU
from mmseg_deeplab.models.utils.labels import hard_target, stack_labels
from mmseg_deeplab.models.utils.resize import resize
from mmseg_deeplab.structures import SampleList, build_pixel_sampler
from mmseg_deeplab.utils.errors import ConfigError
from mmseg_deeplab.utils.precision import at_least_float32

DEFAULT_THRESHOLD = 0.3
_TRANSFORMS = (None, 'resize_concat', 'multiple_select')


class BaseDecodeHead(SegModule):
    """Base of heads; a subclass builds its layers and writes ``forward``.

    Args:
        in_channels: Channels of the map at ``in_index``; a list with ``input_transform``.
        channels: Channels before the classifier.
        num_classes: K, classes of the data set.
        out_channels: Channels of the logits: ``num_classes`` (None), or 1 for a two-class
            problem as one sigmoid map, trained with ``CrossEntropyLoss(use_sigmoid=True)``.
        threshold: With one channel, probability above which a pixel is class 1; None is 0.3.
        dropout_ratio: Share of channels dropped before the classifier, 0..1.
        conv_cfg: Convolutions, see :func:`build_conv`; None is ``nn.Conv2d``.
        norm_cfg: Norm layers; None is none.
        act_cfg: Activations, see :func:`build_activation`; None is ReLU.
        in_index: Which of the backbone's maps, a list with ``input_transform``.
        input_transform: None: one map; ``'resize_concat'``: maps resized to the first of them
            and concatenated; ``'multiple_select'``: a list of maps.
        loss_decode: A loss or a list of losses; None is cross entropy (of a sigmoid for one
            channel). Losses of one name are summed.
        ignore_index: Label that costs nothing.
        sampler: ``dict(type='OHEMPixelSampler', ...)`` to train on hard pixels.
        align_corners: How maps are resized; see :func:`~mmseg_deeplab.models.utils.resize`.
        init_cfg: Initialisers; without, the classifier starts from a normal distribution of
            deviation 0.01.

    Raises:
        ConfigError: Arguments that do not fit each other.
    """

    def __init__(
        self,
        in_channels: int | Sequence[int],
        channels: int,
        *,
        num_classes: int,
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
        super().__init__(init_cfg)
        self._init_inputs(in_channels, in_index, input_transform)
        self.channels = channels
        self.num_classes = num_classes
        self.out_channels = _checked_out_channels(out_channels, num_classes)
        if threshold is None and self.out_channels == 1:
            threshold = DEFAULT_THRESHOLD
        self.threshold = threshold
        self.dropout_ratio = dropout_ratio
        self.conv_cfg = conv_cfg
        self.norm_cfg = norm_cfg
        self.act_cfg = RELU if act_cfg is None else act_cfg
        self.ignore_index = ignore_index
        self.align_corners = align_corners
        self.loss_decode = build_losses(loss_decode, self.out_channels)
        self.sampler = None if sampler is None else build_pixel_sampler(sampler, context=self)
        self.conv_seg = nn.Conv2d(channels, self.out_channels, 1)
        nn.init.normal_(self.conv_seg.weight, std=0.01)
        nn.init.zeros_(self.conv_seg.bias)
        self.dropout = nn.Dropout2d(dropout_ratio) if dropout_ratio > 0 else None

    def _init_inputs(
        self,
        in_channels: int | Sequence[int],
        in_index: int | Sequence[int],
        input_transform: str | None,
    ) -> None:
        if input_transform not in _TRANSFORMS:
            raise ConfigError(
                f'input_transform must be one of {_TRANSFORMS}, got {input_transform}'
            )
        several = input_transform is not None
        for name, value in (('in_channels', in_channels), ('in_index', in_index)):
            if several != isinstance(value, (list, tuple)):
                rule = 'a list' if several else 'one number'
                raise ConfigError(
                    f'{name} must be {rule} with input_transform={input_transform!r}, got {value}'
                )
        if several and len(in_channels) != len(in_index):
            raise ConfigError(
                f'in_channels and in_index must be of one length, got {in_channels}, {in_index}'
            )
        self.input_transform = input_transform
        self.in_index = in_index
        self.in_channels = sum(in_channels) if input_transform == 'resize_concat' else in_channels
        #: channels that the head expects of each of the backbone's maps that it uses
        pairs = zip(in_index, in_channels, strict=True) if several else [(in_index, in_channels)]
        self.input_channels: dict[int, int] = dict(pairs)

    def _transform_inputs(self, features: Sequence[Tensor]) -> Tensor | list[Tensor]:
        """The map (N, in_channels, h, w), or list of maps, that the head works on.

        Args:
            features: All maps of the backbone.
        """
        if self.input_transform is None:
            return features[self.in_index]
        maps = [features[index] for index in self.in_index]
        if self.input_transform == 'multiple_select':
            return maps
        size = maps[0].shape[2:]
        return torch.cat([self._resize(m, size) for m in maps], dim=1)

    def _resize(self, maps: Tensor, size: Sequence[int]) -> Tensor:
        return resize(maps, size, mode='bilinear', align_corners=self.align_corners)

    def resize_logits(self, logits: Tensor, size: Sequence[int]) -> Tensor:
        """Logits (N, out_channels, h, w) at the size of the image or of its labels.

        Args:
            logits: As ``forward`` returns them.
            size: Height and width, pixels.
        """
        return self._resize(logits, size)

    def cls_seg(self, maps: Tensor) -> Tensor:
        """Classify each cell: (N, channels, h, w) -> logits (N, out_channels, h, w)."""
        if self.dropout is not None:
            maps = self.dropout(maps)
        return self.conv_seg(maps)

    def forward(self, features: Sequence[Tensor]) -> Tensor:
        """Logits of the backbone's maps.

        Args:
            features: Maps (N, C_i, h_i, w_i), one per output stage.

        Returns:
            (N, out_channels, h, w), at the head's own stride.
        """
        raise NotImplementedError

    @property
    def num_labels(self) -> int:
        """Labels run from 0 to this minus one; one channel is a question of 0 or 1."""
        return max(self.num_classes, 2) if self.out_channels == 1 else self.num_classes

    def classify(self, logits: Tensor) -> Tensor:
        """Class ids of logits: (N, out_channels, H, W) -> (N, H, W) int64."""
        if self.out_channels == 1:
            return (logits[:, 0].sigmoid() > self.threshold).long()
        return logits.max(dim=1).indices  # several times faster than argmax on a CPU

    def loss(
        self,
        features: Sequence[Tensor],
        data_samples: SampleList,
        train_cfg: dict | None = None,
    ) -> dict[str, Tensor]:
        """Losses and accuracy of a batch by name.

        Args:
            features: Maps of the backbone.
            data_samples: With ground truth (1, H, W).
            train_cfg: For heads written for MMSegmentation; this one has no use for it.
        """
        return self.loss_by_feat(self.forward(features), data_samples)

    def predict(
        self, features: Sequence[Tensor], batch_img_metas: Sequence[dict], test_cfg: dict | None
    ) -> Tensor:
        """Logits (N, out_channels, H, W) at the network input's size.

        Args:
            features: Maps of the backbone.
            batch_img_metas: Metainfo of each image, see :meth:`predict_by_feat`.
            test_cfg: For heads written for MMSegmentation; this one has no use for it.
        """
        return self.predict_by_feat(self.forward(features), batch_img_metas)

    def predict_by_feat(self, seg_logits: Tensor, batch_img_metas: Sequence[dict]) -> Tensor:
        """Logits (N, out_channels, h, w) resized to the network input.

        Args:
            seg_logits: As ``forward`` returns them.
            batch_img_metas: Of the first, ``img_shape`` if that is a ``torch.Size`` (of the
                tensor itself), else ``pad_shape`` if it is there, else ``img_shape``.
        """
        facts = batch_img_metas[0]
        size = facts['img_shape']
        if not isinstance(size, torch.Size):
            size = facts.get('pad_shape', size)
        return self.resize_logits(seg_logits, size[:2])

    def _stack_batch_gt(self, batch_data_samples: SampleList) -> Tensor:
        return stack_labels(batch_data_samples).unsqueeze(1)  # (N, 1, H, W)

    def loss_by_feat(self, seg_logits: Tensor, data_samples: SampleList) -> dict[str, Tensor]:
        """Losses and accuracy of logits (N, out_channels, h, w), as :meth:`loss_of_labels`."""
        return self.loss_of_labels(seg_logits, stack_labels(data_samples))

    def loss_of_labels(self, seg_logits: Tensor, labels: Tensor) -> dict[str, Tensor]:
        """Losses and accuracy of logits at the labels' size.

        Args:
            seg_logits: (N, out_channels, h, w).
            labels: (N, H, W) int64, classes or ``ignore_index``; or (N, K, H, W) probabilities,
                for losses that take them.

        Returns:
            Scalars: one per loss name, and ``acc_seg`` in percent.
        """
        logits = self.resize_logits(at_least_float32(seg_logits), labels.shape[-2:])
        weight = None
        if self.sampler is not None:
            hard = hard_target(labels, self.ignore_index)
            weight = self.sampler.sample(logits, hard.unsqueeze(1))
        values: dict[str, Tensor] = {}
        for loss in self._losses():
            value = loss(logits, labels, weight=weight, ignore_index=self.ignore_index)
            name = loss.loss_name
            values[name] = values[name] + value if name in values else value
        with torch.no_grad():
            predicted = self.classify(logits)
            labels = hard_target(labels, self.ignore_index)
            values['acc_seg'] = accuracy(predicted, labels, ignore_index=self.ignore_index)
        return values

    def _losses(self) -> Sequence[nn.Module]:
        several = isinstance(self.loss_decode, nn.ModuleList)
        return self.loss_decode if several else [self.loss_decode]

    def extra_repr(self) -> str:
        """Shown by ``print(model)``."""
        return (
            f'in_index={self.in_index}, input_transform={self.input_transform!r}, '
            f'ignore_index={self.ignore_index}, align_corners={self.align_corners}'
        )


def _checked_out_channels(out_channels: int | None, num_classes: int) -> int:
    if num_classes < 1:
        raise ConfigError(f'num_classes must be 1 or more, got {num_classes}')
    if out_channels is None:
        return num_classes
    if out_channels not in (1, num_classes):
        raise ConfigError(
            f'out_channels must be num_classes (={num_classes}) or 1, got {out_channels}'
        )
    if out_channels == 1 and num_classes > 2:
        raise ConfigError(
            f'out_channels=1 must be for one or two classes, got num_classes={num_classes}; '
            'leave out_channels out'
        )
    return out_channels
