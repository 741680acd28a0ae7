"""Dice loss."""

from __future__ import annotations

from torch import Tensor

from mmseg_deeplab.models.losses.base import SegLoss
from mmseg_deeplab.models.losses.functional import dice_loss, one_hot_labels, reduce_loss
from mmseg_deeplab.registry import MODELS


@MODELS.register_module()
class DiceLoss(SegLoss):
    """One minus the Dice coefficient (V-Net, arXiv:1606.04797).

    Differs from mmseg: the prediction in ignored pixels does not enter the coefficient.

    Args:
        use_sigmoid: Probabilities by a sigmoid; False is a softmax over the classes.
        activate: False if the scores are probabilities already.
        reduction: Over the images of a batch: ``'none'``, ``'mean'`` or ``'sum'``.
        naive_dice: Sums instead of sums of squares in the denominator.
        loss_weight: Factor of the whole loss.
        ignore_index: Label whose pixels cost nothing; if it is a class's index, that class's
            channel does not count either.
        eps: Keeps the quotient finite.
        loss_name: Name in the log.

    Raises:
        ConfigError: Unknown reduction.
    """

    def __init__(
        self,
        use_sigmoid: bool = True,
        activate: bool = True,
        reduction: str = 'mean',
        naive_dice: bool = False,
        loss_weight: float = 1.0,
        ignore_index: int = 255,
        eps: float = 1e-3,
        loss_name: str = 'loss_dice',
    ) -> None:
        super().__init__(
            reduction=reduction, class_weight=None, loss_weight=loss_weight, loss_name=loss_name
        )
        self.use_sigmoid = use_sigmoid
        self.activate = activate
        self.naive_dice = naive_dice
        self.ignore_index = ignore_index
        self.eps = eps

    def forward(
        self,
        pred: Tensor,
        target: Tensor,
        weight: Tensor | None = None,
        avg_factor: float | None = None,
        reduction_override: str | None = None,
        ignore_index: int = 255,
    ) -> Tensor:
        """The loss of a batch.

        Args:
            pred: (N, K, H, W) logits, or probabilities without ``activate``.
            target: (N, H, W) int64 or ``ignore_index``.
            weight: (N, H, W) factor of each pixel.
            avg_factor: What the mean over images divides by.
            reduction_override: Reduction of this call only.
            ignore_index: Another label whose pixels cost nothing.

        Returns:
            A scalar, or (N,) with reduction ``'none'``.
        """
        num_classes = pred.shape[1]
        is_class, valid = one_hot_labels(target, num_classes, ignore_index)
        valid = valid & (target != self.ignore_index)
        probabilities = self._probabilities(pred)
        kept = [index for index in range(num_classes) if index != self.ignore_index]
        if len(kept) < num_classes:
            probabilities, is_class = probabilities[:, kept], is_class[:, kept]
        loss = dice_loss(
            probabilities,
            is_class.to(probabilities),
            pixel_weight=(valid if weight is None else valid * weight).to(probabilities),
            naive=self.naive_dice,
            eps=self.eps,
        )
        reduction = self.chosen_reduction(reduction_override)
        return self.loss_weight * reduce_loss(loss, reduction=reduction, avg_factor=avg_factor)

    def _probabilities(self, pred: Tensor) -> Tensor:
        if not self.activate:
            return pred
        return pred.sigmoid() if self.use_sigmoid else pred.softmax(dim=1)
