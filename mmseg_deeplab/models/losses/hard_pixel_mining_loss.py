"""Cross entropy of the hardest pixels alone."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from mmseg_deeplab.models.losses.base import SegLoss
from mmseg_deeplab.registry import MODELS
from mmseg_deeplab.utils.errors import ConfigError


@MODELS.register_module()
class HardPixelMiningLoss(SegLoss):
    """Mean cross entropy of the hardest share of all pixels of a batch, as in Detectron2.

    DeeperLab (arXiv:1902.05093, section 3.3) trains on the hardest 15 %. Unlike
    ``OHEMPixelSampler`` it has no threshold of the probability.

    Differs from Detectron2: at least one pixel is kept; there, fewer than ``1 / top_ratio``
    pixels give NaN.

    Args:
        top_ratio: Share of all pixels, ignored ones included, that is kept, above 0 and at most 1.
        loss_weight: Factor of the whole loss.
        loss_name: Name in the log.

    Raises:
        ConfigError: ``top_ratio`` is no share.
    """

    def __init__(
        self,
        top_ratio: float = 0.2,
        loss_weight: float = 1.0,
        loss_name: str = 'loss_hard_pixels',
    ) -> None:
        super().__init__(
            reduction='mean', class_weight=None, loss_weight=loss_weight, loss_name=loss_name
        )
        if not 0 < top_ratio <= 1:
            raise ConfigError(f'top_ratio must be above 0 and at most 1, got {top_ratio}')
        self.top_ratio = top_ratio

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
            label: (N, H, W) int64 or ``ignore_index``.
            weight: (N, H, W) factor of each pixel, before the hardest are chosen.
            avg_factor: What the mean divides by, instead of the number of pixels kept.
            reduction_override: ``'none'`` gives the losses that are kept, ``'sum'`` their sum.
            ignore_index: Label whose pixels cost nothing, though they count in the share.

        Returns:
            A scalar; with ``'none'`` (P,), hardest first.
        """
        losses = F.cross_entropy(cls_score, label, reduction='none', ignore_index=ignore_index)
        if weight is not None:
            losses = losses * weight
        kept = max(int(self.top_ratio * losses.numel()), 1)
        hardest = torch.topk(losses.flatten(), kept).values
        reduction = self.chosen_reduction(reduction_override)
        if reduction == 'none':
            return self.loss_weight * hardest
        divisor = 1 if reduction == 'sum' else kept if avg_factor is None else avg_factor
        return self.loss_weight * (hardest.sum() / divisor)
