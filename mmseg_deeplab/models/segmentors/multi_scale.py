"""DeepLab v2's multi-scale input: the network sees each image in several sizes, and the largest
logit wins.

Legend of shapes: N batch, C bands, H, W image, h, w logits' own size, K classes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mmseg_deeplab.models.segmentors.encoder_decoder import EncoderDecoder
from mmseg_deeplab.models.segmentors.network import SegNetwork
from mmseg_deeplab.models.utils.labels import check_labels, stack_labels
from mmseg_deeplab.models.utils.resize import resize
from mmseg_deeplab.registry import MODELS
from mmseg_deeplab.structures import OptSampleList, SampleList
from mmseg_deeplab.utils.errors import ConfigError, DataError
from mmseg_deeplab.utils.misc import add_prefix, resize_labels

_MERGES = ('head', 'input')


@dataclass(frozen=True)
class MultiScale:
    """How images are scaled and logits merged (arXiv:1606.00915, section 4.1.2).

    Attributes:
        scales: Of the further inputs, beside the image itself.
        recompute_scale_factor: Sample the scaled inputs with the step between the whole sizes,
            as PyTorch did before 1.6, when the published weights were trained and scored.
            False samples with the step ``1 / scale`` exactly, as PyTorch does today; the two
            agree where the sizes divide evenly.
        merge_at: ``'head'``: logits are merged at the head's stride; ``'input'``: each is brought
            to its input's size first.
        align_corners: How logits are resized.
    """

    scales: tuple[float, ...]
    recompute_scale_factor: bool
    merge_at: str
    align_corners: bool

    def __post_init__(self) -> None:
        if not self.scales or min(self.scales) <= 0:
            raise ConfigError(f'scales must be numbers above 0, got {self.scales}')
        if self.merge_at not in _MERGES:
            raise ConfigError(f'merge_at must be one of {_MERGES}, got {self.merge_at!r}')

    def names(self) -> list[str]:
        """A name for each of :meth:`outputs`, the scale in percent: ``'100'``, ``'50'``, ..."""
        return [*(f'{100 * scale:g}' for scale in (1, *self.scales)), 'max']

    def outputs(self, images: Tensor, logits_of: Callable[[Tensor], Tensor]) -> list[Tensor]:
        """Logits of the image, of each scaled one, and their maximum.

        Args:
            images: (N, C, H, W).
            logits_of: Backbone and head: images to logits at the head's stride.

        Returns:
            Logits (N, K, h_i, w_i), each of its own size; the last is the maximum, of the first
            one's size.
        """
        found = []
        for scaled in self._inputs(images):
            logits = logits_of(scaled)
            if self.merge_at == 'input':
                logits = self._resize(logits, scaled.shape[-2:])
            found.append(logits)
        size = found[0].shape[-2:]
        return [*found, torch.stack([self._resize(each, size) for each in found]).amax(dim=0)]

    def _inputs(self, images: Tensor) -> Iterator[Tensor]:
        yield images
        for scale in self.scales:
            if min(images.shape[-2:]) * scale < 1:  # a side of an image has at least one pixel
                size = [max(1, int(side * scale)) for side in images.shape[-2:]]
                yield F.interpolate(images, size, mode='bilinear', align_corners=False)
                continue
            yield F.interpolate(
                images,
                scale_factor=scale,
                mode='bilinear',
                align_corners=False,
                recompute_scale_factor=self.recompute_scale_factor,
            )

    def _resize(self, logits: Tensor, size: Sequence[int]) -> Tensor:
        return resize(logits, size, mode='bilinear', align_corners=self.align_corners)


def multi_scale_losses(
    head: nn.Module, outputs: Sequence[Tensor], names: Sequence[str], labels: Tensor
) -> dict[str, Tensor]:
    """The loss of each output against labels of its size, and the maximum's accuracy.

    Args:
        head: Has the losses.
        outputs: Logits (N, K, h_i, w_i).
        names: Of the outputs; of the last, the accuracy is kept.
        labels: (N, H, W) int64; each output gets the nearest ones.

    Returns:
        Scalars under ``decode_100.loss_ce``, ..., ``decode_max.loss_ce``,
        ``decode_max.acc_seg``.
    """
    values = {}
    for name, logits in zip(names, outputs, strict=True):
        found = head.loss_of_labels(logits, resize_labels(labels, logits.shape[-2:]))
        if name != names[-1]:
            found.pop('acc_seg')
        values |= add_prefix(found, f'decode_{name}')
    return values


class MultiScaleNetwork(SegNetwork):
    """:class:`SegNetwork` that sees each image in several sizes.

    Args:
        backbone: Maps images to a tuple of feature maps.
        decode_head: Maps feature maps to logits.
        multi_scale: How images are scaled and logits merged.

    Shape:
        - images: (N, C, H, W) float, normalised
        - returned: (N, K, H, W)
    """

    def __init__(
        self, backbone: nn.Module, decode_head: nn.Module, multi_scale: MultiScale
    ) -> None:
        super().__init__(backbone, decode_head)
        self.multi_scale = multi_scale

    def outputs(self, images: Tensor) -> list[Tensor]:
        """Logits of every scale and their maximum, see :meth:`MultiScale.outputs`."""
        return self.multi_scale.outputs(
            images, lambda scaled: self.decode_head(self.extract_feat(scaled))
        )

    def forward(self, images: Tensor) -> Tensor:
        """The maximum over the scales, at the images' size."""
        return self.decode_head.resize_logits(self.outputs(images)[-1], images.shape[-2:])

    def losses(self, images: Tensor, labels: Tensor) -> dict[str, Tensor]:
        """Losses by name, see :func:`multi_scale_losses`.

        Args:
            images: (N, C, H, W) float, normalised.
            labels: (N, H, W) int64, classes or 255 (ignored).

        Raises:
            DataError: Labels that are no class (on a CPU).
        """
        check_labels(labels, self.decode_head.num_labels, self.decode_head.ignore_index)
        return multi_scale_losses(
            self.decode_head, self.outputs(images), self.multi_scale.names(), labels
        )


@MODELS.register_module()
class MultiScaleEncoderDecoder(EncoderDecoder):
    """A segmentor that sees each image in several sizes and keeps the largest logit.

    In training every size and their maximum have a loss against the labels in that size; the
    losses are summed.

    Args:
        backbone: Config of the backbone.
        decode_head: Config of the head that predicts.
        scales: Of the further inputs, beside the image itself.
        recompute_scale_factor: See :class:`MultiScale`, as the next.
        merge_at: ``'head'`` or ``'input'``.
        train_cfg: Handed to nobody; kept for configs that inherit an ``EncoderDecoder``.
        test_cfg: As for :class:`EncoderDecoder`.
        data_preprocessor: Config of :class:`SegDataPreProcessor`.
        pretrained: Weight file of the backbone.
        init_cfg: Initialisers of the whole model.

    Raises:
        ConfigError: As for :class:`EncoderDecoder`, or a scale is not above 0.
    """

    def __init__(
        self,
        backbone: dict,
        decode_head: dict,
        scales: Sequence[float] = (0.5, 0.75),
        recompute_scale_factor: bool = True,
        merge_at: str = 'head',
        train_cfg: dict | None = None,
        test_cfg: dict | None = None,
        data_preprocessor: dict | nn.Module | None = None,
        pretrained: str | None = None,
        init_cfg: dict | list[dict] | None = None,
    ) -> None:
        super().__init__(
            backbone,
            decode_head,
            train_cfg=train_cfg,
            test_cfg=test_cfg,
            data_preprocessor=data_preprocessor,
            pretrained=pretrained,
            init_cfg=init_cfg,
        )
        self.multi_scale = MultiScale(
            tuple(scales), recompute_scale_factor, merge_at, self.align_corners
        )

    @property
    def network(self) -> MultiScaleNetwork:
        """The plain network, sharing this model's layers."""
        network = MultiScaleNetwork(self.backbone, self.decode_head, self.multi_scale)
        network.training = self.training
        return network

    def outputs(self, inputs: Tensor) -> list[Tensor]:
        """Logits of every scale and their maximum, see :meth:`MultiScale.outputs`."""
        return self.multi_scale.outputs(
            inputs, lambda scaled: self.decode_head(self.extract_feat(scaled))
        )

    def encode_decode(
        self, inputs: Tensor, batch_img_metas: Sequence[dict] | None = None
    ) -> Tensor:
        """Logits (N, K, H, W) of images (N, C, H, W) at their size.

        Args:
            inputs: Images, or windows of them.
            batch_img_metas: Not needed.
        """
        merged = self.outputs(inputs)[-1]
        return self.decode_head.predict_by_feat(merged, [{'img_shape': inputs.shape[2:]}])

    def loss(self, inputs: Tensor, data_samples: SampleList) -> dict[str, Tensor]:
        """Losses of all outputs, see :func:`multi_scale_losses`.

        Args:
            inputs: (N, C, H, W) float, normalised.
            data_samples: With ground truth (1, H, W).

        Raises:
            DataError: Missing ground truth, or labels that are no class (on a CPU).
        """
        if not data_samples:
            raise DataError('data_samples must be given to compute a loss, got none')
        labels = stack_labels(data_samples)
        check_labels(labels, self.decode_head.num_labels, self.ignore_index, data_samples)
        names = self.multi_scale.names()
        return multi_scale_losses(self.decode_head, self.outputs(inputs), names, labels)

    def _forward(self, inputs: Tensor, data_samples: OptSampleList = None) -> Tensor:
        return self.outputs(inputs)[-1]
