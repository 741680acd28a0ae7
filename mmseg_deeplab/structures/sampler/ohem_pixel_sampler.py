"""Online hard example mining: train on the pixels that are hardest now."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from mmseg_deeplab.registry import TASK_UTILS
from mmseg_deeplab.structures.sampler.base_pixel_sampler import BasePixelSampler
from mmseg_deeplab.structures.sampler.builder import PIXEL_SAMPLERS
from mmseg_deeplab.utils.errors import ConfigError


@TASK_UTILS.register_module()
@PIXEL_SAMPLERS.register_module()
class OHEMPixelSampler(BasePixelSampler):
    """Weight 1 for hard pixels, 0 for the others (arXiv:1604.03540, for pixels).

    The cross entropy's mean still divides by all pixels, as in MMSegmentation.

    Args:
        context: The head: its ``ignore_index`` marks pixels that are never taken, and of its
            ``loss_decode`` those with a value per pixel rank the pixels where there is no
            ``thresh``.
        thresh: Pixels whose true class has a probability below it are hard, 0..1. None takes
            the pixels of highest loss instead.
        min_kept: At least so many pixels per image of the batch are hard, 2 or more.

    Raises:
        ConfigError: A number is out of its range.
    """

    def __init__(
        self, context: nn.Module, thresh: float | None = None, min_kept: int = 100000
    ) -> None:
        if min_kept < 2:
            raise ConfigError(f'min_kept must be 2 or more, got {min_kept}')
        if thresh is not None and not 0 <= thresh <= 1:
            raise ConfigError(f'thresh must be a probability from 0 to 1, got {thresh}')
        self.context = context
        self.thresh = thresh
        self.min_kept = min_kept

    @torch.no_grad()
    def sample(self, seg_logit: Tensor, seg_label: Tensor) -> Tensor:
        """Which pixels to train on.

        Args:
            seg_logit: (N, K, H, W).
            seg_label: (N, 1, H, W) int64 class ids or ``ignore_index``.

        Returns:
            (N, H, W) of 0 and 1, in the logits' dtype.

        Raises:
            ConfigError: No ``thresh``, and no loss has a value per pixel.
        """
        labels = seg_label.squeeze(1)
        valid = labels != self.context.ignore_index
        kept = self.min_kept * len(labels)
        if self.thresh is None:
            hard = self._of_highest_loss(seg_logit, labels, valid, kept)
        else:
            hard = self._of_low_probability(seg_logit, labels, valid, kept)
        weight = torch.zeros_like(labels, dtype=seg_logit.dtype)
        weight[valid] = hard.to(seg_logit.dtype)
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

    def _of_highest_loss(self, logits: Tensor, labels: Tensor, valid: Tensor, kept: int) -> Tensor:
        total = None
        for loss in self._losses():
            value = loss(
                logits,
                labels,
                ignore_index=self.context.ignore_index,
                reduction_override='none',
            )
            value = value.sum(dim=1) if value.dim() == 4 else value
            if value.shape == labels.shape:
                total = value if total is None else total + value
        if total is None:
            raise ConfigError(
                'OHEMPixelSampler without thresh must have a loss with a value per pixel, got '
                f'{[type(loss).__name__ for loss in self._losses()]}; add a CrossEntropyLoss or '
                'set thresh'
            )
        ranked = total[valid]
        hard = torch.zeros_like(ranked, dtype=torch.bool)
        hard[ranked.topk(min(kept, ranked.numel())).indices] = True
        return hard

    def _losses(self) -> Sequence[nn.Module]:
        losses = self.context.loss_decode
        return losses if isinstance(losses, nn.ModuleList) else [losses]
