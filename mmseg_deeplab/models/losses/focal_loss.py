"""Focal loss."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from mmseg_deeplab.models.losses.base import SegLoss
from mmseg_deeplab.models.losses.functional import one_hot_labels, reduce_loss, sigmoid_focal_loss
from mmseg_deeplab.registry import MODELS
from mmseg_deeplab.utils.errors import ConfigError, ConfigTypeError


@MODELS.register_module()
class FocalLoss(SegLoss):
    """Sigmoid focal loss (arXiv:1708.02002), averaged over all pixels and classes.

    As in MMSegmentation on a GPU, ignored pixels cost nothing but count in the mean.

    Args:
        use_sigmoid: Must be True.
        gamma: How fast well-classified pixels lose weight, 0 or more.
        alpha: Weight of positives against negatives, 0..1, one number or one per class.
        reduction: ``'none'``, ``'mean'`` or ``'sum'``.
        class_weight: One number per class, or a file that holds them.
        loss_weight: Factor of the whole loss.
        loss_name: Name in the log.

    Raises:
        ConfigError: ``use_sigmoid`` is False, or a number is out of its range or no number.
    """

    def __init__(
        self,
        use_sigmoid: bool = True,
        gamma: float = 2.0,
        alpha: float | Sequence[float] = 0.5,
        reduction: str = 'mean',
        class_weight: Sequence[float] | str | None = None,
        loss_weight: float = 1.0,
        loss_name: str = 'loss_focal',
    ) -> None:
        super().__init__(
            reduction=reduction,
            class_weight=class_weight,
            loss_weight=loss_weight,
            loss_name=loss_name,
        )
        if not use_sigmoid:
            raise ConfigError('use_sigmoid must be True, got False; focal loss is of sigmoids only')
        if not isinstance(gamma, (int, float)):
            raise ConfigTypeError(f'gamma must be a number, got {gamma!r}')
        if gamma < 0:
            raise ConfigError(f'gamma must be 0 or more, got {gamma}')
        try:
            values = torch.as_tensor(alpha, dtype=torch.float32).view(-1, 1, 1)
        except (TypeError, ValueError, RuntimeError) as error:
            raise ConfigTypeError(
                f'alpha must be a number or one for each class, got {alpha!r}'
            ) from error
        if not ((values >= 0) & (values <= 1)).all():
            raise ConfigError(f'alpha must be in 0..1, got {alpha}')
        self.gamma = gamma
        self.register_buffer('alpha', values, persistent=False)

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
            pred: (N, K, H, W) logits; with K = 1 the foreground is label 1.
            target: (N, H, W) int64 or ``ignore_index``.
            weight: (N, H, W) factor of each pixel.
            avg_factor: What the mean divides by, instead of N * K * H * W.
            reduction_override: Reduction of this call only.
            ignore_index: Label whose pixels cost nothing.

        Returns:
            A scalar, or (N, K, H, W) with reduction ``'none'``.

        Raises:
            ConfigError: ``alpha`` or ``class_weight`` has not one entry per class.
        """
        num_classes = pred.shape[1]
        if len(self.alpha) not in (1, num_classes):
            raise ConfigError(
                f'alpha must be one number or one for each of the {num_classes} classes, got '
                f'{len(self.alpha)}'
            )
        is_class, valid = one_hot_labels(target, num_classes, ignore_index)
        loss = sigmoid_focal_loss(
            pred, is_class.to(pred), gamma=self.gamma, alpha=self.alpha.to(pred)
        )
        element_weight = (valid if weight is None else valid * weight).unsqueeze(1)
        class_weight = self.class_weight_for(pred)
        if class_weight is not None:
            element_weight = element_weight * class_weight.view(-1, 1, 1)
        return self.loss_weight * reduce_loss(
            loss,
            weight=element_weight,
            reduction=self.chosen_reduction(reduction_override),
            avg_factor=avg_factor,
        )
