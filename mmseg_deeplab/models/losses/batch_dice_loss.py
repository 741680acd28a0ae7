"""Dice loss over the regions of a whole batch."""

from __future__ import annotations

import torch
from torch import Tensor

from mmseg_deeplab.models.losses.base import SegLoss
from mmseg_deeplab.models.losses.functional import reduce_loss
from mmseg_deeplab.models.losses.soft_targets import region_dice, soft_target
from mmseg_deeplab.registry import MODELS


@MODELS.register_module()
class BatchDiceLoss(SegLoss):
    """One minus each class's Dice coefficient over the batch, as in MosaicML's Composer.

    Differs from :class:`DiceLoss`, which is one coefficient of all classes for each image.
    Differs from Composer: any ``ignore_index`` may be given, and a batch in which every pixel
    is ignored costs nothing instead of nan.

    Args:
        use_sigmoid: Probabilities by a sigmoid; False is a softmax over the classes.
        reduction: Over the classes: ``'none'``, ``'mean'`` or ``'sum'``.
        per_image: A coefficient for each image instead of the batch.
        ignore_absent: Leave classes out that no pixel of the batch has.
        squared: Sums of squares in the denominator.
        jaccard: The Jaccard index instead.
        loss_weight: Factor of the whole loss.
        eps: Keeps the quotient finite.
        loss_name: Name in the log.

    Raises:
        ConfigError: Unknown reduction.
    """

    def __init__(
        self,
        use_sigmoid: bool = False,
        reduction: str = 'mean',
        per_image: bool = False,
        ignore_absent: bool = True,
        squared: bool = False,
        jaccard: bool = False,
        loss_weight: float = 1.0,
        eps: float = 1e-5,
        loss_name: str = 'loss_dice',
    ) -> None:
        super().__init__(
            reduction=reduction, class_weight=None, loss_weight=loss_weight, loss_name=loss_name
        )
        self.use_sigmoid = use_sigmoid
        self.per_image = per_image
        self.ignore_absent = ignore_absent
        self.squared = squared
        self.jaccard = jaccard
        self.eps = eps

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
            cls_score: (N, K, H, W) logits.
            label: (N, H, W) int64, or (N, K, H, W) probabilities.
            weight: (N, H, W) factor of each pixel.
            avg_factor: What the mean over classes divides by.
            reduction_override: Reduction of this call only.
            ignore_index: Label whose pixels cost nothing.

        Returns:
            A scalar; with reduction ``'none'`` one number for each class that counts, or for
            each image and class.
        """
        target = soft_target(label, cls_score.shape[1], ignore_index).to(cls_score)
        loss = region_dice(
            cls_score.sigmoid() if self.use_sigmoid else cls_score.softmax(dim=1),
            target,
            pixel_weight=None if weight is None else weight.to(cls_score),
            per_image=self.per_image,
            squared=self.squared,
            jaccard=self.jaccard,
            eps=self.eps,
        )
        reduction = self.chosen_reduction(reduction_override)
        if not self.ignore_absent:
            return self.loss_weight * reduce_loss(loss, reduction=reduction, avg_factor=avg_factor)
        present = target.sum(dim=(0, 2, 3)) > 0  # (K,)
        if reduction == 'none':
            return self.loss_weight * loss[..., present]
        if reduction == 'mean' and avg_factor is None:
            avg_factor = present.sum().clamp(min=1) * (len(loss) if self.per_image else 1)
        kept = torch.where(present, loss, 0).sum()  # no index: a GPU need not be waited for
        return self.loss_weight * (kept if reduction == 'sum' else kept / avg_factor)
