"""Online hard example mining: train on the pixels that are hardest now."""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor, nn

from mmseg_deeplab.registry import MODELS
from mmseg_deeplab.utils.errors import ConfigError


@MODELS.register_module()
class OHEMPixelSampler:
    """Weight 1 for hard pixels, 0 for the others (arXiv:1604.03540, for pixels).

    The cross entropy's mean still divides by all pixels, as in MMSegmentation.

    Args:
        thresh: Pixels whose true class has a probability below it are hard, 0..1. None takes
            the pixels of highest loss instead.
        min_kept: At least so many pixels per image of the batch are hard, 2 or more.

    Raises:
        ConfigError: A number is out of its range.
    """

    def __init__(self, *, thresh: float | None = None, min_kept: int = 100000) -> None:
        if min_kept < 2:
            raise ConfigError(f'min_kept must be 2 or more, got {min_kept}')
        if thresh is not None and not 0 <= thresh <= 1:
            raise ConfigError(f'thresh must be a probability from 0 to 1, got {thresh}')
        self.thresh = thresh
        self.min_kept = min_kept

    @torch.no_grad()
    def sample(
        self, logits: Tensor, labels: Tensor, losses: Iterable[nn.Module], ignore_index: int = 255
    ) -> Tensor:
        """Which pixels to train on.

        Args:
            logits: (N, K, H, W).
            labels: (N, H, W) int64 or ``ignore_index``.
            losses: The head's losses; those with a value per pixel rank the pixels when there
                is no ``thresh``.
            ignore_index: Label whose pixels are never taken.

        Returns:
            (N, H, W) of 0 and 1, in the logits' dtype.

        Raises:
            ConfigError: No ``thresh``, and no loss has a value per pixel.
        """
        valid = labels != ignore_index
        kept = self.min_kept * len(labels)
        if self.thresh is None:
            hard = self._of_highest_loss(logits, labels, losses, valid, kept, ignore_index)
        else:
            hard = self._of_low_probability(logits, labels, valid, kept)
        weight = torch.zeros_like(labels, dtype=logits.dtype)
        weight[valid] = hard.to(logits.dtype)
        return weight

    def _of_low_probability(
        self, logits: Tensor, labels: Tensor, valid: Tensor, kept: int
    ) -> Tensor:
        if logits.shape[1] == 1:  # one map of the foreground, whose label is 1
            logits = torch.cat((torch.zeros_like(logits), logits), dim=1)
        true_class = torch.where(valid, labels, 0).unsqueeze(1)
        probability = logits.softmax(dim=1).gather(1, true_class).squeeze(1)[valid]
        if probability.numel() == 0:
            return probability.bool()
        rank = min(kept, probability.numel() - 1)
        threshold = probability.kthvalue(rank + 1).values.clamp(min=self.thresh)
        return probability < threshold

    def _of_highest_loss(
        self,
        logits: Tensor,
        labels: Tensor,
        losses: Iterable[nn.Module],
        valid: Tensor,
        kept: int,
        ignore_index: int,
    ) -> Tensor:
        total = None
        for loss in losses:
            value = loss(logits, labels, ignore_index=ignore_index, reduction_override='none')
            value = value.sum(dim=1) if value.dim() == 4 else value
            if value.shape == labels.shape:
                total = value if total is None else total + value
        if total is None:
            raise ConfigError(
                'OHEMPixelSampler without thresh must have a loss with a value per pixel, got '
                f'{[type(loss).__name__ for loss in losses]}; add a CrossEntropyLoss or set thresh'
            )
        ranked = total[valid]
        hard = torch.zeros_like(ranked, dtype=torch.bool)
        hard[ranked.topk(min(kept, ranked.numel())).indices] = True
        return hard
