"""Lovasz loss."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from mmseg_deeplab.models.losses.base import SegLoss
from mmseg_deeplab.models.losses.functional import lovasz_hinge, lovasz_softmax, reduce_loss
from mmseg_deeplab.registry import MODELS
from mmseg_deeplab.utils.errors import ConfigError


@MODELS.register_module()
class LovaszLoss(SegLoss):
    """Lovasz-Softmax or Lovasz hinge: surrogates of IoU (arXiv:1705.08790).

    Args:
        loss_type: ``'multi_class'`` (softmax) or ``'binary'`` (hinge, one channel, labels 0, 1).
        classes: ``'present'``, ``'all'`` or a list: which classes are averaged.
        per_image: One loss per image, then ``reduction``; else one for the whole batch.
        reduction: ``'none'``, ``'mean'`` or ``'sum'`` over the images; only ``'none'`` without
            ``per_image``, as in MMSegmentation.
        class_weight: One number per class, or a file; for ``'multi_class'``.
        loss_weight: Factor of the whole loss.
        loss_name: Name in the log.

    Raises:
        ConfigError: An option has none of its values.
    """

    def __init__(
        self,
        loss_type: str = 'multi_class',
        classes: str | list[int] = 'present',
        per_image: bool = False,
        reduction: str = 'mean',
        class_weight: Sequence[float] | str | None = None,
        loss_weight: float = 1.0,
        loss_name: str = 'loss_lovasz',
    ) -> None:
        super().__init__(
            reduction=reduction,
            class_weight=class_weight,
            loss_weight=loss_weight,
            loss_name=loss_name,
        )
        if loss_type not in ('multi_class', 'binary'):
            raise ConfigError(f"loss_type must be 'multi_class' or 'binary', got {loss_type!r}")
        if not per_image and reduction != 'none':
            raise ConfigError(
                f"reduction must be 'none' without per_image, got {reduction!r}: the whole batch "
                "has one loss; set reduction='none' or per_image=True"
            )
        if classes not in ('present', 'all') and not (
            isinstance(classes, (list, tuple)) and classes
        ):
            raise ConfigError(f"classes must be 'present', 'all' or a list, got {classes!r}")
        self.loss_type = loss_type
        self.classes = classes
        self.per_image = per_image

    def forward(
        self,
        cls_score: Tensor,
        label: Tensor,
        weight: Tensor | None = None,
        avg_factor: float | None = None,
        reduction_override: str | None = None,
        ignore_index: int = 255,
    ) -> Tensor:
        """The loss of a batch.

        Args:
            cls_score: (N, K, H, W) logits; (N, 1, H, W) for ``'binary'``.
            label: (N, H, W) int64 or ``ignore_index``.
            weight: (N, H, W); pixels of weight 0 (not sampled) are left out, others count alike.
            avg_factor: What the mean over images divides by.
            reduction_override: Reduction of this call only.
            ignore_index: Label whose pixels cost nothing.

        Returns:
            A scalar; (N,) with ``per_image`` and reduction ``'none'``.

        Raises:
            ConfigError: ``'binary'`` with more than one channel.
        """
        if self.loss_type == 'binary' and cls_score.shape[1] != 1:
            raise ConfigError(
                f"loss_type 'binary' must have one channel, got {cls_score.shape[1]}; "
                "set out_channels=1 in the head or loss_type='multi_class'"
            )
        counts = label != ignore_index
        if weight is not None:
            counts = counts & (weight > 0)
        if not self.per_image:
            return self.loss_weight * self._loss_of(cls_score, label, counts)
        images = [
            self._loss_of(cls_score[i : i + 1], label[i : i + 1], counts[i : i + 1])
            for i in range(len(label))
        ]
        reduction = self.chosen_reduction(reduction_override)
        loss = reduce_loss(torch.stack(images), reduction=reduction, avg_factor=avg_factor)
        return self.loss_weight * loss

    def _loss_of(self, cls_score: Tensor, label: Tensor, counts: Tensor) -> Tensor:
        pixels = cls_score.permute(0, 2, 3, 1)[counts]  # (P, K)
        if self.loss_type == 'binary':
            return lovasz_hinge(pixels[:, 0], label[counts])
        return lovasz_softmax(
            pixels.softmax(dim=1),
            label[counts],
            classes=self.classes,
            class_weight=self.class_weight_for(cls_score),
        )
