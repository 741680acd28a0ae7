"""Cross entropy, of a softmax or of sigmoids."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor

from mmseg_deeplab.models.losses.base import SegLoss
from mmseg_deeplab.models.losses.functional import sigmoid_cross_entropy, softmax_cross_entropy
from mmseg_deeplab.models.losses.soft_targets import soft_cross_entropy
from mmseg_deeplab.models.losses.utils import binary_cross_entropy, cross_entropy
from mmseg_deeplab.models.utils.labels import is_soft
from mmseg_deeplab.registry import MODELS
from mmseg_deeplab.utils.errors import ConfigError

# the functions are here because MMSegmentation has them here
__all__ = ['CrossEntropyLoss', 'binary_cross_entropy', 'cross_entropy']


@MODELS.register_module()
class CrossEntropyLoss(SegLoss):
    """Cross entropy per pixel.

    Args:
        use_sigmoid: Each class on its own (binary cross entropy) instead of a softmax.
        use_mask: Must be False: a loss of one mask per object, not of a map of classes.
        reduction: ``'none'``, ``'mean'`` or ``'sum'``.
        class_weight: One number per class, or a file that holds them. The softmax's mean then
            divides by the class weights of the pixels that count, as PyTorch does.
        loss_weight: Factor of the whole loss.
        loss_name: Name in the log.
        avg_non_ignore: The mean leaves ignored pixels out of its count. False, MMSegmentation's
            default, divides by all pixels, so an image that is half no-data weighs half; it is
            kept because the published learning rates were found with it.

    Raises:
        ConfigError: Unknown reduction, class weights that cannot be read, or ``use_mask``.
    """

    def __init__(
        self,
        use_sigmoid: bool = False,
        use_mask: bool = False,
        reduction: str = 'mean',
        class_weight: Sequence[float] | str | None = None,
        loss_weight: float = 1.0,
        loss_name: str = 'loss_ce',
        avg_non_ignore: bool = False,
    ) -> None:
        super().__init__(
            reduction=reduction,
            class_weight=class_weight,
            loss_weight=loss_weight,
            loss_name=loss_name,
        )
        if use_mask:
            raise ConfigError(
                'use_mask must be False, got True; it is for masks of single objects, which '
                'semantic segmentation does not have'
            )
        self.use_sigmoid = use_sigmoid
        self.avg_non_ignore = avg_non_ignore

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
            label: (N, H, W) int64 in 0..K-1 (0..1 for K = 1 with sigmoid), or ``ignore_index``;
                or (N, K, H, W) probabilities, all zero where ignored (not with sigmoid).
            weight: (N, H, W) factor of each pixel.
            avg_factor: What the mean divides by, instead of the pixel count.
            reduction_override: Reduction of this call only.
            ignore_index: Label whose pixels cost nothing.

        Returns:
            A scalar; with reduction ``'none'`` (N, H, W), or (N, K, H, W) with sigmoid.

        Raises:
            ConfigError: Probabilities for a sigmoid.
        """
        if is_soft(label):
            return self._of_probabilities(cls_score, label, weight, avg_factor, reduction_override)
        function = sigmoid_cross_entropy if self.use_sigmoid else softmax_cross_entropy
        loss = function(
            cls_score,
            label,
            weight=weight,
            class_weight=self.class_weight_for(cls_score),
            reduction=self.chosen_reduction(reduction_override),
            avg_factor=avg_factor,
            ignore_index=ignore_index,
            avg_non_ignore=self.avg_non_ignore,
        )
        return self.loss_weight * loss

    def _of_probabilities(
        self,
        cls_score: Tensor,
        target: Tensor,
        weight: Tensor | None,
        avg_factor: float | None,
        reduction_override: str | None,
    ) -> Tensor:
        if self.use_sigmoid:
            raise ConfigError(
                'use_sigmoid must be False for targets that are probabilities (MixUp), got True'
            )
        return self.loss_weight * soft_cross_entropy(
            cls_score,
            target,
            weight=weight,
            class_weight=self.class_weight_for(cls_score),
            reduction=self.chosen_reduction(reduction_override),
            avg_factor=avg_factor,
            avg_non_ignore=self.avg_non_ignore,
        )
