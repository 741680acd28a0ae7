"""Losses of targets that give each pixel a probability of every class, such as MixUp makes.

Legend of shapes: N batch, K classes, H, W image.
"""

from __future__ import annotations

from torch import Tensor

from mmseg_deeplab.models.losses.functional import one_hot_labels, reduce_loss
from mmseg_deeplab.models.utils.labels import is_soft


def soft_target(labels: Tensor, num_classes: int, ignore_index: int) -> Tensor:
    """Probabilities (N, K, H, W) float32 of labels (N, H, W); all zero where ignored.

    Args:
        labels: Class ids; or a soft target, which is returned as it is.
        num_classes: K.
        ignore_index: Label that does not count; negative ones never do.
    """
    if is_soft(labels):
        return labels
    return one_hot_labels(labels, num_classes, ignore_index)[0].float()


def soft_cross_entropy(
    logits: Tensor,
    target: Tensor,
    *,
    weight: Tensor | None = None,
    class_weight: Tensor | None = None,
    reduction: str = 'mean',
    avg_factor: Tensor | float | None = None,
    avg_non_ignore: bool = True,
) -> Tensor:
    """Cross entropy of a softmax against probabilities, as in MosaicML's Composer.

    Args:
        logits: (N, K, H, W).
        target: (N, K, H, W) probabilities; a pixel's may sum to less than 1.
        weight: (N, H, W) factor of each pixel.
        class_weight: (K,) factor of each class.
        reduction: ``'none'``, ``'mean'`` or ``'sum'``.
        avg_factor: Overrides what the mean divides by.
        avg_non_ignore: The mean divides by the sum of all probabilities, so that pixels without
            a class do not count; else by the number of pixels.

    Returns:
        A scalar, or (N, H, W) for ``'none'``.
    """
    terms = target * logits.log_softmax(dim=1)
    if class_weight is not None:
        terms = terms * class_weight.view(-1, 1, 1)
    if reduction == 'mean' and avg_factor is None and avg_non_ignore:
        avg_factor = target.sum()
    loss = -terms.sum(dim=1)
    return reduce_loss(loss, weight=weight, reduction=reduction, avg_factor=avg_factor)


def region_dice(
    probabilities: Tensor,
    target: Tensor,
    *,
    pixel_weight: Tensor | None = None,
    per_image: bool = False,
    squared: bool = False,
    jaccard: bool = False,
    eps: float = 1e-5,
) -> Tensor:
    """One minus the Dice coefficient of each class over a whole batch, or over each image.

    Pixels whose target has no class do not count.

    Args:
        probabilities: (N, K, H, W) in 0..1.
        target: (N, K, H, W) probabilities.
        pixel_weight: (N, H, W) factor of each pixel.
        per_image: Sum over each image instead of the batch.
        squared: Sums of squares in the denominator.
        jaccard: The Jaccard index in place of Dice's.
        eps: Keeps the quotient finite; a class that is nowhere has ``1 - eps / eps``, 0.

    Returns:
        (K,), or (N, K) for ``per_image``.
    """
    counts = (target.sum(dim=1, keepdim=True) > 0).to(probabilities)
    if pixel_weight is not None:
        counts = counts * pixel_weight.unsqueeze(1)
    probabilities, target = probabilities * counts, target * counts
    axes = (2, 3) if per_image else (0, 2, 3)
    overlap = (probabilities * target).sum(axes)
    if squared:
        probabilities, target = probabilities.square(), target.square()
    total = probabilities.sum(axes) + target.sum(axes)
    if jaccard:
        total = 2 * (total - overlap)
    return 1 - (2 * overlap + eps) / (total + eps)
